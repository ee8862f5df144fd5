//! What handlers of streams share: messages that come in, and messages that go out until the reader is gone or the call's time is over.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{sleep_until, timeout, timeout_at};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Status, Streaming};

use crate::call::Call;
use crate::pb::spazio::v1::ErrorReason;
use crate::policy::Method;
use crate::refusal::{Refused, undecodable};

/// The most bytes of a file in one message.
pub const MAX_CHUNK: usize = 64 * 1024;

/// How many messages wait for a slow reader.
const AHEAD: usize = 4;

/// How long a reader who has stopped reading is waited for to be told how it ended.
const LAST_WORD: Duration = Duration::from_secs(30);

/// An answer of many messages.
pub type Outgoing<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Where the work behind an answer puts its messages.
#[derive(Debug)]
pub struct Outlet<T>(mpsc::Sender<Result<T, Status>>);

impl<T> Clone for Outlet<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Why the work behind an answer ended early.
#[derive(Debug)]
pub enum Cut {
    /// Its reader is gone: there is nobody to tell.
    Unread,
    /// It was refused or failed, which its reader is told.
    Refused(Box<Status>),
}

impl From<Status> for Cut {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

impl<T> Outlet<T> {
    /// Sends a message, and waits while the reader is slow.
    pub async fn send(&self, message: T) -> Result<(), Cut> {
        self.0.send(Ok(message)).await.map_err(|_| Cut::Unread)
    }
}

/// Answers with what `work` sends, until it ends, its reader is gone or the call's time is over. The call keeps its place so long, which
/// bounds what is in memory.
pub fn answer<T, F>(call: Call, work: impl FnOnce(Outlet<T>) -> F) -> Outgoing<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Cut>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(AHEAD);
    let work = work(Outlet(sender.clone()));
    tokio::spawn(async move {
        let ended = timeout_at(call.deadline, AssertUnwindSafe(work).catch_unwind()).await;
        let method = call.method;
        drop(call);
        // Dropping the sender alone would look like the end of what was asked for.
        let last = match ended {
            Ok(Ok(Ok(()) | Err(Cut::Unread))) => return,
            Ok(Ok(Err(Cut::Refused(status)))) => *status,
            Ok(Err(_)) => Refused::fault(format!("{} panicked", method.path)).into(),
            Err(_) => too_long(),
        };
        let _ = timeout(LAST_WORD, sender.send(Err(last))).await;
    });
    Box::pin(ReceiverStream::new(receiver))
}

fn too_long() -> Status {
    let message = "the answer took longer than it may; begin it again, or go on where it ended if the method can";
    Refused::new(ErrorReason::DeadlineExceeded, message).into()
}

/// Answers with messages that are at hand, each made when the connection has room for it. When the call's time is over, what is left of them
/// and the call's place are given up, also while its reader has stopped reading.
pub fn at_hand<T, I>(call: Call, messages: I) -> Outgoing<T>
where
    T: Send + 'static,
    I: Iterator<Item = T> + Send + 'static,
{
    let deadline = call.deadline;
    let rest = Arc::new(Mutex::new(Rest::Messages { messages, _place: call.place }));
    let watched = Arc::clone(&rest);
    let watch = tokio::spawn(async move {
        sleep_until(deadline).await;
        *locked(&watched) = Rest::TooLong;
    });
    Box::pin(AtHand { rest, _watch: AbortOnDropHandle::new(watch) })
}

struct AtHand<I> {
    rest: Arc<Mutex<Rest<I>>>,
    _watch: AbortOnDropHandle<()>,
}

/// What is still to be sent.
enum Rest<I> {
    Messages { messages: I, _place: Arc<OwnedSemaphorePermit> },
    TooLong,
    Nothing,
}

fn locked<I>(rest: &Mutex<Rest<I>>) -> MutexGuard<'_, Rest<I>> {
    rest.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T, I: Iterator<Item = T>> Stream for AtHand<I> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut rest = locked(&self.rest);
        let next = match &mut *rest {
            Rest::Messages { messages, .. } => messages.next().map(Ok),
            Rest::TooLong => Some(Err(too_long())),
            Rest::Nothing => None,
        };
        if !matches!(next, Some(Ok(_))) {
            *rest = Rest::Nothing;
        }
        Poll::Ready(next)
    }
}

/// The next message of a request that is a stream; none at its end. What is no message of the method is refused, and what is too large in
/// the words of `too_large`, which is told of how many bytes, if that is known, and of how many that are allowed.
pub async fn next<T>(
    incoming: &mut Streaming<T>,
    method: &Method,
    too_large: impl FnOnce(Option<u64>, usize) -> Refused,
) -> Result<Option<T>, Status> {
    let limit = method.max_request_bytes;
    incoming.message().await.map_err(|status| {
        let is_ours = !status.details().is_empty();
        let told = if is_ours {
            None
        } else if status.code() == Code::OutOfRange {
            Some(too_large(found(status.message()), limit))
        } else {
            undecodable(&status, Some(limit))
        };
        told.map_or(status, Status::from)
    })
}

/// How many bytes a message has that tonic found to be too large. It tells in its sentence alone.
fn found(sentence: &str) -> Option<u64> {
    let (_, rest) = sentence.split_once("found ")?;
    rest.split(' ').next()?.parse().ok()
}
