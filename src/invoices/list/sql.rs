//! Indexes, stretches of them, and what is asked of those. Every statement takes the account first, as `$1`.

use sea_orm::sea_query::Value;
use sea_orm::{DbBackend, Statement};

use crate::clock::CalendarDay;
use crate::db::dialect::{self, Dialect};
use crate::ids::AccountId;

/// A statement that grows, with its values.
pub(super) struct Sql {
    backend: DbBackend,
    values: Vec<Value>,
}

impl Sql {
    /// About one account, which is `$1`.
    pub fn about(account: AccountId, backend: DbBackend) -> Self {
        Self { backend, values: vec![account.into()] }
    }

    /// Takes a value, and tells the parameter that stands for it.
    pub fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Takes several, and tells their parameters in a row.
    pub fn values<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> String {
        values.into_iter().map(|value| self.value(value)).collect::<Vec<_>>().join(", ")
    }

    pub fn dialect(&self) -> Dialect {
        Dialect::of(self.backend)
    }

    /// The statement.
    pub fn end(self, text: &str) -> Statement {
        Statement::from_sql_and_values(self.backend, text, self.values)
    }
}

/// An index over the rows of each account, sorted by a column; rows of one value stand in the order of their arrival, or of their days.
#[derive(Debug)]
pub(super) struct Index {
    /// None for the key of the table of words.
    name: Option<&'static str>,
    pub table: &'static str,
    pub column: &'static str,
    /// The column between that one and the id, in which rows of one value stand in the order of their days.
    pub day: Option<&'static str>,
    pub id: &'static str,
    /// Reads a value of the column that was told as text.
    read: fn(&str) -> Option<Value>,
    /// The one with the same rows in the order of their days.
    by_day: Option<&'static Self>,
}

const ARRIVAL: &str = "invoice_arrival";
pub(super) const BY_ARRIVAL: Index = of_invoices(ARRIVAL, "account_id", |_| None);
pub(super) const BY_DAY: Index = of_invoices("invoice_by_day", DAY, |day| day.parse::<CalendarDay>().ok().map(Value::from));
pub(super) const BY_TOTAL: Index = of_invoices("invoice_by_total", "total_cents", |cents| cents.parse::<i64>().ok().map(Value::from));
pub(super) const BY_NUMBER: Index = NUMBERS.in_order_of_days_by(&BY_NUMBER_AND_DAY);
const BY_NUMBER_AND_DAY: Index = NUMBERS.and_day("invoice_by_number_and_day");
const NUMBERS: Index = of_invoices("invoice_number", "number", |number| Some(number.into()));
pub(super) const BY_STATE: Index = STATES.in_order_of_days_by(&BY_STATE_AND_DAY);
pub(super) const BY_STATE_AND_DAY: Index = STATES.and_day("invoice_by_state_and_day");
const STATES: Index = of_invoices("invoice_by_state", "state", |state| Some(state.into()));
/// Every word of an invoice.
pub(super) const BY_WORD: Index =
    Index { name: None, table: WORDS, column: "word", day: None, id: "invoice_id", read: |word| Some(word.into()), by_day: None };
/// The words of its counterpart, and its type.
pub(super) const BY_NAME: Index = BY_WORD.in_order_of_days_by(&BY_NAME_AND_DAY);
const BY_NAME_AND_DAY: Index = BY_WORD.and_day("invoice_word_by_day");

const DAY: &str = "listed_day";
const WORDS: &str = "invoice_word";

const fn of_invoices(name: &'static str, column: &'static str, read: fn(&str) -> Option<Value>) -> Index {
    Index { name: Some(name), table: "invoice", column, day: None, id: "id", read, by_day: None }
}

impl Index {
    const fn in_order_of_days_by(self, index: &'static Self) -> Self {
        Self { by_day: Some(index), ..self }
    }

    const fn and_day(self, name: &'static str) -> Self {
        Self { name: Some(name), day: Some(DAY), ..self }
    }

    /// Whether its rows are lines of words, and not invoices.
    pub fn is_of_words(&self) -> bool {
        self.table == WORDS
    }

    /// Its columns, in the order of their weight.
    pub fn key(&self) -> Vec<&'static str> {
        [Some(self.column), self.day, Some(self.id)].into_iter().flatten().collect()
    }

    /// Its table, told to be read by it.
    pub fn table(&self, sql: &Sql) -> String {
        let by_index = self.name.map(|name| dialect::by_index(sql.dialect(), name)).unwrap_or_default();
        format!("{}{by_index}", self.table)
    }
}

/// A stretch of an index, both ends included.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub index: &'static Index,
    pub from: Value,
    pub through: Value,
}

impl Range {
    pub fn new(index: &'static Index, from: impl Into<Value>, through: impl Into<Value>) -> Self {
        Self { index, from: from.into(), through: through.into() }
    }

    pub fn only(index: &'static Index, value: impl Into<Value> + Clone) -> Self {
        Self::new(index, value.clone(), value)
    }

    /// Whether all its rows have one value.
    pub fn is_one_value(&self) -> bool {
        self.from == self.through
    }

    /// What has this value of it, told as text.
    pub fn at(&self, value: &str) -> Option<Self> {
        (self.index.read)(value).map(|value| Self::only(self.index, value))
    }

    /// The same rows in the order of their days, if they are kept in it.
    pub fn by_day(&self) -> Option<Self> {
        self.index.by_day.map(|index| Self { index, ..self.clone() })
    }

    /// A query of the ids in it, at most so many. The order is that of the index and of no other: it makes PostgreSQL take this one.
    fn ids(&self, sql: &mut Sql, most: u64) -> String {
        let Index { column, id, .. } = self.index;
        let (table, order) = (self.index.table(sql), self.index.key().join(", "));
        let (from, through) = (sql.value(self.from.clone()), sql.value(self.through.clone()));
        format!(
            "SELECT {id} AS found FROM {table} WHERE account_id = $1 AND {column} >= {from} AND {column} <= {through} \
             ORDER BY {order} LIMIT {most}"
        )
    }
}

/// How many rows each candidate has, counted to one more than `most` in each of its ranges; and whether the account has invoices whose words do
/// not stand under their day.
pub(super) fn counts(mut sql: Sql, candidates: &[Vec<Range>], most: u32) -> Statement {
    let mut columns = Vec::new();
    for candidate in candidates {
        let counts: Vec<_> = candidate
            .iter()
            .map(|range| format!("(SELECT COUNT(*) FROM ({}) AS counted)", range.ids(&mut sql, u64::from(most) + 1)))
            .collect();
        columns.push(counts.join(" + "));
    }
    let by_index = dialect::by_index(sql.dialect(), "invoice_misdated");
    // In an order that only this index has: PostgreSQL takes days for different in nearly all rows, and any index for a quick way to one.
    columns.push(format!(
        "EXISTS (SELECT 1 FROM (SELECT id FROM invoice{by_index} WHERE account_id >= $1 AND account_id <= $1 \
         AND (words_day IS NULL OR words_day <> listed_day) ORDER BY account_id, words_day, id LIMIT 1) AS first) AS misdated"
    ));
    sql.end(&format!("SELECT {}", columns.join(", ")))
}

/// The values that the rows of each range have, as text, at most one more than `most` of each: one seek for each value.
pub(super) fn values(mut sql: Sql, ranges: &[&Range], most: u32) -> Statement {
    let (mut seeks, mut told) = (Vec::new(), Vec::new());
    for (number, range) in ranges.iter().enumerate() {
        let (column, table) = (range.index.column, range.index.table(&sql));
        let (from, through) = (sql.value(range.from.clone()), sql.value(range.through.clone()));
        let order = range.index.key().join(", ");
        let dated = range.index.day.map(|day| format!(" AND {day} IS NOT NULL")).unwrap_or_default();
        // What sorts the rows of one value makes PostgreSQL take this index; a word without a day is not in the one by day.
        let next = |begin: &str| {
            format!(
                "SELECT {column} FROM {table} WHERE account_id = $1 AND {column} {begin} AND {column} <= {through}{dated} \
                 ORDER BY {order} LIMIT 1"
            )
        };
        let (first, next) = (next(&format!(">= {from}")), next(&format!("> seek{number}.value")));
        seeks.push(format!(
            "seek{number} (value) AS (SELECT * FROM ({first}) AS first \
             UNION ALL SELECT ({next}) FROM seek{number} WHERE seek{number}.value IS NOT NULL)"
        ));
        told.push(format!(
            "SELECT * FROM (SELECT {number} AS stretch, CAST(value AS text) AS value FROM seek{number} WHERE value IS NOT NULL \
             LIMIT {most} + 1) AS told{number}"
        ));
    }
    sql.end(&format!("WITH RECURSIVE {} {}", seeks.join(", "), told.join(" UNION ALL ")))
}

/// The rows of a candidate with at most `gathered`, as a table. Rows that came since they were counted are among them.
pub(super) fn looked_up(sql: &mut Sql, candidate: &[Range], gathered: u32) -> String {
    let most = u64::from(gathered) * COME_MEANWHILE;
    let ranges: Vec<_> = candidate.iter().map(|range| format!("SELECT found FROM ({}) AS stretch", range.ids(sql, most))).collect();
    let keys = format!("SELECT DISTINCT found FROM ({}) AS ranges", ranges.join(" UNION ALL "));
    by_id(sql, &keys)
}

/// Each row that `keys`, a query of the column `found`, names, as a table.
pub(super) fn by_id(sql: &Sql, keys: &str) -> String {
    dialect::looked_up(sql.dialect(), keys, "invoice", ARRIVAL, "$1")
}

/// How many times the rows that were counted may be there by the time they are looked up: more than any transaction stores at once.
const COME_MEANWHILE: u64 = 16;
