//! Files of a stream, gathered into batches.

use std::time::Duration;

use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::request::{Asked, asked};
use crate::fatturapa::MAX_FILE_BYTES;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::ErrorReason;
use crate::policy::Method;
use crate::refusal::Refused;
use crate::streams;

/// The most files of a batch, and the bytes after which it is full: a batch holds the account's row until its commit.
const MOST_FILES: usize = 64;
const FULL_BYTES: usize = 4 * 1024 * 1024;
/// How long a batch waits for more: a caller that waits for each result is not kept waiting for files that it will not send.
const PAUSE: Duration = Duration::from_millis(5);

/// A file of the stream whose message is too large to be taken. Its name stands in what was not read.
fn too_large(position: u64, found: Option<u64>, limit: usize) -> Refused {
    let found = found.map(|found| format!("has {found} bytes and ")).unwrap_or_default();
    let message = format!(
        "the message of file {position} of this import {found}is larger than the {limit} bytes that one may have: a file has at most \
         {MAX_FILE_BYTES} bytes. It and what came after it was not taken in: leave this file out and import the rest"
    );
    Refused::new(ErrorReason::RequestTooLarge, message).with("max_request_bytes", &limit).with("position", &position)
}

/// A stream that is taken in batches.
pub(super) struct Gathering {
    incoming: Streaming<pb::ImportInvoicesRequest>,
    method: &'static Method,
    position: u64,
    /// How the stream ended, once it has.
    ended: Option<Result<(), Status>>,
}

impl Gathering {
    pub(super) fn new(incoming: Streaming<pb::ImportInvoicesRequest>, method: &'static Method) -> Self {
        Self { incoming, method, position: 0, ended: None }
    }

    /// The next batch; none at the end. What came before something that is no message is still given.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Asked>>, Status> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while self.ended.is_none() && batch.len() < MOST_FILES && bytes < FULL_BYTES {
            let position = self.position + 1;
            let message = streams::next(&mut self.incoming, self.method, |found, limit| too_large(position, found, limit));
            let message = if batch.is_empty() {
                message.await
            } else {
                match timeout(PAUSE, message).await {
                    Ok(message) => message,
                    Err(_) => break,
                }
            };
            match message {
                Ok(Some(request)) => {
                    bytes += request.file.len();
                    self.position += 1;
                    batch.push(asked(self.position, request));
                }
                Ok(None) => self.ended = Some(Ok(())),
                Err(status) => self.ended = Some(Err(status)),
            }
        }
        if !batch.is_empty() {
            return Ok(Some(batch));
        }
        self.ended.take().unwrap_or(Ok(())).map(|()| None)
    }
}
