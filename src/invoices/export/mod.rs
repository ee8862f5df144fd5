//! ExportInvoices: the documents of a period as ZIP files, each a part that can be sent again from any byte.
//!
//! | file | what it holds |
//! |---|---|
//! | `part.rs` | which documents a part holds, and where the next one begins |
//! | `entries.rs` | the paths and the lines of the index under which they stand in it |
//! | `index.rs` | a line of the index |
//! | `packing.rs` | the documents of a part, packed one after the other |
//! | `pack.rs` | the ZIP, written as it is read |

mod convert;
mod entries;
mod index;
mod pack;
mod packing;
mod part;

use prost::bytes::Bytes;
use tokio::time::Instant;
use tonic::Status;

pub(super) use self::convert::asked;
pub(super) use self::entries::{Entry, entries};
pub(super) use self::index::line;
pub(super) use self::packing::Packing;
use self::part::Known;
pub(super) use self::part::{Part, Period, Start, part};
use super::{InvoiceError, InvoicesApi};
use crate::db::Fault;
use crate::ids::AccountId;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::export_invoices_response::Part as Message;
use crate::streams::{Cut, MAX_CHUNK, Outlet};

/// A part that is asked for.
pub(super) struct Asked {
    pub account: AccountId,
    pub period: Period,
    pub known: Known,
    pub from_byte: u64,
    /// When the call's time is over.
    pub deadline: Instant,
    /// What its tokens are good for.
    pub question: String,
}

/// Finds the part, or tells that it is no longer what it was when it was begun.
pub(super) async fn find(api: &InvoicesApi, asked: &Asked) -> Result<Part, InvoiceError> {
    let part = part(api.db.reader(), asked.account, asked.period, asked.known.start).await?;
    match &asked.known.fingerprint {
        Some(fingerprint) if *fingerprint != part.fingerprint() => Err(InvoiceError::PartChanged),
        _ => Ok(part),
    }
}

/// Sends a part: what it is, its bytes, and how it ended.
pub(super) async fn send(api: InvoicesApi, asked: Asked, part: Part, outlet: Outlet<pb::ExportInvoicesResponse>) -> Result<(), Cut> {
    let message = |part| pb::ExportInvoicesResponse { part: Some(part) };
    outlet.send(message(Message::Description(described(&api, &asked, &part)))).await?;
    let stored = part.stored_time();
    let mut packing = Packing::from_byte(api.archive, asked.account, asked.from_byte);
    for entry in entries(part) {
        packing = packing.add(entry, asked.deadline).await.map_err(stopped)?;
        flow(&outlet, packing.take()).await?;
    }
    let (packed, damaged) = packing.finish(stored).await.map_err(stopped)?;
    if asked.from_byte > packed.size {
        return Err(Cut::from(Status::from(InvoiceError::from(convert::beyond(asked.from_byte, packed.size)))));
    }
    flow(&outlet, packed.rest).await?;
    let damaged = damaged.iter().map(|entry| entry.id().to_owned()).collect();
    let end = pb::ExportEnd { size_bytes: packed.size, sha256: packed.sha256, damaged };
    outlet.send(message(Message::End(end))).await
}

fn stopped(fault: Fault) -> Status {
    // A draft was deleted meanwhile.
    let error = if matches!(fault, Fault::Overtaken) { InvoiceError::PartChanged } else { fault.into() };
    error.into()
}

fn described(api: &InvoicesApi, asked: &Asked, part: &Part) -> pb::ExportDescription {
    let token = |known: &Known| api.seal.token(&asked.question, known);
    let this = Known { start: asked.known.start, fingerprint: Some(part.fingerprint()) };
    let next = part.next.map(|start| token(&Known { start, fingerprint: None }));
    let receipts = part.receipts.len() + part.invoices.iter().map(|(_, receipts)| receipts.len()).sum::<usize>();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    pb::ExportDescription {
        invoices: count(part.invoices.len()),
        receipts: count(receipts),
        part_token: token(&this),
        next_part_token: next.unwrap_or_default(),
    }
}

async fn flow(outlet: &Outlet<pb::ExportInvoicesResponse>, packed: Vec<u8>) -> Result<(), Cut> {
    let mut rest = Bytes::from(packed);
    while !rest.is_empty() {
        let chunk = Bytes::copy_from_slice(&rest.split_to(rest.len().min(MAX_CHUNK)));
        outlet.send(pb::ExportInvoicesResponse { part: Some(Message::Chunk(chunk)) }).await?;
    }
    Ok(())
}
