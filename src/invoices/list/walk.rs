//! The walk through a list's order, behind a place: the statements of its rows.

use sea_orm::Statement;

use super::filter::{By, Filter, Order};
use super::sql::{BY_ARRIVAL, BY_DAY, BY_STATE, BY_WORD, Index, Range, Sql, by_id, looked_up};
use crate::clock::CalendarDay;
use crate::ids::{AccountId, InvoiceId};
use crate::invoices::store::columns;
use crate::paging;

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

/// What is walked: stretches that have every row of the list among theirs. In lists by arrival each has one value, and so its rows in the order
/// of the list; in lists by day it is one stretch of days.
pub(super) type Source = Vec<Range>;

/// The walk through a list's order, behind a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    pub account: AccountId,
    pub filter: &'a Filter,
    pub order: Order,
    pub after: Option<Place>,
}

impl Walk<'_> {
    /// The order's own index, as far as the filter reaches in it.
    pub fn whole(&self) -> Range {
        match self.order.by {
            By::Arrival => match self.filter.only_state() {
                Some(state) => Range::only(&BY_STATE, state),
                None => Range::only(&BY_ARRIVAL, self.account),
            },
            By::Day => Range::new(
                &BY_DAY,
                self.filter.issued_from.unwrap_or(CalendarDay::FIRST),
                self.filter.issued_through.unwrap_or(CalendarDay::LAST),
            ),
        }
    }

    fn direction(&self) -> &'static str {
        if self.order.latest_first { "DESC" } else { "ASC" }
    }

    fn order_by(&self, index: &Index) -> String {
        let (Index { column, id, .. }, direction) = (index, self.direction());
        // A word is fixed by an equation, and an order that says no more than the outer query's spares SQLite sorting anew.
        if is_of_words(index) { format!("{id} {direction}") } else { format!("{column} {direction}, {id} {direction}") }
    }

    /// The conditions of what lies behind the place in a stretch. In a table with several indexes none of them fixes the column before the id by an
    /// equation: PostgreSQL would see that the order by it is none, and might walk another index that is in the order of ids, through the rows
    /// of every account. SQLite uses a comparison of pairs only where no equation fixes the first.
    fn behind(&self, sql: &mut Sql, range: &Range) -> String {
        let Index { column, id, .. } = range.index;
        let (behind, value) = (if self.order.latest_first { "<" } else { ">" }, sql.value(range.from.clone()));
        if is_of_words(range.index) {
            let place = self.after.map(|place| format!(" AND {id} {behind} {}", sql.value(place.id))).unwrap_or_default();
            return format!("account_id = $1 AND {column} = {value}{place}");
        }
        let (mut from, mut through) = (format!("{column} >= {value}"), format!("{column} <= {}", sql.value(range.through.clone())));
        if let Some(Place { id: last, day }) = self.after {
            let first = day.map_or(value, |day| sql.value(day));
            let place = format!("({column}, {id}) {behind} ({first}, {})", sql.value(last));
            *(if self.order.latest_first { &mut through } else { &mut from }) = place;
        }
        let account = if *column == BY_ARRIVAL.column { "" } else { "account_id = $1 AND " };
        format!("{account}{from} AND {through}")
    }

    /// The next rows, at most so many. The filter must not go beyond what the order's own index keeps to.
    pub fn rows(&self, mut sql: Sql, most: u64) -> Statement {
        let rows = self.next(&mut sql, &self.whole(), &columns(), most);
        sql.end(&rows)
    }

    /// The next rows of a stretch.
    fn next(&self, sql: &mut Sql, range: &Range, columns: &str, most: u64) -> String {
        let (table, behind, order) = (range.index.table(sql), self.behind(sql, range), self.order_by(range.index));
        format!("SELECT {columns} FROM {table} WHERE {behind} ORDER BY {order} LIMIT {most}")
    }

    /// The ids of the next rows of a source, each once, in the order of the list.
    fn ids(&self, sql: &mut Sql, source: &[Range], most: u64) -> String {
        let mut stretches: Vec<_> =
            source.iter().map(|range| self.next(sql, range, &format!("{} AS found", range.index.id), most)).collect();
        if stretches.len() == 1 {
            return stretches.remove(0);
        }
        let each: Vec<_> = stretches.iter().map(|stretch| format!("SELECT found FROM ({stretch}) AS stretch")).collect();
        let (each, direction) = (each.join(" UNION "), self.direction());
        format!("SELECT found FROM ({each}) AS stretches ORDER BY found {direction} LIMIT {most}")
    }

    /// How far a walk of `window` rows would come in each of these sources of a list by arrival: the last id, if there are so many.
    pub fn reach(&self, mut sql: Sql, sources: &[Source], window: u32) -> Statement {
        let mut columns = Vec::new();
        for source in sources {
            columns.push(format!("({})", self.last(&mut sql, source, window)));
        }
        sql.end(&format!("SELECT {}", columns.join(", ")))
    }

    /// The id of the last of the next `window` rows, if there are so many.
    fn last(&self, sql: &mut Sql, source: &[Range], window: u32) -> String {
        let (ids, direction, before) = (self.ids(sql, source, window.into()), self.direction(), window.saturating_sub(1));
        format!("SELECT found FROM ({ids}) AS ids ORDER BY found {direction} LIMIT 1 OFFSET {before}")
    }

    /// Of the next `window` rows of the source those that meet the filter, at most so many; and in every row of the answer the place where the
    /// window ends, if there are so many rows. One statement, so that both mean the same rows.
    ///
    /// The place comes from the source itself: a line of `invoice_word` whose invoice is gone ends no walk.
    pub fn window(&self, mut sql: Sql, source: &[Range], window: u32, most: u64) -> Statement {
        let columns = columns();
        let (rows, order, edge) = match source {
            [range] if !is_of_words(range.index) => {
                let order = self.order_by(range.index);
                let rows = format!("({}) AS walked", self.next(&mut sql, range, "*", window.into()));
                let edge = self.next(&mut sql, range, &self.place_columns(), 1);
                (rows, order, format!("{edge} OFFSET {}", window.saturating_sub(1)))
            }
            source => {
                let ids = self.ids(&mut sql, source, window.into());
                let edge = self.last(&mut sql, source, window);
                (by_id(&sql, &ids), format!("found {}", self.direction()), format!("SELECT found AS edge FROM ({edge}) AS last"))
            }
        };
        let conditions = self.filter.conditions(&mut sql);
        let again = self.order_by(self.whole().index);
        sql.end(&format!(
            "SELECT * FROM (SELECT 1 AS one) AS one LEFT JOIN ({edge}) AS edge ON TRUE \
             LEFT JOIN (SELECT {columns} FROM {rows} WHERE {conditions} ORDER BY {order} LIMIT {most}) AS met ON TRUE ORDER BY {again}"
        ))
    }

    /// What tells a place: nothing that the order's index has not.
    fn place_columns(&self) -> String {
        match self.order.by {
            By::Arrival => "id AS edge".to_owned(),
            By::Day => "id AS edge, listed_day AS edge_day".to_owned(),
        }
    }

    /// The next rows that meet the filter, at most so many, by looking up those of a candidate that has at most `gathered`.
    pub fn gathered(&self, mut sql: Sql, candidate: &[Range], gathered: u32, most: u64) -> Statement {
        let whole = self.whole();
        let rows = looked_up(&mut sql, candidate, gathered);
        let (behind, conditions) = (self.behind(&mut sql, &whole), self.filter.conditions(&mut sql));
        let (order, columns) = (self.order_by(whole.index), columns());
        sql.end(&format!("SELECT {columns} FROM {rows} WHERE {behind} AND {conditions} ORDER BY {order} LIMIT {most}"))
    }
}

fn is_of_words(index: &Index) -> bool {
    index.table == BY_WORD.table
}
