//! How an account stands: its usage, capacity and expiry at a moment, in one statement.
//!
//! Capacity is by definition a sum over what the account has bought (S2); it is never stored, so an expiry needs no job to take effect.

use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use super::state::{AccountState, standing as state_of};
use crate::clock::CalendarDay;
use crate::ids::AccountId;
use crate::notify::language::Language;
use crate::quota::level::Level;
use crate::space::Bytes;

/// How long after its base plan's expiry an account keeps its space and can be reactivated (N).
pub const GRACE_DAYS: u32 = 90;

/// The numbers by which the tax agency knows an account's holder: at least one of them.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Holder {
    /// The VAT number with its country's code before it.
    pub vat_number: Option<String>,
    /// The fiscal code.
    pub fiscal_code: Option<String>,
}

/// An account at a moment.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Standing {
    /// The account.
    pub account: AccountId,
    /// Who the tax agency knows its holder as.
    #[sea_orm(nested)]
    pub holder: Holder,
    /// Its language.
    pub language: Language,
    /// When its base plan was purchased.
    pub purchase_time: DateTime<Utc>,
    /// The state last recorded; the one in force is [`Standing::state`].
    pub recorded: AccountState,
    /// Bytes stored.
    pub used: Bytes,
    /// Of these, in sent invoices.
    pub sent: Bytes,
    /// Of these, in received invoices.
    pub received: Bytes,
    /// Of these, in receipts.
    pub receipts: Bytes,
    /// The level the account was told of last.
    pub told_level: Level,
    /// Since when it is recorded as suspended.
    pub suspended_time: Option<DateTime<Utc>>,
    /// Bytes the account may store on the day asked for.
    pub capacity: Bytes,
    /// The base plan's expiry.
    pub base_expiry: CalendarDay,
    /// The last day on which a space pack expired, if one did.
    pub last_pack_expiry: Option<CalendarDay>,
}

impl Standing {
    /// The state in force on `today`.
    #[must_use]
    pub fn state(&self, today: CalendarDay) -> AccountState {
        state_of(self.used, self.capacity, self.base_expiry, today)
    }

    /// Whether usage has reached capacity.
    #[must_use]
    pub fn exhausted(&self) -> bool {
        self.used >= self.capacity
    }

    /// Since when the account is suspended, if it is: as recorded, or, when no call has met it since,
    /// from the day after its last pack expired.
    #[must_use]
    pub fn suspended_since(&self) -> Option<DateTime<Utc>> {
        let since = self.suspended_time.or_else(|| self.last_pack_expiry.map(|day| day.plus_days(1).start()));
        since.filter(|_| self.exhausted())
    }
}

/// SQL for the capacity of the account `account_id` on the day `$today`, the base plan counting while its expiry is not before `$grace`.
///
/// One text for reading and for charging, so that both mean the same by capacity.
#[derive(Clone, Copy, Debug)]
pub struct CapacitySql {
    /// The column or placeholder with the account's id.
    pub account_id: &'static str,
    /// The placeholder of the day.
    pub today: &'static str,
    /// The placeholder of the day [`GRACE_DAYS`] earlier.
    pub grace: &'static str,
}

impl fmt::Display for CapacitySql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "(SELECT CAST(COALESCE(SUM(space_bytes), 0) AS bigint) FROM service WHERE service.account_id = {} \
             AND ((kind = 'base_plan' AND expiry_day >= {}) OR (kind = 'space_pack' AND expiry_day >= {})))",
            self.account_id, self.grace, self.today
        )
    }
}

/// The day before which a base plan must have expired for its space to be gone.
#[must_use]
pub fn grace_start(today: CalendarDay) -> CalendarDay {
    today.minus_days(GRACE_DAYS)
}

/// How the account stands on `today`; none when there is no such account.
pub async fn standing(connection: &impl ConnectionTrait, account: AccountId, today: CalendarDay) -> Result<Option<Standing>, DbErr> {
    let sql = format!("{} WHERE account.id = $3", select());
    let values = [today.into(), grace_start(today).into(), account.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Standing::find_by_statement(statement).one(connection).await
}

/// How the accounts after `after` stand on `today`, oldest first.
pub async fn standings_after(
    connection: &impl ConnectionTrait,
    after: Option<AccountId>,
    limit: u32,
    today: CalendarDay,
) -> Result<Vec<Standing>, DbErr> {
    let after = after.unwrap_or(AccountId(uuid::Uuid::nil()));
    let sql = format!("{} WHERE account.id > $3 ORDER BY account.id LIMIT $4", select());
    let values = [today.into(), grace_start(today).into(), after.into(), i64::from(limit).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Standing::find_by_statement(statement).all(connection).await
}

fn select() -> String {
    let capacity = CapacitySql { account_id: "account.id", today: "$1", grace: "$2" };
    format!(
        "SELECT account.id AS account, account.vat_number, account.fiscal_code, account.language, account.purchase_time, \
         account.state AS recorded, \
         space.used, space.sent, space.received, space.receipts, space.told_level, space.suspended_time, \
         base.expiry_day AS base_expiry, {capacity} AS capacity, \
         (SELECT MAX(expiry_day) FROM service WHERE service.account_id = account.id AND kind = 'space_pack' AND expiry_day < $1) \
         AS last_pack_expiry \
         FROM account JOIN space ON space.account_id = account.id \
         JOIN service base ON base.account_id = account.id AND base.kind = 'base_plan'"
    )
}
