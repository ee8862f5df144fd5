//! A page of a list: gathered from a filter's own index, or walked in the list's order.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult as _, Statement};

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
    let walk = Walk { filter, order, after: page.after };
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

/// Walks window by window, each behind the last row of the one before.
async fn walked(
    connection: &impl ConnectionTrait,
    account: AccountId,
    mut walk: Walk<'_>,
    page: &Page<Place>,
    bounds: Bounds,
) -> Result<(Vec<Row>, Option<Place>), DbErr> {
    let by = walk.order.by;
    let (mut rows, mut window, mut walked) = (Vec::new(), bounds.window, 0);
    loop {
        let sql = Sql::about(account, connection.get_database_backend());
        let (met, edge) = met(connection, walk.window(sql, window, page.rows() - rows.len() as u64)).await?;
        rows.extend(met);
        walked += window;
        if let Some(end) = page.cut(&mut rows, |row| place(by, row)) {
            return Ok((rows, Some(end)));
        }
        let edge = edge.map(|row| place(by, &row));
        if edge.is_none() || walked >= bounds.walked {
            return Ok((rows, edge));
        }
        walk.after = edge;
        window *= 2;
    }
}

/// The rows of a window that meet the filter, and its last row.
async fn met(connection: &impl ConnectionTrait, window: Statement) -> Result<(Vec<Row>, Option<Row>), DbErr> {
    let (mut met, mut edge) = (Vec::new(), None);
    for found in connection.query_all_raw(window).await? {
        let row = Row::from_query_result(&found, "")?;
        match found.try_get::<i32>("", "edge")? {
            0 => met.push(row),
            _ => edge = Some(row),
        }
    }
    Ok((met, edge))
}

fn place(by: By, row: &Row) -> Place {
    let day = match by {
        By::Arrival => None,
        By::Day => Some(row.listed_day),
    };
    Place { day, id: row.id }
}
