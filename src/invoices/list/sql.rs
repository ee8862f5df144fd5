//! The statements of lists. Every one takes the account first, as `$1`.

use sea_orm::sea_query::Value;
use sea_orm::{DbBackend, Statement};

use super::filter::{By, Filter, Order};
use crate::clock::CalendarDay;
use crate::db::dialect::{self, Dialect};
use crate::ids::{AccountId, InvoiceId};
use crate::invoices::store::columns;
use crate::paging;

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

    fn dialect(&self) -> Dialect {
        Dialect::of(self.backend)
    }

    /// The statement.
    pub fn end(self, text: &str) -> Statement {
        Statement::from_sql_and_values(self.backend, text, self.values)
    }
}

/// An index over the rows of each account, sorted by a column.
#[derive(Debug)]
pub(super) struct Index {
    /// None for the table that is nothing but its key.
    name: Option<&'static str>,
    table: &'static str,
    column: &'static str,
    id: &'static str,
}

pub(super) const BY_NUMBER: Index = of_invoices("invoice_number", "number");
pub(super) const BY_STATE: Index = of_invoices("invoice_by_state", "state");
pub(super) const BY_TOTAL: Index = of_invoices("invoice_by_total", "total_cents");
pub(super) const BY_DAY: Index = of_invoices("invoice_by_day", "listed_day");
pub(super) const BY_WORD: Index = Index { name: None, table: "invoice_word", column: "word", id: "invoice_id" };
const BY_ARRIVAL: &str = "invoice_arrival";

const fn of_invoices(name: &'static str, column: &'static str) -> Index {
    Index { name: Some(name), table: "invoice", column, id: "id" }
}

/// A stretch of an index, both ends included.
#[derive(Debug)]
pub(super) struct Range {
    index: &'static Index,
    from: Value,
    through: Value,
}

impl Range {
    pub fn new(index: &'static Index, from: impl Into<Value>, through: impl Into<Value>) -> Self {
        Self { index, from: from.into(), through: through.into() }
    }

    pub fn only(index: &'static Index, value: impl Into<Value> + Clone) -> Self {
        Self::new(index, value.clone(), value)
    }

    /// A query of the ids in it, at most so many. The order is that of the index and of no other: it makes PostgreSQL take this one.
    fn ids(&self, sql: &mut Sql, most: u64) -> String {
        let Index { name, table, column, id } = self.index;
        let index = name.map(|name| dialect::by_index(sql.dialect(), name)).unwrap_or_default();
        let (from, through) = (sql.value(self.from.clone()), sql.value(self.through.clone()));
        format!(
            "SELECT {id} AS found FROM {table}{index} WHERE account_id = $1 AND {column} >= {from} AND {column} <= {through} \
             ORDER BY {column} LIMIT {most}"
        )
    }
}

/// How many rows each candidate has, counted to one more than `most` in each of its ranges.
pub(super) fn counts(mut sql: Sql, candidates: &[Vec<Range>], most: u32) -> Statement {
    let mut columns = Vec::new();
    for candidate in candidates {
        let counts: Vec<_> = candidate
            .iter()
            .map(|range| format!("(SELECT COUNT(*) FROM ({}) AS counted)", range.ids(&mut sql, u64::from(most) + 1)))
            .collect();
        columns.push(counts.join(" + "));
    }
    sql.end(&format!("SELECT {}", columns.join(", ")))
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In lists by day.
    pub day: Option<CalendarDay>,
    pub id: InvoiceId,
}

impl paging::Place for Place {
    fn bytes(&self) -> Vec<u8> {
        let day = self.day.map(|day| day.to_string()).unwrap_or_default();
        [self.id.0.as_bytes(), day.as_bytes()].concat()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, day) = bytes.split_first_chunk()?;
        let day = std::str::from_utf8(day).ok()?;
        let day = if day.is_empty() { None } else { Some(day.parse().ok()?) };
        Some(Self { day, id: InvoiceId(uuid::Uuid::from_bytes(*id)) })
    }
}

/// The walk through a list's order, behind a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    pub filter: &'a Filter,
    pub order: Order,
    pub after: Option<Place>,
}

impl Walk<'_> {
    /// The index that is walked, and the column that stands before the id in it.
    fn index(&self) -> (&'static str, &'static str) {
        match self.order.by {
            By::Arrival if self.filter.only_state().is_some() => ("invoice_by_state", "state"),
            By::Arrival => (BY_ARRIVAL, "account_id"),
            By::Day => ("invoice_by_day", "listed_day"),
        }
    }

    fn order_by(&self) -> String {
        let (_, column) = self.index();
        let direction = if self.order.latest_first { "DESC" } else { "ASC" };
        format!("{column} {direction}, id {direction}")
    }

    /// The conditions that the index keeps to. None of them fixes the column before the id by an equation: PostgreSQL would see that the order
    /// by it is none, and might walk another index that is in the order of ids, through the rows of every account.
    fn range(&self, sql: &mut Sql) -> String {
        let (_, column) = self.index();
        let mut range = Vec::new();
        let fixed = match self.order.by {
            By::Arrival => Some(self.filter.only_state().map_or_else(|| "$1".to_owned(), |state| sql.value(state))),
            By::Day => {
                range.extend(self.filter.issued_from.map(|day| format!("listed_day >= {}", sql.value(day))));
                range.extend(self.filter.issued_through.map(|day| format!("listed_day <= {}", sql.value(day))));
                None
            }
        };
        if column != "account_id" {
            range.push("account_id = $1".to_owned());
        }
        let (begin, behind, end) = if self.order.latest_first { ("<=", "<", ">=") } else { (">=", ">", "<=") };
        if let Some(Place { id, day }) = self.after {
            let first = fixed.clone().or_else(|| day.map(|day| sql.value(day)));
            range.extend(first.map(|first| format!("({column}, id) {behind} ({first}, {})", sql.value(id))));
        } else {
            range.extend(fixed.iter().map(|fixed| format!("{column} {begin} {fixed}")));
        }
        range.extend(fixed.iter().map(|fixed| format!("{column} {end} {fixed}")));
        range.join(" AND ")
    }

    /// The next rows, at most so many. The filter must not go beyond what the walk keeps to.
    pub fn rows(&self, mut sql: Sql, most: u64) -> Statement {
        let (range, order, columns) = (self.range(&mut sql), self.order_by(), columns());
        let index = dialect::by_index(sql.dialect(), self.index().0);
        sql.end(&format!("SELECT {columns} FROM invoice{index} WHERE {range} ORDER BY {order} LIMIT {most}"))
    }

    /// Of the next `window` rows those that meet the filter, at most so many; and, with `edge` 1, the last of the window whether it meets the
    /// filter or not, if there are so many. One statement, so that both mean the same rows.
    pub fn window(&self, mut sql: Sql, window: u32, most: u64) -> Statement {
        let (range, order, columns) = (self.range(&mut sql), self.order_by(), columns());
        let conditions = self.filter.conditions(&mut sql);
        let index = dialect::by_index(sql.dialect(), self.index().0);
        let by_id = dialect::by_index(sql.dialect(), BY_ARRIVAL);
        let before = window.saturating_sub(1);
        sql.end(&format!(
            "SELECT * FROM (SELECT {columns}, 0 AS edge \
             FROM (SELECT * FROM invoice{index} WHERE {range} ORDER BY {order} LIMIT {window}) AS walked \
             WHERE {conditions} ORDER BY {order} LIMIT {most}) AS met \
             UNION ALL SELECT {columns}, 1 AS edge FROM invoice{by_id} WHERE account_id = $1 AND id = \
             (SELECT id FROM invoice{index} WHERE {range} ORDER BY {order} LIMIT 1 OFFSET {before}) ORDER BY edge, {order}"
        ))
    }

    /// The next rows that meet the filter, at most so many, by looking up those of a candidate that has at most `gathered`.
    pub fn gathered(&self, mut sql: Sql, candidate: &[Range], gathered: u32, most: u64) -> Statement {
        let rows = looked_up(&mut sql, candidate, gathered);
        let (range, conditions, order, columns) = (self.range(&mut sql), self.filter.conditions(&mut sql), self.order_by(), columns());
        sql.end(&format!("SELECT {columns} FROM {rows} WHERE {range} AND {conditions} ORDER BY {order} LIMIT {most}"))
    }
}

/// The rows of a candidate with at most `gathered`, as a table. Rows that came since they were counted are among them.
pub(super) fn looked_up(sql: &mut Sql, candidate: &[Range], gathered: u32) -> String {
    let most = u64::from(gathered) * COME_MEANWHILE;
    let ranges: Vec<_> = candidate.iter().map(|range| format!("SELECT found FROM ({}) AS stretch", range.ids(sql, most))).collect();
    let keys = format!("SELECT DISTINCT found FROM ({}) AS ranges", ranges.join(" UNION ALL "));
    dialect::looked_up(sql.dialect(), &keys, "invoice", BY_ARRIVAL, "$1")
}

/// How many times the rows that were counted may be there by the time they are looked up: more than any transaction stores at once.
const COME_MEANWHILE: u64 = 16;
