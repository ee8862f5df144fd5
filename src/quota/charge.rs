//! The charge: one conditional statement decides whether a document fits (S3), in the transaction that stores it.
//!
//! The statement locks the account's space row, so two callers that race for the last bytes are decided one after the other.
//! Received documents are charged unconditionally (S4). Every change of usage is appended to the ledger.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};
use uuid::Uuid;

use super::level::{Level, Thresholds};
use super::{DocumentKind, QuotaError};
use crate::account;
use crate::account::standing::{CapacitySql, Standing, grace_start, standing};
use crate::account::state::{AccountState, Action, Denial, permitted};
use crate::db::entity::{ledger, space};
use crate::db::{Fault, Tx, tenant};
use crate::ids::AccountId;
use crate::notify;
use crate::space::Bytes;

/// A change of usage by one document.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The document.
    pub document: Uuid,
    /// Bytes to add; negative frees them; zero only asks whether a write is permitted.
    pub delta: i64,
}

/// A change of usage by documents of one kind, which are charged together or not at all.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// What kind of documents.
    pub kind: DocumentKind,
    /// The documents.
    pub changes: &'a [Change],
}

impl Charge<'_> {
    fn delta(&self) -> i64 {
        self.changes.iter().map(|change| change.delta).sum()
    }

    /// The documents that change usage: each has its row in the ledger.
    fn counted(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes.iter().filter(|change| change.delta != 0)
    }
}

/// The space row after a charge.
#[derive(Debug, FromQueryResult)]
struct Charged {
    used: Bytes,
    sequence: i64,
    capacity: Bytes,
    told_level: Level,
    suspended: bool,
}

/// Charges documents, or refuses them together with what is needed, free and to be bought.
///
/// Call it last in a transaction: it holds the account's row until the commit.
pub async fn post(tx: &Tx, account: AccountId, thresholds: Thresholds, charge: Charge<'_>) -> Result<(), QuotaError> {
    let Some(charged) = attempt(tx, account, charge).await? else {
        return Err(refusal(tx, account, charge).await?);
    };
    append(tx, account, charge, &charged).await?;
    let told = charged.told_level == thresholds.level(charged.used, charged.capacity);
    if !told || charged.suspended != (charged.used >= charged.capacity) {
        observe(tx, account, thresholds).await?;
    }
    Ok(())
}

/// Frees the bytes of documents whose time is over, whatever state the account is in. Not for what a caller asks to delete.
///
/// Call it last in a transaction, like [`post`].
pub async fn free(tx: &Tx, account: AccountId, thresholds: Thresholds, charges: &[Charge<'_>]) -> Result<(), Fault> {
    for charge in charges {
        let after = change(tx, account, *charge, "").await?;
        append(tx, account, *charge, &after.ok_or_else(|| no_space_row(account))?).await?;
    }
    observe(tx, account, thresholds).await
}

const CAPACITY: CapacitySql = CapacitySql { account_id: "$1", today: "$2", grace: "$3" };

/// A write on sent invoices is refused as soon as usage reaches capacity, when it would cross it, and when the base plan has expired.
#[cfg(not(feature = "naive-charge"))]
fn permission(capacity: CapacitySql) -> String {
    format!(
        " AND used < {capacity} AND used + $4 <= {capacity} \
         AND EXISTS (SELECT 1 FROM service WHERE service.account_id = $1 AND kind = 'base_plan' AND expiry_day >= $2)"
    )
}

/// What the race test must catch: the condition is left out, because `attempt` has looked before.
#[cfg(feature = "naive-charge")]
fn permission(_: CapacitySql) -> String {
    String::new()
}

async fn attempt(tx: &Tx, account: AccountId, charge: Charge<'_>) -> Result<Option<Charged>, DbErr> {
    #[cfg(feature = "naive-charge")]
    if charge.kind == DocumentKind::Sent && naively_refused(tx, account, charge).await? {
        return Ok(None);
    }
    let condition = match charge.kind {
        DocumentKind::Sent => permission(CAPACITY),
        DocumentKind::Received | DocumentKind::Receipt => String::new(),
    };
    change(tx, account, charge, &condition).await
}

/// Changes usage where the condition holds. $1 account, $2 today, $3 the day the grace began, $4 bytes, $5 ledger rows.
async fn change(tx: &Tx, account: AccountId, charge: Charge<'_>, condition: &str) -> Result<Option<Charged>, DbErr> {
    let column = match charge.kind {
        DocumentKind::Sent => "sent",
        DocumentKind::Received => "received",
        DocumentKind::Receipt => "receipts",
    };
    let sql = format!(
        "UPDATE space SET used = used + $4, {column} = {column} + $4, sequence = sequence + $5 WHERE account_id = $1{condition} \
         RETURNING used, sequence, {CAPACITY} AS capacity, told_level, suspended_time IS NOT NULL AS suspended"
    );
    let rows = i64::try_from(charge.counted().count()).unwrap_or(i64::MAX);
    let values = [account.into(), tx.today().into(), grace_start(tx.today()).into(), charge.delta().into(), rows.into()];
    Charged::find_by_statement(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).one(tx).await
}

fn no_space_row(account: AccountId) -> Fault {
    Fault::Broken(format!("{account} has no space row"))
}

/// Read, check, then write: two transactions can both read before either writes.
#[cfg(feature = "naive-charge")]
async fn naively_refused(tx: &Tx, account: AccountId, charge: Charge<'_>) -> Result<bool, DbErr> {
    let found = standing(tx, account, tx.today()).await?;
    Ok(found.is_none_or(|found| {
        let free = i64::try_from(found.capacity.saturating_sub(found.used).get()).unwrap_or(i64::MAX);
        found.exhausted() || charge.delta() > free
    }))
}

/// Why the statement matched no row.
async fn refusal(tx: &Tx, account: AccountId, charge: Charge<'_>) -> Result<QuotaError, Fault> {
    let found = standing(tx, account, tx.today()).await?;
    let found: Standing = found.ok_or_else(|| no_space_row(account))?;
    match permitted(found.state(tx.today()), Action::WriteSentInvoices) {
        Err(denial @ (Denial::AccountExpired | Denial::AccountDeleted)) => Ok(QuotaError::denied(denial, &found)),
        Ok(()) | Err(Denial::SpaceExhausted) => {
            let needed = u64::try_from(charge.delta()).ok().and_then(|delta| Bytes::new(delta).ok()).filter(|needed| *needed > Bytes::ZERO);
            Ok(QuotaError::SpaceExhausted { account, used: found.used, capacity: found.capacity, needed })
        }
    }
}

/// Rows that one statement inserts: databases bind some ten thousand values at most, and each has eight.
const ROWS: usize = 500;

/// A row of the ledger for each document, in their order, up to the usage that the charge ended with.
async fn append(tx: &Tx, account: AccountId, charge: Charge<'_>, charged: &Charged) -> Result<(), Fault> {
    let (mut sequence, mut used_after) = (charged.sequence, charged.used.as_i64());
    let mut rows = Vec::new();
    for change in charge.counted().rev() {
        let used = Bytes::try_from(used_after).map_err(|_| Fault::Broken(format!("usage of {account} would have been {used_after}")))?;
        rows.push(ledger::ActiveModel {
            account_id: Set(account),
            sequence: Set(sequence),
            delta: Set(change.delta),
            used_after: Set(used),
            capacity: Set(charged.capacity),
            kind: Set(charge.kind),
            document_id: Set(change.document),
            created_time: Set(tx.now()),
        });
        (sequence, used_after) = (sequence - 1, used_after - change.delta);
    }
    for rows in rows.chunks(ROWS) {
        ledger::Entity::insert_many(rows.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Takes note of how the account stands after its usage, its capacity or the day changed: tells a level that was crossed upwards once (S5),
/// begins or ends the suspension, and records the account's state.
pub async fn observe(tx: &Tx, account: AccountId, thresholds: Thresholds) -> Result<(), Fault> {
    let found = standing(tx, account, tx.today()).await?;
    let found = found.ok_or_else(|| no_space_row(account))?;
    // A deleted account has no space that could run out: nobody is told that it did, and of what may be done by then.
    if found.state(tx.today()) == AccountState::Deleted {
        return account::record_state(tx, account).await.map(|_| ());
    }
    let level = thresholds.level(found.used, found.capacity);
    let suspended_time = found.suspended_since().or_else(|| found.exhausted().then(|| tx.now()));
    if level != found.told_level || suspended_time != found.suspended_time {
        // Only from the level just read: of two transactions that see the same crossing, one tells it.
        let noted = tenant::update_of::<space::Entity>(account)
            .set(space::ActiveModel { told_level: Set(level), suspended_time: Set(suspended_time), ..Default::default() })
            .filter(space::Column::ToldLevel.eq(found.told_level))
            .exec(tx)
            .await?;
        if noted.rows_affected == 1 && level > found.told_level {
            notify::level_crossed(tx, &found, level).await?;
        }
    }
    account::record_state(tx, account).await.map(|_| ())
}
