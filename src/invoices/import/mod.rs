//! ImportInvoices: many files in, a result for each.
//!
//! Files are gathered into batches, read and compressed, and stored by one transaction with one charge for each kind of document. A batch in
//! which one is refused is stored file by file instead, so that each gets the answer it would have got alone. While a batch is being stored
//! the next one is gathered.

mod gather;
mod request;
mod store;

use tonic::{Status, Streaming};

use self::gather::Gathering;
use super::InvoicesApi;
use crate::call::Call;
use crate::pb::spazio::v1 as pb;
use crate::streams::{Cut, Outlet};

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
