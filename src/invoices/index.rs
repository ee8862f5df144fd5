//! The words each invoice is found by: made of what its row shows, kept in two of its columns, and indexed by `invoice_word`.
//!
//! The index follows the row in the row's own transaction. In it the words that tell the counterpart or the type have the row's day too, so that
//! lists by day are found by them. Rows that an older program wrote have no words, or words without a day; a background job gives them some.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::state::Direction;
use super::store::Row;
use super::words::{Words, in_column};
use crate::clock::CalendarDay;
use crate::db::dialect::{self, Dialect};
use crate::db::entity::{invoice, invoice_word};
use crate::db::{Db, Fault, Tx, tenant};

/// The columns an invoice is found by.
pub(super) struct Found {
    pub counterpart: String,
    pub words: String,
}

// Each word is a line of the index, written with its invoice: enough to find an invoice by, not all of a long one.
const COUNTERPART_WORDS: usize = 12;
const OTHER_WORDS: usize = 16;
// A name of a signed file has five: all of it together, the sender, the progressive, and its two endings.
const FILE_NAME_WORDS: usize = 8;

impl Found {
    /// By what tells the counterpart, and by what else is said. Of a VAT number, also the part without its country.
    pub fn by<'t>(counterpart: impl IntoIterator<Item = &'t str>, said: impl IntoIterator<Item = &'t str>) -> Self {
        let counterpart = counterpart.into_iter().flat_map(|text| [Some(text), without_country(text)]).flatten();
        Self { counterpart: Words::of(COUNTERPART_WORDS, counterpart).column(), words: Words::of(OTHER_WORDS, said).column() }
    }
}

fn without_country(vat: &str) -> Option<&str> {
    let (country, number) = vat.split_at_checked(2)?;
    let is_vat = country.bytes().all(|byte| byte.is_ascii_uppercase()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_vat && !number.is_empty()).then_some(number)
}

/// The row to be written, to be found by its file's name too.
pub(super) fn with_file_name(row: invoice::ActiveModel, file_name: &str) -> invoice::ActiveModel {
    let name = Words::of(FILE_NAME_WORDS, [file_name]).column();
    let words = match row.words {
        Set(words) | Unchanged(words) => words.unwrap_or_default() + &name,
        NotSet => name,
    };
    invoice::ActiveModel { words: Set(Some(words)), ..row }
}

/// The row to be written, its words under the day that the database reckons for a row that came at `arrived`.
pub(super) fn with_day(row: invoice::ActiveModel, arrived: DateTime<Utc>) -> invoice::ActiveModel {
    let issued = match row.issue_day {
        Set(day) | Unchanged(day) => day,
        NotSet => None,
    };
    let day = issued.or_else(|| CalendarDay::try_from(arrived.date_naive()).ok());
    invoice::ActiveModel { words_day: Set(day), ..row }
}

/// Adds a new row's words to the index.
pub(super) async fn insert(tx: &Tx, row: &Row) -> Result<(), DbErr> {
    add(tx, row, lines(row)).await
}

/// Changes the index where a row's words changed, or the day of some.
pub(super) async fn replace(tx: &Tx, before: &Row, row: &Row) -> Result<(), DbErr> {
    let (mut old, mut new) = (lines(before), lines(row));
    let gone: Vec<_> = old.iter().filter(|(word, day)| new.get(*word) != Some(day)).map(|(word, _)| *word).collect();
    remove(tx, row, &gone).await?;
    old.retain(|word, _| !gone.contains(word));
    new.retain(|word, _| !old.contains_key(word));
    add(tx, row, new).await
}

/// Takes a row's words out of the index.
pub(super) async fn delete(tx: &Tx, row: &Row) -> Result<(), DbErr> {
    remove(tx, row, &lines(row).into_keys().collect::<Vec<_>>()).await
}

/// The words that the index has of a row, and the day of those that have one.
fn lines(row: &Row) -> BTreeMap<&str, Option<CalendarDay>> {
    // What an older program wrote into the other column is not in the index.
    let Some(words) = &row.words else { return BTreeMap::new() };
    let is_type = |word: &str| row.document_type.as_ref().is_some_and(|code| code.eq_ignore_ascii_case(word));
    let words = in_column(words).map(|word| (word, row.words_day.filter(|_| is_type(word))));
    words.chain(in_column(&row.counterpart).map(|word| (word, row.words_day))).collect()
}

/// One statement, whatever the number of words.
async fn add(tx: &Tx, row: &Row, lines: BTreeMap<&str, Option<CalendarDay>>) -> Result<(), DbErr> {
    if lines.is_empty() {
        return Ok(());
    }
    let (dated, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(_, day)| day.is_some());
    let json = |lines: Vec<(&str, _)>| {
        let words: Vec<_> = lines.into_iter().map(|(word, _)| word).collect();
        serde_json::to_string(&words).map_err(|error| DbErr::Custom(error.to_string()))
    };
    let backend = tx.get_database_backend();
    let texts = |parameter| dialect::texts_of_json(Dialect::of(backend), parameter);
    let insert = format!(
        "INSERT INTO invoice_word (account_id, word, invoice_id, listed_day) \
         SELECT $1, value, $2, $3 FROM {} UNION ALL SELECT $1, value, $2, NULL FROM {}",
        texts("$4"),
        texts("$5"),
    );
    let values = [row.account_id.into(), row.id.into(), row.words_day.into(), json(dated)?.into(), json(others)?.into()];
    tx.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await.map(|_| ())
}

async fn remove(tx: &Tx, row: &Row, words: &[&str]) -> Result<(), DbErr> {
    use invoice_word::Column;
    if words.is_empty() {
        return Ok(());
    }
    let lines = tenant::delete_of::<invoice_word::Entity>(row.account_id);
    let lines = lines.filter(Column::Word.is_in(words.iter().copied())).filter(Column::InvoiceId.eq(row.id));
    lines.exec(tx).await.map(|_| ())
}

/// How many rows are indexed anew in one transaction.
const AT_ONCE: u64 = 200;

/// Rows that an older program wrote: without words, or with words that do not stand under the row's day.
#[derive(Clone, Debug)]
pub struct Misdated(Vec<Row>);

impl Misdated {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The condition of the index `invoice_misdated`.
fn is_misdated() -> Condition {
    use invoice::Column;
    Condition::any().add(Column::WordsDay.is_null()).add(Column::WordsDay.into_expr().ne(Column::ListedDay.into_expr()))
}

/// Some of the rows whose words do not stand under their day.
pub async fn misdated(db: &Db) -> Result<Misdated, Fault> {
    use invoice::Column;
    let misdated = tenant::every::<invoice::Entity>().filter(is_misdated());
    // The order of the index, and of no other.
    let misdated = [Column::AccountId, Column::WordsDay, Column::Id].into_iter().fold(misdated, QueryOrder::order_by_asc);
    Ok(Misdated(misdated.limit(AT_ONCE).all(db.reader()).await?))
}

/// Gives their words their day; and those words that have none, from what they show. Reasons and lines are not in a row: such invoices are found
/// by names, codes and numbers.
pub async fn index_anew(db: &Db, misdated: Misdated) -> Result<(), Fault> {
    db.write("index_anew", misdated, async |tx: &Tx, Misdated(rows): &Misdated| {
        for row in rows {
            index_row_anew(tx, row).await?;
        }
        Ok(())
    })
    .await
}

async fn index_row_anew(tx: &Tx, row: &Row) -> Result<(), DbErr> {
    let change = if row.words.is_some() { invoice::ActiveModel::default() } else { with_file_name(words_of_shown(row), &row.file_name) };
    // Only as it was read: a draft that was replaced meanwhile has its day, or is found by the next round.
    let indexed = tenant::update_of::<invoice::Entity>(row.account_id)
        .set(invoice::ActiveModel { words_day: Set(Some(row.listed_day)), ..change })
        .filter(invoice::Column::Id.eq(row.id))
        .filter(invoice::Column::Version.eq(row.version))
        .filter(is_misdated());
    match indexed.exec_with_returning(tx).await?.into_iter().next() {
        Some(indexed) => replace(tx, row, &indexed).await,
        None => Ok(()),
    }
}

fn words_of_shown(row: &Row) -> invoice::ActiveModel {
    let counterpart = match row.direction {
        Direction::Sent => [&row.buyer_name, &row.buyer_vat, &row.buyer_fiscal_code],
        Direction::Received => [&row.seller_name, &row.seller_vat, &row.seller_fiscal_code],
    };
    let said = [&row.document_type, &row.number].into_iter().flatten().map(String::as_str);
    let found = Found::by(counterpart.into_iter().flatten().map(String::as_str), said);
    invoice::ActiveModel { counterpart: Set(found.counterpart), words: Set(Some(found.words)), ..Default::default() }
}
