//! How many invoices a filter shows, and what they add up to.

use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DbErr};

use super::Bounds;
use super::filter::{By, Filter};
use super::pages::{Matches, matches};
use super::sql::{Sql, looked_up};
use crate::ids::AccountId;

/// Every invoice that a filter shows, counted and added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub invoices: u64,
    /// By the currency's code, sorted by it.
    pub sums: Vec<(String, Decimal)>,
}

/// Counts and adds up. Its cost grows with the invoices that are shown, or with the account's when they are many.
pub(super) async fn totals(
    connection: &impl ConnectionTrait,
    account: AccountId,
    filter: &Filter,
    bounds: Bounds,
) -> Result<Totals, DbErr> {
    let mut sql = Sql::about(account, connection.get_database_backend());
    let rows = match matches(connection, account, filter, By::Arrival, bounds).await? {
        Matches::Few(candidate) => looked_up(&mut sql, &candidate, bounds.gathered),
        Matches::Many { .. } => "invoice".to_owned(),
    };
    let conditions = filter.conditions(&mut sql);
    // In two parts, millions and the rest, so that no sum of cents can leave a bigint.
    let statement = sql.end(&format!(
        "SELECT currency, COUNT(*) AS invoices, CAST(SUM(total_cents / {PART}) AS bigint) AS millions, \
         CAST(SUM(total_cents % {PART}) AS bigint) AS rest \
         FROM {rows} WHERE invoice.account_id = $1 AND {conditions} GROUP BY currency ORDER BY currency"
    ));
    let mut totals = Totals::default();
    for row in connection.query_all_raw(statement).await? {
        totals.invoices += u64::try_from(row.try_get::<i64>("", "invoices")?).unwrap_or(0);
        let (currency, millions, rest) = (row.try_get("", "currency")?, row.try_get("", "millions")?, row.try_get("", "rest")?);
        if let (Some(currency), Some(millions), Some(rest)) = (currency, millions, rest) {
            totals.sums.push((currency, sum(millions, rest)));
        }
    }
    totals.sums.sort();
    Ok(totals)
}

const PART: i64 = 1_000_000;

fn sum(millions: i64, rest: i64) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(millions) * i128::from(PART) + i128::from(rest), 2)
}
