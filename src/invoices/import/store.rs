//! A batch of files is stored.

use std::ops::Range;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::super::kept::Kept;
use super::super::receipts::{self, NewReceipt, Recorded};
use super::super::sent::{self, Errand, NewInvoice};
use super::super::state::InvoiceState;
use super::super::store::Row;
use super::super::{InvoiceError, InvoicesApi, convert, issued, names, received};
use super::request::{Asked, Place, What};
use crate::call::Call;
use crate::db::{Fault, Tx};
use crate::fatturapa::Identity;
use crate::ids::{AccountId, ReceiptId};
use crate::pb::spazio::v1 as pb;
use crate::quota::level::Thresholds;
use crate::quota::{self, Charge, DocumentKind};
use crate::refusal::Refusal as _;

/// A file that was read and is where it is to rest.
#[derive(Debug)]
enum Ready {
    Sent(InvoiceState, NewInvoice, Vec<Identity>),
    Received(NewInvoice),
    Receipt(NewReceipt),
}

/// What became of each file, in their order.
pub(super) async fn store(api: &InvoicesApi, call: &Call, batch: Vec<Asked>) -> Result<Vec<pb::ImportInvoicesResponse>, Fault> {
    let read = try_join_all(batch.into_iter().map(|asked| read(api, call, asked))).await?;
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
    let mut stored = together(api, call.account(), ready).await?.into_iter().zip(places);
    let mut result = || {
        stored.next().map(|(outcome, place)| match outcome {
            Ok(file) => place.stored(file),
            Err(refusal) => place.refused(&refusal.refused()),
        })
    };
    Ok(results.into_iter().filter_map(|known| known.or_else(&mut result)).collect())
}

async fn read(api: &InvoicesApi, call: &Call, asked: Asked) -> Result<(Place, Result<Ready, InvoiceError>), Fault> {
    let Asked { place, file } = asked;
    let (what, bytes) = match file {
        Ok(file) => file,
        Err(invalid) => return Ok((place, Err(invalid.into()))),
    };
    let file_name = place.file_name().to_owned();
    let ready = match what {
        What::Sent(state) => {
            let errand = if state == InvoiceState::Draft { Errand::ToBeSent } else { Errand::WasSent };
            let read = api.sent(call, None, errand, file_name, bytes).await;
            read.map(|(new, identities)| Ready::Sent(state, new, identities))
        }
        What::Received => Ok(Ready::Received(api.received(call, file_name, bytes).await?)),
        What::Receipt => Ok(Ready::Receipt(api.receipt(call, file_name, bytes).await?)),
    };
    Ok((place, ready))
}

type Outcome = Result<pb::ImportedFile, InvoiceError>;

/// All files in one transaction; if one of them is refused, each in its own.
async fn together(api: &InvoicesApi, account: AccountId, files: Vec<Ready>) -> Result<Vec<Outcome>, Fault> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let files = Arc::new(files);
    match write(api, account, files.clone(), 0..files.len()).await {
        Ok(stored) => Ok(stored.into_iter().map(Ok).collect()),
        Err(InvoiceError::Fault(fault)) => Err(fault),
        Err(refusal) if files.len() == 1 => Ok(vec![Err(told(api, account, refusal, &files[0]).await)]),
        Err(_) => {
            let mut outcomes = Vec::new();
            for place in 0..files.len() {
                outcomes.push(match write(api, account, files.clone(), place..place + 1).await {
                    Ok(mut stored) => stored.pop().ok_or_else(|| InvoiceError::Fault(Fault::Broken("a file without a result".to_owned()))),
                    Err(InvoiceError::Fault(fault)) => return Err(fault),
                    Err(refusal) => Err(told(api, account, refusal, &files[place]).await),
                });
            }
            Ok(outcomes)
        }
    }
}

/// Tells a refusal as it stands for this file.
async fn told(api: &InvoicesApi, account: AccountId, refusal: InvoiceError, file: &Ready) -> InvoiceError {
    let was_sent = matches!(file, Ready::Sent(state, ..) if *state != InvoiceState::Draft);
    names::who_has_it(api.db.reader(), account, refusal, was_sent).await
}

/// Some of a batch, in one transaction.
struct Share {
    account: AccountId,
    thresholds: Thresholds,
    batch: Arc<Vec<Ready>>,
    which: Range<usize>,
}

async fn write(
    api: &InvoicesApi,
    account: AccountId,
    batch: Arc<Vec<Ready>>,
    which: Range<usize>,
) -> Result<Vec<pb::ImportedFile>, InvoiceError> {
    let input = Share { account, thresholds: api.thresholds, batch, which };
    api.db
        .write("ImportInvoices", input, async |tx: &Tx, Share { account, thresholds, batch, which }: &Share| {
            let files = &batch[which.clone()];
            let mut kept = Vec::new();
            for file in files {
                kept.push(keep(tx, *account, file).await?);
            }
            for kind in [DocumentKind::Sent, DocumentKind::Received, DocumentKind::Receipt] {
                let of_kind = || kept.iter().filter(|kept| kept.what.kind() == kind);
                let changes: Vec<_> = of_kind().filter_map(|kept| kept.change).collect();
                // Receipts that were recorded before may still wait: they, too, are settled while the account's space row is held.
                let settles = kind == DocumentKind::Receipt && of_kind().next().is_some();
                if settles || !changes.is_empty() {
                    quota::post(tx, *account, *thresholds, Charge { kind, changes: &changes }).await?;
                }
            }
            // Before any receipt is settled: one of this batch may release them.
            for (kept, file) in kept.iter().zip(files) {
                take_numbers(tx, *account, kept, file).await?;
            }
            let mut taken_in = Vec::new();
            for (kept, file) in kept.into_iter().zip(files) {
                taken_in.push(settle(tx, *account, kept, file).await?);
            }
            Ok(taken_in)
        })
        .await
}

/// What a file became.
enum Became {
    Sent(Row),
    Received(Row),
    Receipt(ReceiptId),
}

impl Became {
    fn kind(&self) -> DocumentKind {
        match self {
            Self::Sent(_) => DocumentKind::Sent,
            Self::Received(_) => DocumentKind::Received,
            Self::Receipt(_) => DocumentKind::Receipt,
        }
    }
}

/// Stores a file, which is charged afterwards.
async fn keep(tx: &Tx, account: AccountId, file: &Ready) -> Result<Kept<Became>, InvoiceError> {
    Ok(match file {
        Ready::Sent(state, new, _) => sent::keep(tx, account, *state, new).await?.map(Became::Sent),
        Ready::Received(new) => received::keep(tx, account, new).await?.map(Became::Received),
        Ready::Receipt(new) => receipts::keep(tx, account, new).await?.map(Became::Receipt),
    })
}

/// Takes the numbers of what was sent elsewhere, once the account's space row is held.
async fn take_numbers(tx: &Tx, account: AccountId, kept: &Kept<Became>, file: &Ready) -> Result<(), InvoiceError> {
    match (&kept.what, file) {
        (Became::Sent(row), Ready::Sent(state, _, identities)) if kept.change.is_some() && *state != InvoiceState::Draft => {
            issued::take_known(tx, account, row.id, identities, receipts::over(row)).await
        }
        (Became::Sent(_) | Became::Received(_) | Became::Receipt(_), _) => Ok(()),
    }
}

/// Lets receipts and invoices find each other.
async fn settle(tx: &Tx, account: AccountId, kept: Kept<Became>, file: &Ready) -> Result<pb::ImportedFile, InvoiceError> {
    let already_stored = kept.change.is_none();
    Ok(match (kept.what, file) {
        (Became::Sent(row), Ready::Sent(state, new, _)) => {
            if !already_stored && *state != InvoiceState::Draft {
                receipts::apply(tx, row.clone()).await?;
            }
            let imported = invoice(&row, &new.file_name, already_stored);
            let stored_state = if row.state == *state { pb::InvoiceState::Unspecified } else { convert::state(row.state) };
            pb::ImportedFile { stored_state: stored_state.into(), ..imported }
        }
        (Became::Received(row), Ready::Received(new)) => {
            if !already_stored {
                receipts::apply(tx, row.clone()).await?;
            }
            invoice(&row, &new.file_name, already_stored)
        }
        (Became::Receipt(id), Ready::Receipt(new)) => {
            let Recorded { receipt, invoice } = receipts::settle(tx, account, id).await?;
            pb::ImportedFile {
                invoice_id: invoice.map(|row| row.id.to_string()).unwrap_or_default(),
                receipt_id: id.to_string(),
                already_stored,
                stored_file_name: differing(&receipt.file_name, &new.file_name),
                ..Default::default()
            }
        }
        (Became::Sent(_) | Became::Received(_) | Became::Receipt(_), _) => {
            return Err(Fault::Broken("a file became what it is not".to_owned()).into());
        }
    })
}

fn invoice(row: &Row, asked_name: &str, already_stored: bool) -> pb::ImportedFile {
    let stored_file_name = differing(&row.file_name, asked_name);
    pb::ImportedFile { invoice_id: row.id.to_string(), already_stored, stored_file_name, ..Default::default() }
}

/// The name that a file is stored with, if it is another than it came with.
fn differing(stored: &str, asked: &str) -> String {
    if stored == asked { String::new() } else { stored.to_owned() }
}
