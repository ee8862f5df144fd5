//! The words each invoice is found by: made of what its row shows, kept in two of its columns, and indexed by `invoice_word`.
//!
//! The index follows the row in the row's own transaction. Rows that an older program wrote have no words; a background job gives them some.

use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::state::Direction;
use super::store::Row;
use super::words::{Words, in_columns};
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
const FILE_NAME_WORDS: usize = 4;

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

/// Adds a new row's words to the index.
pub(super) async fn insert(tx: &Tx, row: &Row) -> Result<(), DbErr> {
    add(tx, row, &words_of(row)).await
}

/// Changes the index where a row's words changed.
pub(super) async fn replace(tx: &Tx, before: &Row, row: &Row) -> Result<(), DbErr> {
    let (old, new) = (words_of(before), words_of(row));
    let gone: Vec<_> = old.iter().copied().filter(|word| !new.contains(word)).collect();
    let come: Vec<_> = new.iter().copied().filter(|word| !old.contains(word)).collect();
    remove(tx, row, &gone).await?;
    add(tx, row, &come).await
}

/// Takes a row's words out of the index.
pub(super) async fn delete(tx: &Tx, row: &Row) -> Result<(), DbErr> {
    remove(tx, row, &words_of(row)).await
}

/// The words that the index has of a row, each once.
fn words_of(row: &Row) -> Vec<&str> {
    // What an older program wrote into the other column is not in the index.
    row.words.as_ref().map(|words| in_columns([row.counterpart.as_str(), words])).unwrap_or_default()
}

/// One statement, whatever the number of words.
async fn add(tx: &Tx, row: &Row, words: &[&str]) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let texts = dialect::texts_of_json(Dialect::of(backend), "$3");
    let insert = format!("INSERT INTO invoice_word (account_id, word, invoice_id) SELECT $1, value, $2 FROM {texts}");
    let words = serde_json::to_string(words).map_err(|error| DbErr::Custom(error.to_string()))?;
    let values = [row.account_id.into(), row.id.into(), words.into()];
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

/// How many rows get their words in one transaction.
const AT_ONCE: u64 = 200;

/// Rows that have no words yet.
#[derive(Clone, Debug)]
pub struct Wordless(Vec<Row>);

impl Wordless {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Some of the rows without words.
pub async fn wordless(db: &Db) -> Result<Wordless, Fault> {
    let wordless = tenant::every::<invoice::Entity>().filter(invoice::Column::Words.is_null());
    Ok(Wordless(wordless.order_by_asc(invoice::Column::Id).limit(AT_ONCE).all(db.reader()).await?))
}

/// Gives them words, from what they show. Reasons and lines are not in a row: such invoices are found by names, codes and numbers.
pub async fn give_words(db: &Db, wordless: Wordless) -> Result<(), Fault> {
    db.write("give_words", wordless, async |tx: &Tx, Wordless(rows): &Wordless| {
        for row in rows {
            give(tx, row).await?;
        }
        Ok(())
    })
    .await
}

async fn give(tx: &Tx, row: &Row) -> Result<(), DbErr> {
    let counterpart = match row.direction {
        Direction::Sent => [&row.buyer_name, &row.buyer_vat, &row.buyer_fiscal_code],
        Direction::Received => [&row.seller_name, &row.seller_vat, &row.seller_fiscal_code],
    };
    let said = [&row.document_type, &row.number].into_iter().flatten().map(String::as_str);
    let found = Found::by(counterpart.into_iter().flatten().map(String::as_str), said);
    let change = invoice::ActiveModel { counterpart: Set(found.counterpart), words: Set(Some(found.words)), ..Default::default() };
    // Only as it was read: a draft that was replaced meanwhile has words, or is found by the next round.
    let given = tenant::update_of::<invoice::Entity>(row.account_id)
        .set(with_file_name(change, &row.file_name))
        .filter(invoice::Column::Id.eq(row.id))
        .filter(invoice::Column::Version.eq(row.version))
        .filter(invoice::Column::Words.is_null());
    match given.exec_with_returning(tx).await?.into_iter().next() {
        Some(row) => insert(tx, &row).await,
        None => Ok(()),
    }
}
