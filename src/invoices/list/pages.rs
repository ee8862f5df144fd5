//! A page of a list: gathered from a filter's own index, or walked in the list's order, through a filter's own rows if that can be.

use std::cmp::Reverse;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult as _, QueryResult, Statement};

use super::Bounds;
use super::filter::{By, Filter, Order};
use super::sql::{Range, Sql, counts, values};
use super::walk::{Place, Source, Walk};
use crate::ids::{AccountId, InvoiceId};
use crate::invoices::store::Row;
use crate::paging::Page;

/// A page of the account's invoices, and where it ends if there may be more behind it. It may be short, or empty, with more behind it.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    account: AccountId,
    filter: &Filter,
    order: Order,
    page: &Page<Place>,
    bounds: Bounds,
) -> Result<(Vec<Row>, Option<Place>), DbErr> {
    let walk = Walk { account, filter, order, after: page.after };
    let sql = || Sql::about(account, connection.get_database_backend());
    let statement = if filter.goes_beyond(order.by) {
        match matches(connection, account, filter, order.by, bounds).await? {
            Matches::Few(candidate) => walk.gathered(sql(), &candidate, bounds.gathered, page.rows()),
            Matches::Many { misdated } => {
                let source = thinnest(connection, &walk, misdated, bounds).await?;
                return walked(connection, walk, &source, page, bounds).await;
            }
        }
    } else {
        walk.rows(sql(), page.rows())
    };
    let mut rows = Row::find_by_statement(statement).all(connection).await?;
    let end = page.cut(&mut rows, |row| place(order.by, row));
    Ok((rows, end))
}

/// How many rows a filter may show.
pub(super) enum Matches {
    /// Few enough to be gathered: those of this candidate.
    Few(Vec<Range>),
    /// More, by every candidate.
    Many {
        /// Whether words of the account's do not stand under their day.
        misdated: bool,
    },
}

/// Counts each candidate's rows, as far as they can be gathered.
pub(super) async fn matches(
    connection: &impl ConnectionTrait,
    account: AccountId,
    filter: &Filter,
    by: By,
    bounds: Bounds,
) -> Result<Matches, DbErr> {
    let candidates = filter.candidates(by);
    let sql = Sql::about(account, connection.get_database_backend());
    let counted = connection.query_one_raw(counts(sql, &candidates, bounds.gathered)).await?;
    let row = counted.ok_or_else(|| DbErr::RecordNotFound("a query without a table answered no row".to_owned()))?;
    let counted = candidates.into_iter().enumerate().map(|(index, candidate)| Ok((row.try_get_by_index::<i64>(index)?, candidate)));
    let counted = counted.collect::<Result<Vec<_>, DbErr>>()?;
    let fewest = counted.into_iter().min_by_key(|(count, _)| *count);
    Ok(match fewest.filter(|(count, _)| *count <= i64::from(bounds.gathered)) {
        Some((_, candidate)) => Matches::Few(candidate),
        None => Matches::Many { misdated: row.try_get("", "misdated")? },
    })
}

/// What is walked: of the filters that can be walked by themselves the one that comes furthest from here, or else the order's own index.
async fn thinnest(connection: &impl ConnectionTrait, walk: &Walk<'_>, misdated: bool, bounds: Bounds) -> Result<Source, DbErr> {
    let candidates = walk.filter.candidates(walk.order.by);
    let candidates = match walk.order.by {
        By::Arrival => candidates,
        By::Day => candidates.into_iter().filter_map(|candidate| by_day(&candidate, misdated)).collect(),
    };
    let mut sources = in_order(connection, walk.account, &candidates, bounds).await?;
    let furthest = if sources.len() > 1 { furthest(connection, walk, &sources, bounds).await? } else { 0 };
    Ok(if sources.is_empty() { vec![walk.whole()] } else { sources.swap_remove(furthest) })
}

/// The candidate's rows in the order of their days, if they are kept in it, all of them.
fn by_day(candidate: &[Range], misdated: bool) -> Option<Vec<Range>> {
    candidate.iter().map(|range| range.by_day().filter(|range| !(misdated && range.index.is_of_words()))).collect()
}

/// The candidates that have so few values that their rows can be merged in the order of the list.
async fn in_order(
    connection: &impl ConnectionTrait,
    account: AccountId,
    candidates: &[Vec<Range>],
    bounds: Bounds,
) -> Result<Vec<Source>, DbErr> {
    let ranges: Vec<_> = candidates.iter().flatten().filter(|range| !range.is_one_value()).collect();
    let mut apart = taken_apart(connection, account, &ranges, bounds).await?.into_iter();
    let mut sources = Vec::new();
    for candidate in candidates {
        let mut source = Vec::new();
        for range in candidate {
            source.extend(if range.is_one_value() { vec![range.clone()] } else { apart.next().unwrap_or_default() });
        }
        if (1..=bounds.merged as usize).contains(&source.len()) {
            sources.push(source);
        }
    }
    Ok(sources)
}

/// Each range as stretches of one value, at most one more than can be merged.
async fn taken_apart(
    connection: &impl ConnectionTrait,
    account: AccountId,
    ranges: &[&Range],
    bounds: Bounds,
) -> Result<Vec<Vec<Range>>, DbErr> {
    let mut apart = vec![Vec::new(); ranges.len()];
    if ranges.is_empty() {
        return Ok(apart);
    }
    let sql = Sql::about(account, connection.get_database_backend());
    for row in connection.query_all_raw(values(sql, ranges, bounds.merged)).await? {
        let (number, value) = (row.try_get::<i32>("", "stretch")?, row.try_get::<String>("", "value")?);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if let (Some(range), Some(values)) = (ranges.get(number), apart.get_mut(number)) {
            values.push(range.at(&value).ok_or_else(|| DbErr::Type(format!("{value:?} is no {}", range.index.column)))?);
        }
    }
    Ok(apart)
}

/// Which of the sources comes furthest in a window. One that ends before has no last place, and comes furthest of all.
async fn furthest(connection: &impl ConnectionTrait, walk: &Walk<'_>, sources: &[Source], bounds: Bounds) -> Result<usize, DbErr> {
    let sql = Sql::about(walk.account, connection.get_database_backend());
    let Some(row) = connection.query_one_raw(walk.reach(sql, sources, bounds.window)).await? else { return Ok(0) };
    let mut ends = Vec::new();
    for index in 0..sources.len() {
        ends.push((edge(walk.order.by, &row, &index.to_string())?, index));
    }
    let furthest = if walk.order.latest_first {
        ends.into_iter().min_by_key(|(end, _)| *end)
    } else {
        ends.into_iter().min_by_key(|(end, _)| end.map(Reverse))
    };
    Ok(furthest.map_or(0, |(_, index)| index))
}

/// Walks window by window, each behind the end of the one before.
async fn walked(
    connection: &impl ConnectionTrait,
    mut walk: Walk<'_>,
    source: &[Range],
    page: &Page<Place>,
    bounds: Bounds,
) -> Result<(Vec<Row>, Option<Place>), DbErr> {
    let by = walk.order.by;
    // Each value of a source is read as far as the window goes.
    let values = u32::try_from(source.len()).unwrap_or(u32::MAX);
    // Nearly all of a filter's own rows are shown, if it is the only one.
    let own = if source.len() > 1 || source.iter().any(|range| range.index.is_of_words()) { page.rows() } else { u64::MAX };
    let mut window = u32::try_from(own).map_or(bounds.window, |own| own.min(bounds.window));
    let (mut rows, mut walked) = (Vec::new(), 0);
    loop {
        let sql = Sql::about(walk.account, connection.get_database_backend());
        let (met, edge) = met(connection, by, walk.window(sql, source, window, page.rows() - rows.len() as u64)).await?;
        rows.extend(met);
        walked += window * values;
        if let Some(end) = page.cut(&mut rows, |row| place(by, row)) {
            return Ok((rows, Some(end)));
        }
        if edge.is_none() || walked >= bounds.walked {
            return Ok((rows, edge));
        }
        walk.after = edge;
        window *= 2;
    }
}

/// The rows of a window that meet the filter, and where it ends.
async fn met(connection: &impl ConnectionTrait, by: By, window: Statement) -> Result<(Vec<Row>, Option<Place>), DbErr> {
    let (mut met, mut end) = (Vec::new(), None);
    for found in connection.query_all_raw(window).await? {
        end = edge(by, &found, "")?;
        if found.try_get::<Option<InvoiceId>>("", "id")?.is_some() {
            met.push(Row::from_query_result(&found, "")?);
        }
    }
    Ok((met, end))
}

/// The place in the columns `edge` and `edge_day` of this number, if there is one.
fn edge(by: By, row: &QueryResult, number: &str) -> Result<Option<Place>, DbErr> {
    let Some(id) = row.try_get("", &format!("edge{number}"))? else { return Ok(None) };
    let day = match by {
        By::Arrival => None,
        By::Day => row.try_get("", &format!("edge_day{number}"))?,
    };
    Ok(Some(Place { day, id }))
}

fn place(by: By, row: &Row) -> Place {
    let day = match by {
        By::Arrival => None,
        By::Day => Some(row.listed_day),
    };
    Place { day, id: row.id }
}
