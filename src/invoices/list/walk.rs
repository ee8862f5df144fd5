//! The walk through a list's order, behind a place: the statements of its rows.

use sea_orm::Statement;

use super::filter::{By, Filter, Order};
use super::sql::{BY_ARRIVAL, BY_DAY, BY_STATE, BY_STATE_AND_DAY, Index, Range, Sql, by_id, looked_up};
use crate::clock::CalendarDay;
use crate::ids::{AccountId, InvoiceId};
use crate::invoices::store::columns;
use crate::paging;

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// What is walked: stretches that have every row of the list among theirs, each with its rows in the order of the list.
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
        match (self.order.by, self.filter.only_state()) {
            (By::Arrival, None) => Range::only(&BY_ARRIVAL, self.account),
            (By::Arrival, Some(state)) => Range::only(&BY_STATE, state),
            (By::Day, Some(state)) => Range::only(&BY_STATE_AND_DAY, state),
            (By::Day, None) => {
                let (first, last) = self.days();
                Range::new(&BY_DAY, first, last)
            }
        }
    }

    fn days(&self) -> (CalendarDay, CalendarDay) {
        (self.filter.issued_from.unwrap_or(CalendarDay::FIRST), self.filter.issued_through.unwrap_or(CalendarDay::LAST))
    }

    fn direction(&self) -> &'static str {
        if self.order.latest_first { "DESC" } else { "ASC" }
    }

    fn order_by(&self, index: &Index) -> String {
        // A word is fixed by an equation, and an order that says no more than the outer query's spares SQLite sorting anew.
        self.sorted(&index.key()[usize::from(index.is_of_words())..])
    }

    /// An order by these columns.
    fn sorted(&self, columns: &[&str]) -> String {
        columns.iter().map(|column| format!("{column} {}", self.direction())).collect::<Vec<_>>().join(", ")
    }

    /// The conditions of what lies behind the place in a stretch. In a table with several indexes none of them fixes the column before the id by an
    /// equation: PostgreSQL would see that the order by it is none, and might walk another index that is in the order of ids, through the rows
    /// of every account. SQLite uses a comparison of pairs only where no equation fixes the first.
    fn behind(&self, sql: &mut Sql, range: &Range) -> String {
        let index = range.index;
        let (mut from, mut through) = (vec![range.from.clone()], vec![range.through.clone()]);
        if index.day.is_some() {
            let (first, last) = self.days();
            from.push(first.into());
            through.push(last.into());
        }
        let (mut after, mut before) = (">=", "<=");
        if let Some(Place { id, day }) = self.after {
            // In lists by day the place's day stands behind the value, unless it is the value.
            let mut place = match (day, index.day) {
                (None, _) => vec![range.from.clone()],
                (Some(day), None) => vec![day.into()],
                (Some(day), Some(_)) => vec![range.from.clone(), day.into()],
            };
            place.push(id.into());
            if self.order.latest_first { (before, through) = ("<", place) } else { (after, from) = (">", place) }
        }
        let mut conditions = Vec::new();
        if index.column != BY_ARRIVAL.column {
            conditions.push("account_id = $1".to_owned());
        }
        let fixed = usize::from(index.is_of_words());
        if index.is_of_words() {
            conditions.push(format!("{} = {}", index.column, sql.value(range.from.clone())));
        }
        for (bound, values) in [(after, from), (before, through)] {
            let columns = &index.key()[fixed..values.len()];
            if !columns.is_empty() {
                let values = sql.values(values.into_iter().skip(fixed));
                conditions.push(format!("({}) {bound} ({values})", columns.join(", ")));
            }
        }
        conditions.join(" AND ")
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

    /// What tells a place, in columns of these names: the id, and in lists by day the day.
    fn place_as(&self, index: &Index, id: &str, day: &str) -> String {
        match self.order.by {
            By::Arrival => format!("{} AS {id}", index.id),
            By::Day => format!("{} AS {id}, listed_day AS {day}", index.id),
        }
    }

    /// The places of the next rows of a source, each once, in the order of the list: `found`, and in lists by day `day`.
    fn places(&self, sql: &mut Sql, source: &[Range], most: u64) -> String {
        let place = |range: &Range| self.place_as(range.index, "found", "day");
        let mut stretches: Vec<_> = source.iter().map(|range| self.next(sql, range, &place(range), most)).collect();
        if stretches.len() == 1 {
            return stretches.remove(0);
        }
        let each: Vec<_> = stretches.iter().map(|stretch| format!("SELECT * FROM ({stretch}) AS stretch")).collect();
        format!("SELECT * FROM ({}) AS stretches ORDER BY {} LIMIT {most}", each.join(" UNION "), self.by_place())
    }

    /// The order of the list over the columns of places.
    fn by_place(&self) -> String {
        match self.order.by {
            By::Arrival => self.sorted(&["found"]),
            By::Day => self.sorted(&["day", "found"]),
        }
    }

    /// How far a walk of `window` rows would come in each of these sources: the last place, if there are so many.
    pub fn reach(&self, mut sql: Sql, sources: &[Source], window: u32) -> Statement {
        let mut edges = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let places = self.places(&mut sql, source, window.into());
            let edge = self.edge(&format!("({places}) AS places"), window, &number.to_string());
            edges.push(format!("LEFT JOIN ({edge}) AS edge{number} ON TRUE"));
        }
        sql.end(&format!("SELECT * FROM (SELECT 1 AS one) AS one {}", edges.join(" ")))
    }

    /// The last of the next `window` places, if there are so many, as `edge` and `edge_day` of this number.
    fn edge(&self, places: &str, window: u32, number: &str) -> String {
        let columns = match self.order.by {
            By::Arrival => format!("found AS edge{number}"),
            By::Day => format!("found AS edge{number}, day AS edge_day{number}"),
        };
        let (order, before) = (self.by_place(), window.saturating_sub(1));
        format!("SELECT {columns} FROM {places} ORDER BY {order} LIMIT 1 OFFSET {before}")
    }

    /// Of the next `window` rows of the source those that meet the filter, at most so many; and in every row of the answer the place where the
    /// window ends, if there are so many rows. One statement, so that both mean the same rows.
    ///
    /// The place comes from the source itself: a line of `invoice_word` whose invoice is gone ends no walk.
    pub fn window(&self, mut sql: Sql, source: &[Range], window: u32, most: u64) -> Statement {
        let columns = columns();
        let (with, rows, edge) = match source {
            [range] if !range.index.is_of_words() => {
                let rows = format!("({}) AS walked", self.next(&mut sql, range, "*", window.into()));
                let edge = self.next(&mut sql, range, &self.place_as(range.index, "edge", "edge_day"), 1);
                (String::new(), rows, format!("{edge} OFFSET {}", window.saturating_sub(1)))
            }
            source => {
                // It is asked twice, and so both databases read it once.
                let with = format!("WITH walked AS ({}) ", self.places(&mut sql, source, window.into()));
                (with, by_id(&sql, "SELECT * FROM walked"), self.edge("walked", window, ""))
            }
        };
        let mut conditions = self.filter.conditions(&mut sql);
        if source.iter().any(|range| range.index.is_of_words() && range.index.day.is_some()) {
            // A line of another day than its invoice's would show it out of order.
            conditions.push_str(" AND listed_day = day");
        }
        let order = self.order_by(self.whole().index);
        sql.end(&format!(
            "{with}SELECT * FROM (SELECT 1 AS one) AS one LEFT JOIN ({edge}) AS edge ON TRUE \
             LEFT JOIN (SELECT {columns} FROM {rows} WHERE {conditions} ORDER BY {order} LIMIT {most}) AS met ON TRUE ORDER BY {order}"
        ))
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
