//! A batch of files is stored.

use futures_util::future::try_join_all;

use super::super::kept::Kept;
use super::super::received::{self, Delivered, Recorded};
use super::super::sent::{self, SentFile};
use super::super::state::InvoiceState;
use super::super::{InvoiceError, InvoicesApi, store};
use super::request::{Asked, Place, What};
use crate::db::{Fault, Tx};
use crate::fatturapa::{Invoice, Receipt};
use crate::ids::AccountId;
use crate::pb::spazio::v1 as pb;
use crate::quota::level::Thresholds;
use crate::quota::{self, Charge, DocumentKind};
use crate::refusal::Refusal as _;

/// A file that was read and compressed.
#[derive(Clone, Debug)]
enum Ready {
    Sent(SentFile, InvoiceState),
    Received(Delivered<Invoice>),
    Receipt(Delivered<Receipt>),
}

/// What became of each file, in their order.
pub(super) async fn store(api: &InvoicesApi, account: AccountId, batch: Vec<Asked>) -> Result<Vec<pb::ImportInvoicesResponse>, Fault> {
    let read = try_join_all(batch.into_iter().map(|asked| read(api, asked))).await?;
    let (mut places, mut ready, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for (place, file) in read {
        match file {
            Ok(file) => {
                places.push(place);
                ready.push(file);
                results.push(None);
            }
            Err(refusal) => results.push(Some(place.refused(&refusal.refused()))),
        }
    }
    let mut stored = together(api, account, ready).await?.into_iter().zip(places);
    let mut result = || {
        stored.next().map(|(outcome, place)| match outcome {
            Ok(file) => place.stored(file),
            Err(refusal) => place.refused(&refusal.refused()),
        })
    };
    Ok(results.into_iter().filter_map(|known| known.or_else(&mut result)).collect())
}

async fn read(api: &InvoicesApi, asked: Asked) -> Result<(Place, Result<Ready, InvoiceError>), Fault> {
    let Asked { place, file } = asked;
    let (what, bytes) = match file {
        Ok(file) => file,
        Err(invalid) => return Ok((place, Err(invalid.into()))),
    };
    let file_name = place.file_name().to_owned();
    let ready = match what {
        What::Sent(state) => {
            let (file, read) = api.intake.invoice(bytes).await?;
            read.map(|read| Ready::Sent(SentFile { file_name, file, read }, state)).map_err(InvoiceError::from)
        }
        What::Received => {
            let (file, read) = api.intake.invoice(bytes).await?;
            Ok(Ready::Received(Delivered { file_name, file, read }))
        }
        What::Receipt => {
            let (file, read) = api.intake.receipt(bytes).await?;
            Ok(Ready::Receipt(Delivered { file_name, file, read }))
        }
    };
    Ok((place, ready))
}

type Outcome = Result<pb::ImportedFile, InvoiceError>;

/// All files in one transaction; if one of them is refused, each in its own.
async fn together(api: &InvoicesApi, account: AccountId, files: Vec<Ready>) -> Result<Vec<Outcome>, Fault> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    match write(api, account, files.clone()).await {
        Ok(stored) => Ok(stored.into_iter().map(Ok).collect()),
        Err(InvoiceError::Fault(fault)) => Err(fault),
        Err(refusal) if files.len() == 1 => Ok(vec![Err(refusal)]),
        Err(_) => {
            let mut outcomes = Vec::new();
            for file in files {
                outcomes.push(match write(api, account, vec![file]).await {
                    Ok(mut stored) => stored.pop().ok_or_else(|| InvoiceError::Fault(Fault::Broken("a file without a result".to_owned()))),
                    Err(InvoiceError::Fault(fault)) => return Err(fault),
                    Err(refusal) => Err(refusal),
                });
            }
            Ok(outcomes)
        }
    }
}

async fn write(api: &InvoicesApi, account: AccountId, files: Vec<Ready>) -> Result<Vec<pb::ImportedFile>, InvoiceError> {
    let input = (account, api.thresholds, files);
    api.db
        .write("ImportInvoices", input, async |tx: &Tx, (account, thresholds, files): &(AccountId, Thresholds, Vec<Ready>)| {
            let mut kept = Vec::new();
            for file in files {
                kept.push(keep(tx, *account, file).await?);
            }
            for kind in [DocumentKind::Sent, DocumentKind::Received, DocumentKind::Receipt] {
                let changes: Vec<_> = kept.iter().filter(|(of, _)| *of == kind).filter_map(|(_, kept)| kept.change).collect();
                if !changes.is_empty() {
                    quota::post(tx, *account, *thresholds, Charge { kind, changes: &changes }).await?;
                }
            }
            let file = |kept: Kept<pb::ImportedFile>| pb::ImportedFile { already_stored: kept.change.is_none(), ..kept.what };
            Ok(kept.into_iter().map(|(_, kept)| file(kept)).collect())
        })
        .await
}

/// A file that was stored, now or before, and is not charged yet.
async fn keep(tx: &Tx, account: AccountId, file: &Ready) -> Result<(DocumentKind, Kept<pb::ImportedFile>), InvoiceError> {
    let invoice = |kept: Kept<store::Row>| kept.map(|row| pb::ImportedFile { invoice_id: row.id.to_string(), ..Default::default() });
    Ok(match file {
        Ready::Sent(new, state) => (DocumentKind::Sent, invoice(sent::keep(tx, account, new, *state).await?)),
        Ready::Received(new) => (DocumentKind::Received, invoice(received::keep(tx, account, new).await?)),
        Ready::Receipt(new) => {
            let kept = received::keep_receipt(tx, account, new).await?;
            let file = |recorded: Recorded| pb::ImportedFile { receipt_id: recorded.receipt.id.to_string(), ..Default::default() };
            (DocumentKind::Receipt, kept.map(file))
        }
    })
}
