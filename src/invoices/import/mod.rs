//! ImportInvoices: many files in, a result for each.
//!
//! Files are gathered into batches, read and compressed, and stored by one transaction with one charge for each kind of document. A batch in
//! which one is refused is stored file by file instead, so that each gets the answer it would have got alone. While a batch is being stored
//! the next one is gathered.

mod gather;
mod request;
mod store;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, Streaming};

use self::gather::Gathering;
use super::InvoicesApi;
use crate::call::Call;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::ErrorReason;
use crate::refusal::Refused;
use crate::streams::{Cut, Outlet};

/// Places for imports: each holds two batches of files in memory, so there are few.
#[derive(Clone, Debug)]
pub struct Imports(Arc<Semaphore>);

/// How many imports are served at once.
const AT_ONCE: usize = 8;

/// After so long whoever got no place asks again.
const TRY_AGAIN: Duration = Duration::from_secs(10);

impl Default for Imports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Imports {
    /// A place, held while the import is served; or told at once that there is none.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.0.clone().try_acquire_owned().map_err(|_| {
            let message = format!(
                "this server takes {AT_ONCE} imports at once, and all places are taken; nothing was done: try again in {} seconds",
                TRY_AGAIN.as_secs()
            );
            Refused::new(ErrorReason::Overloaded, message).retry_after(TRY_AGAIN).into()
        })
    }
}

/// Takes the files of a stream in, and sends what became of each.
pub(super) async fn import(
    api: InvoicesApi,
    call: Call,
    incoming: Streaming<pb::ImportInvoicesRequest>,
    outlet: Outlet<pb::ImportInvoicesResponse>,
) -> Result<(), Cut> {
    let mut gathering = Gathering::new(incoming, call.method);
    let mut batch = gathering.next().await?;
    while let Some(files) = batch {
        let stored = async {
            for result in store::store(&api, &call, files).await.map_err(Status::from)? {
                outlet.send(result).await?;
            }
            Ok::<_, Cut>(())
        };
        let (stored, next) = tokio::join!(stored, gathering.next());
        stored?;
        batch = next?;
    }
    Ok(())
}
