//! A limit on everything: how many calls at once, how long each may take, how large its request may be.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::request::Parts;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;

use crate::pb::spazio::v1::ErrorReason;
use crate::policy::Method;
use crate::refusal::{Refused, too_large};

/// Places for calls, and the longest any call may take.
#[derive(Clone, Debug)]
pub struct Limits {
    places: Arc<Semaphore>,
    all: u32,
    /// No call takes longer, whatever its policy says.
    pub longest: Duration,
}

impl Limits {
    /// So many calls at once; more are refused at once instead of queued, so that the waiting never grows.
    #[must_use]
    pub fn new(concurrent_calls: usize, longest: Duration) -> Self {
        let all = u32::try_from(concurrent_calls).unwrap_or(u32::MAX);
        Self { places: Arc::new(Semaphore::new(concurrent_calls)), all, longest }
    }

    /// Waits until no call is served any more, and lets none begin.
    pub async fn idle(&self) {
        if let Ok(all) = self.places.acquire_many(self.all).await {
            all.forget();
        }
    }

    /// How many calls are served at this moment.
    #[must_use]
    pub fn taken(&self) -> u32 {
        self.all.saturating_sub(u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX))
    }

    /// A place, held while the call is served.
    pub fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.places.clone().try_acquire_owned().map_err(|_| {
            let message = "too many calls at this moment; nothing was done, try again shortly";
            Refused::new(ErrorReason::Overloaded, message).retry_after(Duration::from_millis(500)).into()
        })
    }
}

/// When the call's time is over: what the caller asked for, cut to the policy and to the server's cap.
pub fn deadline(parts: &Parts, method: &Method, arrival: Instant, longest: Duration) -> Instant {
    let asked = parts.headers.get("grpc-timeout").and_then(|value| parse_timeout(value.to_str().ok()?));
    arrival + asked.unwrap_or(longest).min(method.deadline).min(longest)
}

/// Reads grpc-timeout: up to eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// The answer to a call whose time is over.
pub fn overdue(method: &Method) -> Status {
    let message = if method.repeatable {
        "the call took longer than it may; repeat it with the same request_id to find out what became of it"
    } else {
        "the call took longer than it may; try again with more time"
    };
    Refused::new(ErrorReason::DeadlineExceeded, message).into()
}

/// A request body that ends with a refusal when it grows beyond its method's limit.
pub struct Limited {
    body: Body,
    left: usize,
    limit: usize,
}

/// The flag and length before a gRPC message.
const MESSAGE_HEADER: usize = 5;

impl Limited {
    /// Lets one message of at most `limit` bytes through.
    pub fn new(body: Body, limit: usize) -> Self {
        Self { body, left: limit + MESSAGE_HEADER, limit }
    }
}

impl HttpBody for Limited {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            match self.left.checked_sub(data.len()) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(too_large(self.limit).into()))),
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_in_every_unit_and_nonsense_is_ignored() {
        assert_eq!(parse_timeout("2S"), Some(Duration::from_secs(2)));
        assert_eq!(parse_timeout("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_timeout("99999999H"), Some(Duration::from_hours(99_999_999)));
        for text in ["", "S", "-1S", "1", "1x", "123456789S", "1é"] {
            assert_eq!(parse_timeout(text), None, "{text}");
        }
    }
}
