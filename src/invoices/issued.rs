//! The numbers that the account's invoices have taken: what the SdI compares with its own archive (00404, 00418), compared with this one.
//!
//! The SdI refuses an invoice when it has one of the same seller, number and year (under Art73: number and day), of which it is only told
//! apart by being a credit note, and has neither rejected that one nor been told that its recipient refused it. The unique key `issued_once`
//! says the same, so that of invoices queued at once one wins.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, SqlErr};

use super::InvoiceError;
use crate::clock::CalendarDay;
use crate::db::entity::issued::{self, Column, Entity, Model};
use crate::db::{Fault, Tx, tenant};
use crate::fatturapa::{Finding, Identity, Position, Severity, Words, italian_day};
use crate::ids::{AccountId, InvoiceId};

/// How many numbers one statement asks for.
const AT_ONCE: usize = 500;
/// How many findings are told: as many as the schema's.
const MOST: usize = 50;

/// What the archive shows about the invoices of a file; of `but`'s own numbers nothing is said.
pub(super) async fn compare(
    connection: &impl ConnectionTrait,
    account: AccountId,
    but: Option<InvoiceId>,
    identities: &[Identity],
) -> Result<Vec<Finding>, DbErr> {
    let rows = numbered(connection, account, but, identities).await?;
    let mut known = Known::new();
    for row in &rows {
        known.entry(&row.number).or_default().push(row);
    }
    let found = identities.iter().flat_map(|identity| [duplicate(identity, &known), older_than_its_invoice(identity, &known)]);
    Ok(found.flatten().take(MOST).collect())
}

/// What has a number, by that: a lot compares thousands.
type Known<'r> = HashMap<&'r str, Vec<&'r Model>>;

/// The rows with the numbers that these have or refer to.
async fn numbered(
    connection: &impl ConnectionTrait,
    account: AccountId,
    but: Option<InvoiceId>,
    identities: &[Identity],
) -> Result<Vec<Model>, DbErr> {
    let linked = identities.iter().filter(|identity| identity.is_credit_note()).flat_map(|note| note.linked.iter().map(|to| &to.number));
    let numbers: HashSet<&str> = identities.iter().map(|identity| &identity.number).chain(linked).map(String::as_str).collect();
    let numbers: Vec<_> = numbers.into_iter().collect();
    let mut known = Vec::new();
    for numbers in numbers.chunks(AT_ONCE) {
        let rows = tenant::of::<Entity>(account).filter(Column::Number.is_in(numbers.iter().copied()));
        known.extend(rows.filter(Column::Released.eq(false)).all(connection).await?);
    }
    known.retain(|row| Some(row.invoice_id) != but);
    Ok(known)
}

/// 00404: an invoice is issued once.
fn duplicate(identity: &Identity, known: &Known<'_>) -> Option<Finding> {
    let period = identity.period();
    let same = |row: &&&Model| row.seller == identity.seller && row.credit_note == identity.is_credit_note() && row.period == period;
    let first = known.get(identity.number.as_str())?.iter().find(same)?;
    let (number, invoice, day) = (&identity.number, first.invoice_id, first.issue_day);
    let it_day = italian_day(day.date());
    let message = Words::new(
        format!(
            "[2.1.1.4] Numero \"{number}\" del {period} è già quello della fattura {invoice} del {it_day}, che è stata emessa: dare un altro \
             numero"
        ),
        format!("[2.1.1.4] Numero \"{number}\" of {period} is already that of {invoice} of {day}, which was issued: give another number"),
    );
    Some(refused("00404", &identity.path, identity.at, message))
}

/// 00418: a credit note is not older than the invoice it refers to, as the archive has it. Where the note does not tell that invoice's date,
/// numbers may have begun anew with a year: it is older only when every invoice of that number is later.
fn older_than_its_invoice(identity: &Identity, known: &Known<'_>) -> Option<Finding> {
    if !identity.is_credit_note() {
        return None;
    }
    let date = CalendarDay::try_from(identity.date).ok()?;
    let later = identity.linked.iter().find_map(|linked| {
        let year = linked.date.map(|told| told.format("%Y").to_string());
        let is_meant = |row: &&Model| {
            row.seller == identity.seller && !row.credit_note && year.as_ref().is_none_or(|year| row.period.starts_with(year))
        };
        let meant: Vec<_> = known.get(linked.number.as_str())?.iter().copied().filter(is_meant).collect();
        let all_later = meant.iter().all(|row| row.issue_day > date);
        meant.into_iter().min_by_key(|row| row.issue_day).filter(|_| all_later)
    })?;
    let (number, invoice, day) = (&later.number, later.invoice_id, later.issue_day);
    let (it_date, it_day) = (italian_day(identity.date), italian_day(day.date()));
    let message = Words::new(
        format!(
            "[2.1.1.3] Data della nota di credito è {it_date}, prima della fattura collegata [2.1.6.2] \"{number}\" ({invoice}) del {it_day}: \
             correggere la data o il riferimento"
        ),
        format!(
            "[2.1.1.3] Data of the credit note is {date}, before the linked invoice [2.1.6.2] \"{number}\" ({invoice}) of {day}: correct the \
             date or the reference"
        ),
    );
    Some(refused("00418", &identity.date_path, identity.date_at, message))
}

fn refused(code: &'static str, path: &str, at: Position, message: Words) -> Finding {
    Finding { code, severity: Severity::Refused, path: path.to_owned(), at, message }
}

/// Takes the numbers of an invoice that is queued: all of them, or none and what stands in the way.
pub(super) async fn take(tx: &Tx, account: AccountId, id: InvoiceId, identities: &[Identity]) -> Result<Vec<Finding>, InvoiceError> {
    if insert(tx, account, id, identities, false).await? == identities.len() as u64 {
        return Ok(Vec::new());
    }
    let found = compare(tx, account, Some(id), identities).await?;
    // What stood in the way was released in between: the caller may try again.
    if found.is_empty() { Err(Fault::Overtaken.into()) } else { Ok(found) }
}

/// Notes the numbers of an invoice that was sent elsewhere. It was, whatever has its numbers here: those that are taken stay so.
pub(super) async fn take_known(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    identities: &[Identity],
    released: bool,
) -> Result<(), InvoiceError> {
    insert(tx, account, id, identities, released).await.map(|_| ())
}

/// Inserts the numbers that nobody has taken; tells how many those are.
async fn insert(tx: &Tx, account: AccountId, id: InvoiceId, identities: &[Identity], released: bool) -> Result<u64, InvoiceError> {
    let mut rows = Vec::new();
    for (place, identity) in (1..).zip(identities) {
        let issue_day = CalendarDay::try_from(identity.date).map_err(|_| Fault::Broken(format!("{id} has an impossible date")))?;
        rows.push(issued::ActiveModel {
            invoice_id: Set(id),
            place: Set(place),
            account_id: Set(account),
            seller: Set(identity.seller.clone()),
            credit_note: Set(identity.is_credit_note()),
            period: Set(identity.period()),
            number: Set(identity.number.clone()),
            issue_day: Set(issue_day),
            released: Set(released),
        });
    }
    // Always in one order, so that two lots with numbers in common wait for each other and never both.
    rows.sort_by(|one, other| (one.number.as_ref(), one.period.as_ref()).cmp(&(other.number.as_ref(), other.period.as_ref())));
    let mut inserted = 0;
    for rows in rows.chunks(AT_ONCE) {
        let insert = Entity::insert_many(rows.iter().cloned()).on_conflict(OnConflict::new().do_nothing().to_owned());
        inserted += insert.exec_without_returning(tx).await?;
    }
    Ok(inserted)
}

/// Releases the numbers of an invoice that was rejected or refused: they may be used again.
pub(super) async fn release(tx: &Tx, account: AccountId, id: InvoiceId) -> Result<(), DbErr> {
    let rows = tenant::update_of::<Entity>(account).filter(Column::InvoiceId.eq(id)).filter(Column::Released.eq(false));
    rows.set(issued::ActiveModel { released: Set(true), ..Default::default() }).exec(tx).await.map(|_| ())
}

/// Takes released numbers again, those that nobody took in between: the invoice was delivered after all.
pub(super) async fn retake(tx: &Tx, account: AccountId, id: InvoiceId) -> Result<(), InvoiceError> {
    let rows = tenant::update_of::<Entity>(account).filter(Column::InvoiceId.eq(id)).filter(Column::Released.eq(true));
    let free = rows.filter(Expr::exists(taken_by_another()).not());
    match free.set(issued::ActiveModel { released: Set(false), ..Default::default() }).exec(tx).await {
        Ok(_) => Ok(()),
        // Somebody is taking one at this moment.
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Err(Fault::Overtaken.into()),
        Err(error) => Err(error.into()),
    }
}

/// Whether another row has taken the number of the row that is looked at.
fn taken_by_another() -> SelectStatement {
    const OTHER: &str = "other";
    let same = |column: Column| Expr::col((OTHER, column)).equals((Entity, column));
    let mut select = Query::select();
    select.expr(Expr::val(1)).from_as(Entity, OTHER).and_where(Expr::col((OTHER, Column::Released)).eq(false));
    for column in [Column::AccountId, Column::Seller, Column::CreditNote, Column::Period, Column::Number] {
        select.and_where(same(column));
    }
    select
}
