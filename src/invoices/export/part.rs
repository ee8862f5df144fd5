//! Which documents a part of an export holds.
//!
//! Invoices come first, by their day and with all their receipts; then the receipts whose invoice is not known. A part ends after so many
//! documents or bytes, so that each is a file of a size that can be sent again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use ring::digest::{Context, SHA256};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::homes::sides;
use super::super::state::Direction;
use super::super::store::{ReceiptRow, Row};
use crate::clock::CalendarDay;
use crate::db::entity::{invoice, receipt};
use crate::db::tenant;
use crate::fatturapa::ReceiptKind;
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::paging::Place;

/// What an export is of: days are those by which invoices are listed, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::invoices) struct Period {
    pub from: Option<CalendarDay>,
    pub through: Option<CalendarDay>,
    pub direction: Option<Direction>,
}

/// Where a part begins: behind this document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::invoices) enum Start {
    /// With the first invoice.
    #[default]
    Beginning,
    /// Behind this invoice.
    Invoice(CalendarDay, Uuid),
    /// Behind this receipt, or with the first one whose invoice is not known.
    Receipt(Option<Uuid>),
}

/// A part of an export.
#[derive(Clone, Debug)]
pub(in crate::invoices) struct Part {
    /// Its invoices, each with its receipts.
    pub invoices: Vec<(Row, Vec<ReceiptRow>)>,
    /// Receipts whose invoice is not known.
    pub receipts: Vec<ReceiptRow>,
    /// Where the next part begins; none after the last.
    pub next: Option<Start>,
}

/// The most invoices of a part, and the bytes of originals after which it ends.
const MOST_INVOICES: usize = 1_000;
const FULL_BYTES: u64 = 64 * 1024 * 1024;

/// The part that begins here.
pub(in crate::invoices) async fn part(
    connection: &impl ConnectionTrait,
    account: AccountId,
    period: Period,
    start: Start,
) -> Result<Part, DbErr> {
    let mut part = Part { invoices: Vec::new(), receipts: Vec::new(), next: None };
    let after = if let Start::Receipt(after) = start { after } else { None };
    // Before the invoices: a receipt that finds its invoice between the two reads is then in both, and in neither otherwise.
    let unmatched = unmatched_receipts(connection, account, period, after).await?;
    if !matches!(start, Start::Receipt(_)) {
        let rows = invoices(connection, account, period, start).await?;
        let mut receipts = receipts_of(connection, account, &rows).await?;
        let whole = rows.into_iter().map(|row| {
            let of_this = receipts.remove(&row.id).unwrap_or_default();
            (row, of_this)
        });
        let bytes = |(row, receipts): &(Row, Vec<ReceiptRow>)| {
            receipts.iter().fold(row.size.get(), |sum, receipt| sum.saturating_add(receipt.size.get()))
        };
        let (invoices, more) = cut(whole.collect(), bytes);
        part.invoices = invoices;
        if more {
            part.next = part.invoices.last().map(|(row, _)| Start::Invoice(row.listed_day, row.id.0));
            return Ok(part);
        }
    }
    let (mut rows, more) = cut(unmatched, |row| row.size.get());
    part.next = rows.last().filter(|_| more).map(|row| Start::Receipt(Some(row.id.0)));
    let found: HashSet<_> = part.invoices.iter().flat_map(|(_, receipts)| receipts.iter().map(|receipt| receipt.id)).collect();
    rows.retain(|row| !found.contains(&row.id));
    part.receipts = rows;
    Ok(part)
}

/// As many as a part holds, and whether there are more.
fn cut<T>(mut rows: Vec<T>, size: impl Fn(&T) -> u64) -> (Vec<T>, bool) {
    let mut bytes = 0;
    let within = rows.iter().take(MOST_INVOICES).take_while(|row| {
        let before = bytes;
        bytes += size(row);
        before < FULL_BYTES
    });
    let held = within.count();
    let more = rows.len() > held;
    rows.truncate(held);
    (rows, more)
}

async fn invoices(connection: &impl ConnectionTrait, account: AccountId, period: Period, start: Start) -> Result<Vec<Row>, DbErr> {
    use invoice::Column;
    let conditions = [
        period.from.map(|day| Column::ListedDay.gte(day)),
        period.through.map(|day| Column::ListedDay.lte(day)),
        period.direction.map(|direction| Column::Direction.eq(direction)),
    ];
    let mut rows = tenant::of::<invoice::Entity>(account);
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    if let Start::Invoice(day, id) = start {
        let behind = Condition::any()
            .add(Column::ListedDay.gt(day))
            .add(Condition::all().add(Column::ListedDay.eq(day)).add(Column::Id.gt(InvoiceId(id))));
        rows = rows.filter(Column::ListedDay.gte(day)).filter(behind);
    }
    rows.order_by_asc(Column::ListedDay).order_by_asc(Column::Id).limit(MOST_INVOICES as u64 + 1).all(connection).await
}

type Receipts = HashMap<InvoiceId, Vec<ReceiptRow>>;

async fn receipts_of(connection: &impl ConnectionTrait, account: AccountId, invoices: &[Row]) -> Result<Receipts, DbErr> {
    let ids = invoices.iter().map(|row| row.id);
    let rows = tenant::of::<receipt::Entity>(account).filter(receipt::Column::InvoiceId.is_in(ids));
    let mut receipts = Receipts::new();
    for row in rows.order_by_asc(receipt::Column::Id).all(connection).await? {
        if let Some(invoice) = row.invoice_id {
            receipts.entry(invoice).or_default().push(row);
        }
    }
    Ok(receipts)
}

async fn unmatched_receipts(
    connection: &impl ConnectionTrait,
    account: AccountId,
    period: Period,
    after: Option<Uuid>,
) -> Result<Vec<ReceiptRow>, DbErr> {
    use receipt::Column;
    let conditions = [
        after.map(|id| Column::Id.gt(ReceiptId(id))),
        period.from.map(|day| Column::CreatedTime.gte(day.start())),
        period.through.map(|day| Column::CreatedTime.lt(day.plus_days(1).start())),
    ];
    // Each in one direction, so that who exports both has it once: what cannot be read, or is told to both sides, with what was sent.
    let received = ReceiptKind::ALL.into_iter().filter(|kind| sides(*kind) == [Direction::Received]);
    let about_received = Column::Kind.is_in(received.map(ReceiptKind::code));
    let mut rows = tenant::of::<receipt::Entity>(account).filter(Column::InvoiceId.is_null());
    rows = match period.direction {
        Some(Direction::Received) => rows.filter(about_received),
        Some(Direction::Sent) => rows.filter(Column::Kind.is_null().or(about_received.not())),
        None => rows,
    };
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    rows.order_by_asc(Column::Id).limit(MOST_INVOICES as u64 + 1).all(connection).await
}

impl Part {
    /// What tells this part from one of the same name with other documents in it.
    pub(in crate::invoices) fn fingerprint(&self) -> Vec<u8> {
        let mut digest = Context::new(&SHA256);
        for (invoice, receipts) in &self.invoices {
            digest.update(invoice.id.0.as_bytes());
            digest.update(&invoice.version.to_be_bytes());
            for receipt in receipts {
                digest.update(receipt.id.0.as_bytes());
            }
        }
        for receipt in &self.receipts {
            digest.update(receipt.id.0.as_bytes());
        }
        digest.finish().as_ref()[..FINGERPRINT].to_vec()
    }

    /// When the last of its documents was stored.
    pub(in crate::invoices) fn stored_time(&self) -> DateTime<Utc> {
        let invoices =
            self.invoices.iter().flat_map(|(row, receipts)| receipts.iter().map(|row| row.created_time).chain([row.updated_time]));
        invoices.chain(self.receipts.iter().map(|row| row.created_time)).max().unwrap_or_default()
    }
}

const FINGERPRINT: usize = 8;

impl Place for Start {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Beginning => vec![0],
            Self::Invoice(day, id) => [&[1], day.date().num_days_from_ce().to_be_bytes().as_slice(), id.as_bytes()].concat(),
            Self::Receipt(None) => vec![2],
            Self::Receipt(Some(id)) => [&[3], id.as_bytes().as_slice()].concat(),
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0] => Some(Self::Beginning),
            [1, rest @ ..] => {
                let (days, id) = rest.split_first_chunk::<4>()?;
                let day = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*days))?;
                Some(Self::Invoice(CalendarDay::try_from(day).ok()?, Uuid::from_slice(id).ok()?))
            }
            [2] => Some(Self::Receipt(None)),
            [3, id @ ..] => Some(Self::Receipt(Some(Uuid::from_slice(id).ok()?))),
            _ => None,
        }
    }
}

/// A part as it was when it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::invoices) struct Known {
    pub start: Start,
    /// Of a part that is to be gone on with; none of one that was not begun.
    pub fingerprint: Option<Vec<u8>>,
}

impl Place for Known {
    fn bytes(&self) -> Vec<u8> {
        let fingerprint = self.fingerprint.as_deref().unwrap_or_default();
        [&[u8::try_from(fingerprint.len()).unwrap_or_default()], fingerprint, &self.start.bytes()].concat()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first()?;
        let (fingerprint, start) = rest.split_at_checked(usize::from(*length))?;
        Some(Self { start: Start::of_bytes(start)?, fingerprint: (!fingerprint.is_empty()).then(|| fingerprint.to_vec()) })
    }
}
