//! A page of a list: gathered from a filter's own index, or walked in the list's order.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult as _, QueryResult};

use super::Bounds;
use super::filter::{By, Filter, Order};
use super::sql::{Place, Range, Sql, Walk, counts};
use crate::ids::AccountId;
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
    if filter.excludes_all() {
        return Ok((Vec::new(), None));
    }
    let walk = Walk { filter, order, after: page.after, through: None };
    let sql = || Sql::about(account, connection.get_database_backend());
    let statement = if !filter.goes_beyond(order.by) {
        walk.rows(sql(), page.rows())
    } else if let Some(candidate) = few(connection, account, filter, order.by, bounds).await? {
        walk.gathered(sql(), &candidate, bounds.gathered, page.rows())
    } else {
        return walked(connection, account, walk, page, bounds).await;
    };
    let mut rows = Row::find_by_statement(statement).all(connection).await?;
    let end = page.cut(&mut rows, |row| place(order.by, row));
    Ok((rows, end))
}

/// The candidate with the fewest rows, if it is few enough to be gathered.
pub(super) async fn few(
    connection: &impl ConnectionTrait,
    account: AccountId,
    filter: &Filter,
    by: By,
    bounds: Bounds,
) -> Result<Option<Vec<Range>>, DbErr> {
    let candidates = filter.candidates(by);
    if candidates.is_empty() {
        return Ok(None);
    }
    let sql = Sql::about(account, connection.get_database_backend());
    let Some(row) = connection.query_one_raw(counts(sql, &candidates, bounds.gathered)).await? else { return Ok(None) };
    let counted = candidates.into_iter().enumerate().map(|(index, candidate)| Ok((row.try_get_by_index::<i64>(index)?, candidate)));
    let counted = counted.collect::<Result<Vec<_>, DbErr>>()?;
    let fewest = counted.into_iter().min_by_key(|(count, _)| *count);
    Ok(fewest.filter(|(count, _)| *count <= i64::from(bounds.gathered)).map(|(_, candidate)| candidate))
}

/// Walks window by window. Each window's end is a place that was looked up before its rows: what comes or goes meanwhile moves no row out of
/// one window that is not in the next.
async fn walked(
    connection: &impl ConnectionTrait,
    account: AccountId,
    mut walk: Walk<'_>,
    page: &Page<Place>,
    bounds: Bounds,
) -> Result<(Vec<Row>, Option<Place>), DbErr> {
    let sql = || Sql::about(account, connection.get_database_backend());
    let (mut rows, mut window, mut walked) = (Vec::new(), bounds.window, 0);
    loop {
        let edge = connection.query_one_raw(walk.edge(sql(), window)).await?;
        walk.through = edge.map(|edge| edge_place(walk.order.by, &edge)).transpose()?;
        let missing = page.rows() - rows.len() as u64;
        rows.extend(Row::find_by_statement(walk.rows(sql(), missing)).all(connection).await?);
        walked += window;
        if let Some(end) = page.cut(&mut rows, |row| place(walk.order.by, row)) {
            return Ok((rows, Some(end)));
        }
        if walk.through.is_none() || walked >= bounds.walked {
            return Ok((rows, walk.through));
        }
        walk = Walk { after: walk.through, through: None, ..walk };
        window *= 2;
    }
}

fn place(by: By, row: &Row) -> Place {
    let day = match by {
        By::Arrival => None,
        By::Day => Some(row.listed_day),
    };
    Place { day, id: row.id }
}

fn edge_place(by: By, row: &QueryResult) -> Result<Place, DbErr> {
    let day = match by {
        By::Arrival => None,
        By::Day => Some(row.try_get("", "listed_day")?),
    };
    Ok(Place { day, id: row.try_get("", "id")? })
}
