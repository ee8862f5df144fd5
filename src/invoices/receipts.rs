//! Receipts of the SdI: each is kept, finds the sent invoice it speaks of, and moves it (I1).
//!
//! An invoice is moved by all its receipts together, looked at anew whenever one is added: so their order makes no difference. A receipt
//! whose invoice is not there, or is a draft, waits; queueing that invoice applies it. Both happen while the account's space row is held,
//! so that a receipt and its invoice that come at once cannot miss each other.

use prost::Message;
use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, ExprTrait, QueryFilter, QuerySelect, Select};

use super::kept::Kept;
use super::names::{sent_as, spellings};
use super::state::{InvoiceState, RecipientAnswer, Said, forward, together};
use super::store::{ReceiptRow, Row};
use super::{InvoiceError, issued, store};
use crate::archive::{self, File, Stored};
use crate::db::entity::receipt::Column;
use crate::db::entity::{document, invoice, receipt};
use crate::db::{Tx, tenant};
use crate::fatturapa::{Receipt, ReceiptKind, SdiFileName, Unreadable};
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::pb::spazio::v1 as pb;
use crate::quota::DocumentKind;
use crate::quota::level::Thresholds;

/// A receipt that was delivered, and what could be read of it.
#[derive(Clone, Debug)]
pub(super) struct NewReceipt {
    pub file_name: String,
    pub file: File,
    pub read: Result<Receipt, Unreadable>,
}

/// A receipt, and the invoice it speaks of if one is known.
pub(super) struct Recorded {
    pub receipt: ReceiptRow,
    pub invoice: Option<Row>,
}

/// Stores a receipt that waits for its invoice. The same bytes again are the same receipt, and cost nothing.
pub(super) async fn keep(tx: &Tx, account: AccountId, new: &NewReceipt) -> Result<Kept<ReceiptId>, InvoiceError> {
    match archive::store(tx, account, DocumentKind::Receipt, &new.file_name, &new.file).await? {
        Stored::New(id) => {
            insert(tx, account, ReceiptId(id), new).await?;
            Ok(Kept::new(ReceiptId(id), id, &new.file))
        }
        Stored::Before(id) => Ok(Kept::before(ReceiptId(id))),
    }
}

/// Applies a receipt to the invoice it speaks of, if it is known.
///
/// Call it after the charge, while the account's space row is held.
pub(super) async fn settle(tx: &Tx, account: AccountId, id: ReceiptId) -> Result<Option<Row>, InvoiceError> {
    match spoken_of(tx, account, &get(tx, account, id).await?).await? {
        Some(spoken_of) => apply(tx, spoken_of).await.map(Some),
        None => Ok(None),
    }
}

/// Stores a receipt, charges it, and applies it to the invoice it speaks of; tells whether it was recorded before.
pub(super) async fn record(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    new: &NewReceipt,
) -> Result<(Recorded, bool), InvoiceError> {
    let (id, already_stored) = keep(tx, account, new).await?.charged(tx, account, thresholds, DocumentKind::Receipt).await?;
    if !already_stored {
        settle(tx, account, id).await?;
    }
    let receipt = get(tx, account, id).await?;
    let invoice = match receipt.invoice_id {
        Some(invoice) => Some(store::get(tx, account, invoice).await?),
        None => None,
    };
    Ok((Recorded { receipt, invoice }, already_stored))
}

/// The rejections as they rest.
#[derive(Clone, PartialEq, Message)]
struct Rejections {
    #[prost(message, repeated, tag = "1")]
    list: Vec<pb::SdiRejection>,
}

fn encoded(rejections: &[(String, String)]) -> Option<Vec<u8>> {
    let list = rejections.iter().map(|(code, description)| pb::SdiRejection { code: code.clone(), description: description.clone() });
    (!rejections.is_empty()).then(|| Rejections { list: list.collect() }.encode_to_vec())
}

/// The rejections of a row. What cannot be decoded was not written here, and shows as none.
pub(super) fn rejections(column: Option<&Vec<u8>>) -> Vec<pb::SdiRejection> {
    column.and_then(|bytes| Rejections::decode(bytes.as_slice()).ok()).unwrap_or_default().list
}

/// What a receipt is found by: longer than any name or identifier is none, and would not fit into an index.
fn key(text: &str) -> Option<String> {
    const LONGEST: usize = 255;
    (text.len() <= LONGEST).then(|| text.to_owned())
}

/// Stores what is shown of a receipt that waits for its invoice.
async fn insert(tx: &Tx, account: AccountId, id: ReceiptId, new: &NewReceipt) -> Result<(), InvoiceError> {
    let read = new.read.as_ref().ok();
    let said = read.map(Said::by);
    let row = receipt::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        kind: Set(read.map(|receipt| receipt.kind.code().to_owned())),
        file_name: Set(new.file_name.clone()),
        invoice_file_name: Set(read.and_then(|receipt| receipt.file_name.as_deref()).and_then(key)),
        invoice_id: Set(None),
        sdi_identifier: Set(read.and_then(|receipt| key(&receipt.sdi_identifier))),
        size: Set(new.file.size),
        created_time: Set(tx.now()),
        answer: Set(said.as_ref().and_then(|said| said.answer)),
        description: Set(read.and_then(|receipt| receipt.description.clone())),
        rejections: Set(said.and_then(|said| encoded(&said.rejections))),
    };
    row.insert(tx).await?;
    Ok(())
}

async fn get(connection: &impl ConnectionTrait, account: AccountId, id: ReceiptId) -> Result<ReceiptRow, InvoiceError> {
    let found = tenant::of::<receipt::Entity>(account).filter(Column::Id.eq(id)).one(connection).await?;
    found.ok_or(InvoiceError::NotFound)
}

/// The invoice that a receipt speaks of: by its file name, or where it names none that the SdI could know, by the SdI's identifier in receipts
/// of one invoice and no other. Drafts were not sent.
async fn spoken_of(connection: &impl ConnectionTrait, account: AccountId, receipt: &ReceiptRow) -> Result<Option<Row>, InvoiceError> {
    if let Some(name) = &receipt.invoice_file_name {
        let named = named(connection, account, name).await?;
        // Of a file that is not here yet: it waits for that one.
        if named.is_some() || name.parse::<SdiFileName>().is_ok() {
            return Ok(named);
        }
    }
    let Some(identifier) = &receipt.sdi_identifier else { return Ok(None) };
    let known = tenant::of::<receipt::Entity>(account)
        .filter(Column::SdiIdentifier.eq(identifier.as_str()))
        .filter(Column::InvoiceId.is_not_null())
        .select_only()
        .column(Column::InvoiceId)
        .distinct()
        .limit(2)
        .into_tuple::<InvoiceId>()
        .all(connection)
        .await?;
    match known.as_slice() {
        [id] => Ok(Some(store::get(connection, account, *id).await?)),
        _ => Ok(None),
    }
}

/// The invoice that was sent under exactly this name, else the only one under another spelling of it.
async fn named(connection: &impl ConnectionTrait, account: AccountId, name: &str) -> Result<Option<Row>, InvoiceError> {
    let ids =
        sent_as(account, spellings(name)).select_only().column(document::Column::Id).into_tuple::<InvoiceId>().all(connection).await?;
    if ids.is_empty() {
        return Ok(None);
    }
    let sent = tenant::of::<invoice::Entity>(account).filter(invoice::Column::Id.is_in(ids));
    let mut sent = sent.filter(invoice::Column::State.ne(InvoiceState::Draft)).all(connection).await?;
    if let Some(exact) = sent.iter().position(|row| row.file_name == name) {
        return Ok(Some(sent.swap_remove(exact)));
    }
    Ok(if sent.len() == 1 { sent.pop() } else { None })
}

/// Gives an invoice the receipts that waited for it, and moves it to where all of its receipts together take it.
///
/// Call it while the account's space row is held.
pub(super) async fn apply(tx: &Tx, invoice: Row) -> Result<Row, InvoiceError> {
    adopt(tx, &invoice, speaks_of(spellings(&invoice.file_name))).await?;
    let mut receipts = about(tx, &invoice).await?;
    let identifiers: Vec<_> = receipts.iter().filter_map(|receipt| receipt.sdi_identifier.clone()).collect();
    if !identifiers.is_empty() && adopt(tx, &invoice, Column::SdiIdentifier.is_in(identifiers)).await? {
        receipts = about(tx, &invoice).await?;
    }
    move_on(tx, invoice, &receipts).await
}

/// Gives an invoice those of some waiting receipts that speak of it. Tells whether there was one.
async fn adopt(tx: &Tx, invoice: &Row, some: SimpleExpr) -> Result<bool, InvoiceError> {
    let account = invoice.account_id;
    let mut own = Vec::new();
    for receipt in waiting(account).filter(some).all(tx).await? {
        if spoken_of(tx, account, &receipt).await?.is_some_and(|found| found.id == invoice.id) {
            own.push(receipt.id);
        }
    }
    if own.is_empty() {
        return Ok(false);
    }
    let adopted = receipt::ActiveModel { invoice_id: Set(Some(invoice.id)), ..Default::default() };
    tenant::update_of::<receipt::Entity>(account).filter(Column::Id.is_in(own)).set(adopted).exec(tx).await?;
    Ok(true)
}

/// Receipts about no invoice that is known.
pub(super) fn waiting(account: AccountId) -> Select<receipt::Entity> {
    tenant::of::<receipt::Entity>(account).filter(Column::InvoiceId.is_null())
}

/// Those that speak of a file with one of these names, given in capitals.
pub(super) fn speaks_of(names: impl IntoIterator<Item = String>) -> SimpleExpr {
    Expr::expr(Func::upper(Expr::col(Column::InvoiceFileName))).is_in(names)
}

async fn about(tx: &Tx, invoice: &Row) -> Result<Vec<ReceiptRow>, InvoiceError> {
    Ok(tenant::of::<receipt::Entity>(invoice.account_id).filter(Column::InvoiceId.eq(invoice.id)).all(tx).await?)
}

/// What a stored receipt says; none of one that could not be read.
fn said(row: &ReceiptRow) -> Option<Said> {
    let kind = ReceiptKind::ALL.into_iter().find(|kind| row.kind.as_deref() == Some(kind.code()))?;
    let reasons = rejections(row.rejections.as_ref()).into_iter().map(|reason| (reason.code, reason.description));
    let sdi_identifier = row.sdi_identifier.clone().unwrap_or_default();
    Some(Said { kind, sdi_identifier, answer: row.answer, rejections: reasons.collect() })
}

/// Whether receipts about one file tell more than one identifier: it was transmitted more than once.
pub(super) fn differs(invoice: &Row, receipt: &ReceiptRow) -> bool {
    invoice.sdi_identifier.is_some() && receipt.sdi_identifier.is_some() && invoice.sdi_identifier != receipt.sdi_identifier
}

async fn move_on(tx: &Tx, invoice: Row, receipts: &[ReceiptRow]) -> Result<Row, InvoiceError> {
    let told: Vec<_> = receipts.iter().filter_map(said).collect();
    let all = together(&told);
    let to = forward(invoice.state, all.state);
    let rejections = if to == InvoiceState::Rejected { encoded(&all.rejections) } else { None };
    let same = (&invoice.sdi_identifier, invoice.answer, &invoice.rejections) == (&all.sdi_identifier, all.answer, &rejections);
    if told.is_empty() || (same && to == invoice.state) {
        return Ok(invoice);
    }
    let change = invoice::ActiveModel {
        sdi_identifier: Set(all.sdi_identifier),
        answer: Set(all.answer),
        rejections: Set(rejections),
        ..Default::default()
    };
    let row = store::advance(tx, &invoice, to, change).await?;
    match (over(&invoice), over(&row)) {
        (false, true) => issued::release(tx, row.account_id, row.id).await?,
        (true, false) => issued::retake(tx, row.account_id, row.id).await?,
        (false, false) | (true, true) => {}
    }
    Ok(row)
}

/// Whether an invoice's number may be used again, and the invoice copied: the SdI rejected it, or its recipient refused it.
pub(super) fn over(row: &Row) -> bool {
    row.state == InvoiceState::Rejected || row.answer == Some(RecipientAnswer::Refused)
}
