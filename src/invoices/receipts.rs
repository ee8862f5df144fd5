//! Receipts of the SdI: each is kept, finds the invoice it speaks of, and moves it if the account sent it (I1).
//!
//! An invoice is moved by all its receipts together, looked at anew whenever one is added: so their order makes no difference. A receipt
//! whose invoice is not there, or is a draft, waits; receiving or queueing that invoice applies it. Both happen while the account's space row
//! is held, so that a receipt and its invoice that come at once cannot miss each other. Which invoice is meant is told by homes.rs: of all
//! receipts with the names and identifiers in question, since one that came may tell more about another that is here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use data_encoding::HEXLOWER_PERMISSIVE;
use prost::Message;
use ring::digest::SHA256_OUTPUT_LEN;
use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
};

use super::homes::{Candidate, Clue, homes};
use super::kept::Kept;
use super::names::{filed_as, spellings};
use super::state::{Direction, Heard, InvoiceState, RecipientAnswer, Said, forward, heard, together};
use super::store::{ReceiptRow, Row};
use super::{InvoiceError, issued, judged, store};
use crate::archive::{self, File, Stored};
use crate::db::entity::receipt::Column;
use crate::db::entity::{invoice, receipt};
use crate::db::{Tx, tenant};
use crate::fatturapa::{Finding, Receipt, ReceiptKind, Unreadable};
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::pb::spazio::v1 as pb;
use crate::quota::level::Thresholds;
use crate::quota::{self, Charge, DocumentKind};

/// How many names or rows one statement asks for.
const AT_ONCE: usize = 500;

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

/// Gives a receipt that waits to the invoice it speaks of, if it is known. Tells the receipt, and its invoice.
///
/// Call it while the account's space row is held.
pub(super) async fn settle(tx: &Tx, account: AccountId, id: ReceiptId) -> Result<Recorded, InvoiceError> {
    let mut receipt = get(tx, account, id).await?;
    if receipt.invoice_id.is_none() {
        let names = receipt.invoice_file_name.as_deref().map(spellings).unwrap_or_default();
        reconsider(tx, account, names, receipt.sdi_identifier.as_deref()).await?;
        receipt = get(tx, account, id).await?;
    }
    let invoice = match receipt.invoice_id {
        Some(invoice) => Some(store::get(tx, account, invoice).await?),
        None => None,
    };
    Ok(Recorded { receipt, invoice })
}

/// Stores a receipt, charges it, and gives it to the invoice it speaks of; tells whether it was recorded before.
pub(super) async fn record(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    new: &NewReceipt,
) -> Result<(Recorded, bool), InvoiceError> {
    let Kept { what: id, change } = keep(tx, account, new).await?;
    // Also for one that was recorded before, which costs nothing and may still wait: the account's space row is held from here on.
    quota::post(tx, account, thresholds, Charge { kind: DocumentKind::Receipt, changes: change.as_slice() }).await?;
    Ok((settle(tx, account, id).await?, change.is_none()))
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

/// Why a receipt could not be read, as it rests.
#[derive(Clone, PartialEq, Message)]
struct ReadingProblems {
    #[prost(message, repeated, tag = "1")]
    list: Vec<pb::Finding>,
}

/// Why the receipt of a row could not be read. What cannot be decoded was not written here, and shows as none.
pub(super) fn reading_problems(column: Option<&Vec<u8>>) -> Vec<pb::Finding> {
    column.and_then(|bytes| ReadingProblems::decode(bytes.as_slice()).ok()).unwrap_or_default().list
}

/// What a receipt is found by: longer than any name or identifier is none, and would not fit into an index.
fn key(text: &str) -> Option<String> {
    const LONGEST: usize = 255;
    (text.len() <= LONGEST).then(|| text.to_owned())
}

/// The digest of an invoice's file, if that is what a message's Hash is.
fn sha256(hash: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok().filter(|digest| digest.len() == SHA256_OUTPUT_LEN)
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
        rejections: Set(said.as_ref().and_then(|said| encoded(&said.rejections))),
        invoice_sha256: Set(read.and_then(|receipt| receipt.hash.as_deref()).and_then(sha256)),
        buyer_message_id: Set(said.and_then(|said| said.buyer_message_id).as_deref().and_then(key)),
        reading_problems: Set(new
            .read
            .as_ref()
            .err()
            .map(|why| ReadingProblems { list: vec![judged::finding(&Finding::from(why))] }.encode_to_vec())),
    };
    row.insert(tx).await?;
    Ok(())
}

async fn get(connection: &impl ConnectionTrait, account: AccountId, id: ReceiptId) -> Result<ReceiptRow, InvoiceError> {
    let found = tenant::of::<receipt::Entity>(account).filter(Column::Id.eq(id)).one(connection).await?;
    found.ok_or(InvoiceError::NotFound)
}

/// Gives an invoice that came, or was queued, the receipts that speak of it, and all that their change of mind changes.
///
/// Call it while the account's space row is held.
pub(super) async fn apply(tx: &Tx, invoice: Row) -> Result<Row, InvoiceError> {
    let mut moved = reconsider(tx, invoice.account_id, spellings(&invoice.file_name), None).await?;
    Ok(moved.remove(&invoice.id).unwrap_or(invoice))
}

/// Looks anew at which invoices the receipts speak of that tell one of these names or identifiers, given in capitals, and moves the invoices
/// whose receipts are others than before: these are the answer.
async fn reconsider(
    tx: &Tx,
    account: AccountId,
    names: Vec<String>,
    identifier: Option<&str>,
) -> Result<HashMap<InvoiceId, Row>, InvoiceError> {
    let receipts = telling(tx, account, names, identifier).await?;
    let mut touched = BTreeSet::new();
    let mut moving: BTreeMap<Option<InvoiceId>, Vec<ReceiptId>> = BTreeMap::new();
    for (receipt, home) in receipts.iter().zip(found_homes(tx, account, &receipts).await?) {
        if receipt.invoice_id != home {
            touched.extend([receipt.invoice_id, home].into_iter().flatten());
            moving.entry(home).or_default().push(receipt.id);
        }
    }
    for (home, receipts) in moving {
        for receipts in receipts.chunks(AT_ONCE) {
            let change = receipt::ActiveModel { invoice_id: Set(home), ..Default::default() };
            let those = Column::Id.is_in(receipts.iter().copied());
            tenant::update_of::<receipt::Entity>(account).filter(those).set(change).exec(tx).await?;
        }
    }
    let mut moved = HashMap::new();
    for id in touched {
        let invoice = store::get(tx, account, id).await?;
        let told = about(tx, &invoice).await?;
        moved.insert(id, move_on(tx, invoice, &told).await?);
    }
    Ok(moved)
}

/// What of a receipt tells whose it is: how much it says besides does not matter.
#[derive(FromQueryResult)]
struct Telling {
    id: ReceiptId,
    kind: Option<String>,
    invoice_id: Option<InvoiceId>,
    invoice_file_name: Option<String>,
    invoice_sha256: Option<Vec<u8>>,
    sdi_identifier: Option<String>,
}

impl Telling {
    async fn all(connection: &impl ConnectionTrait, account: AccountId, some: SimpleExpr) -> Result<Vec<Self>, DbErr> {
        use Column::{Id, InvoiceFileName, InvoiceId, InvoiceSha256, Kind, SdiIdentifier};
        let rows = tenant::of::<receipt::Entity>(account).filter(some).select_only();
        let rows = rows.columns([Id, Kind, InvoiceId, InvoiceFileName, InvoiceSha256, SdiIdentifier]);
        rows.into_model().all(connection).await
    }
}

/// Receipts that tell one of these names, or the identifier that one of those tells, or this one.
async fn telling(
    connection: &impl ConnectionTrait,
    account: AccountId,
    names: Vec<String>,
    identifier: Option<&str>,
) -> Result<Vec<Telling>, DbErr> {
    let mut receipts = Telling::all(connection, account, speaks_of(names)).await?;
    let identifiers = receipts.iter().filter_map(|receipt| receipt.sdi_identifier.as_deref()).chain(identifier);
    let identifiers: BTreeSet<_> = identifiers.map(str::to_owned).collect();
    let mut known: HashSet<_> = receipts.iter().map(|receipt| receipt.id).collect();
    for identifiers in identifiers.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        let told = Column::SdiIdentifier.is_in(identifiers.iter().map(String::as_str));
        let more = Telling::all(connection, account, told).await?;
        receipts.extend(more.into_iter().filter(|receipt| known.insert(receipt.id)));
    }
    Ok(receipts)
}

/// Where these receipts belong, in their order.
async fn found_homes(connection: &impl ConnectionTrait, account: AccountId, receipts: &[Telling]) -> Result<Vec<Option<InvoiceId>>, DbErr> {
    let names: BTreeSet<_> = receipts.iter().filter_map(|receipt| receipt.invoice_file_name.as_deref()).flat_map(spellings).collect();
    let applied: BTreeSet<_> = receipts.iter().filter_map(|receipt| receipt.invoice_id).collect();
    let (names, applied): (Vec<_>, Vec<_>) = (names.into_iter().collect(), applied.into_iter().collect());
    let mut candidates = Vec::new();
    for names in names.chunks(AT_ONCE) {
        candidates.extend(candidates_of(connection, filed_as(account, names.iter().cloned())).await?);
    }
    let mut sent = HashSet::new();
    for applied in applied.chunks(AT_ONCE) {
        let rows = tenant::of::<invoice::Entity>(account).filter(invoice::Column::Id.is_in(applied.iter().copied()));
        let rows = rows.filter(invoice::Column::Direction.eq(Direction::Sent)).select_only().column(invoice::Column::Id);
        sent.extend(rows.into_tuple::<InvoiceId>().all(connection).await?);
    }
    // What could not be read speaks of nothing.
    let clue = |receipt: &Telling| {
        let applied = receipt.invoice_id.filter(|id| sent.contains(id));
        Some(Clue {
            kind: kind(receipt.kind.as_deref())?,
            file_name: receipt.invoice_file_name.clone(),
            sha256: receipt.invoice_sha256.clone(),
            sdi_identifier: receipt.sdi_identifier.clone(),
            applied,
        })
    };
    let clues: Vec<_> = receipts.iter().map(clue).collect();
    let readable: Vec<_> = clues.iter().flatten().cloned().collect();
    let mut found = homes(&readable, &candidates).into_iter();
    Ok(clues.iter().map(|clue| clue.as_ref().and_then(|_| found.next().flatten())).collect())
}

/// Those of some invoices of which receipts may speak: drafts were not sent.
async fn candidates_of(connection: &impl ConnectionTrait, some: Select<invoice::Entity>) -> Result<Vec<Candidate>, DbErr> {
    use invoice::Column;
    let some = some.filter(Column::State.ne(InvoiceState::Draft)).select_only();
    let some = some.columns([Column::Id, Column::Direction, Column::FileName, Column::Sha256]);
    let rows = some.into_tuple::<(InvoiceId, Direction, String, Vec<u8>)>().all(connection).await?;
    let candidate = |(id, direction, file_name, sha256)| Candidate { id, direction, file_name, sha256 };
    Ok(rows.into_iter().map(candidate).collect())
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

/// Which message a stored receipt is; none of one that could not be read.
fn kind(code: Option<&str>) -> Option<ReceiptKind> {
    ReceiptKind::ALL.into_iter().find(|kind| code == Some(kind.code()))
}

/// What a stored receipt says; none of one that could not be read.
fn said(row: &ReceiptRow) -> Option<Said> {
    let kind = kind(row.kind.as_deref())?;
    let reasons = rejections(row.rejections.as_ref()).into_iter().map(|reason| (reason.code, reason.description));
    let sdi_identifier = row.sdi_identifier.clone().unwrap_or_default();
    let buyer_message_id = row.buyer_message_id.clone();
    Some(Said { kind, sdi_identifier, answer: row.answer, buyer_message_id, rejections: reasons.collect() })
}

/// Whether other receipts about the same file tell another identifier: it was transmitted more than once. The receipts are asked, not the
/// invoice: its identifier is that of the receipt that says most, which may be this one.
pub(super) async fn identifier_differs(tx: &Tx, receipt: &ReceiptRow) -> Result<bool, DbErr> {
    let (Some(invoice), Some(identifier)) = (receipt.invoice_id, &receipt.sdi_identifier) else { return Ok(false) };
    let others = tenant::of::<receipt::Entity>(receipt.account_id).filter(Column::InvoiceId.eq(invoice));
    let another = others.filter(Column::SdiIdentifier.ne(identifier.as_str())).select_only().column(Column::Id);
    Ok(another.into_tuple::<ReceiptId>().one(tx).await?.is_some())
}

/// Whether the receipt is about another file than the one that is stored under its name.
pub(super) fn file_differs(receipt: &ReceiptRow, invoice: &Row) -> bool {
    receipt.invoice_sha256.as_ref().is_some_and(|told| *told != invoice.sha256)
}

async fn move_on(tx: &Tx, invoice: Row, receipts: &[ReceiptRow]) -> Result<Row, InvoiceError> {
    let told: Vec<_> = receipts.iter().filter_map(said).collect();
    match invoice.direction {
        Direction::Sent => move_sent(tx, invoice, &told).await,
        Direction::Received => {
            let Heard { sdi_identifier, answer } = heard(&told);
            if (&invoice.sdi_identifier, invoice.answer) == (&sdi_identifier, answer) {
                return Ok(invoice);
            }
            let change = invoice::ActiveModel { sdi_identifier: Set(sdi_identifier), answer: Set(answer), ..Default::default() };
            store::advance(tx, &invoice, InvoiceState::Received, change).await
        }
    }
}

async fn move_sent(tx: &Tx, invoice: Row, told: &[Said]) -> Result<Row, InvoiceError> {
    let all = together(told);
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
