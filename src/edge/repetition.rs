//! Whether a call that the quota interceptor would refuse was served before.
//!
//! A write whose own bytes filled the space may be repeated by a caller that did not get the answer. It must get the same answer
//! again, not SPACE_EXHAUSTED. So the beginning of the body, where the request_id is, is looked at before such a refusal.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::poll_fn;
use http_body::{Body as HttpBody, Frame};
use tonic::Status;
use tonic::body::Body;
use uuid::Uuid;

use crate::call::{Call, REQUEST_ID_END, parse_request_id};
use crate::db::Db;

type Data = <Body as HttpBody>::Data;

/// The body, whole again, when the request_id at its beginning was answered before; otherwise nothing.
pub async fn answered_before(db: &Db, call: &Call, mut body: Body) -> Result<Option<Body>, Status> {
    if !call.method.repeatable {
        return Ok(None);
    }
    let mut beginning = Vec::new();
    let mut read = VecDeque::new();
    while beginning.len() < BEGINNING {
        match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    beginning.extend_from_slice(&data[..data.len().min(BEGINNING)]);
                }
                read.push_back(frame);
            }
            Some(Err(_)) | None => break,
        }
    }
    let Some(request_id) = request_id(&beginning) else { return Ok(None) };
    let account = call.standing.as_ref().map(|standing| standing.account);
    let known = db.answered(account, request_id).await.map_err(crate::db::Fault::from)?;
    Ok(known.then(|| Body::new(Rejoined { read, rest: body })))
}

/// Five bytes of gRPC, and the request_id.
const BEGINNING: usize = 5 + REQUEST_ID_END;
const UNCOMPRESSED: u8 = 0;
const FIELD_1_TEXT: u8 = 0x0a;

fn request_id(beginning: &[u8]) -> Option<Uuid> {
    let (header, rest) = beginning.split_at_checked(5)?;
    let [FIELD_1_TEXT, length, text @ ..] = rest else { return None };
    if header[0] != UNCOMPRESSED || usize::from(*length) != uuid::fmt::Hyphenated::LENGTH {
        return None;
    }
    parse_request_id(std::str::from_utf8(text.get(..uuid::fmt::Hyphenated::LENGTH)?).ok()?)
}

/// A body whose beginning was read already.
struct Rejoined {
    read: VecDeque<Frame<Data>>,
    rest: Body,
}

impl HttpBody for Rejoined {
    type Data = Data;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Data>, Status>>> {
        match self.read.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.is_end_stream()
    }
}
