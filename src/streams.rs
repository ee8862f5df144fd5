//! What handlers of streams share: messages that come in, and messages that go out until the reader is gone or the call's time is over.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::{timeout, timeout_at};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

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
            Err(_) => {
                let message = "the answer took longer than it may; begin it again, or go on where it ended if the method can";
                Refused::new(ErrorReason::DeadlineExceeded, message).into()
            }
        };
        let _ = timeout(LAST_WORD, sender.send(Err(last))).await;
    });
    Box::pin(ReceiverStream::new(receiver))
}

/// The next message of a request that is a stream; none at its end. What is no message of the method is refused.
pub async fn next<T>(incoming: &mut Streaming<T>, method: &Method) -> Result<Option<T>, Status> {
    incoming.message().await.map_err(|status| {
        let ours = status.details().is_empty().then(|| undecodable(&status, Some(method.max_request_bytes))).flatten();
        ours.map_or(status, Status::from)
    })
}
