//! The life of an object: one row for each account and digest, moved by conditional statements only.
//!
//! ```text
//!   uploading --> stored <--> released      a document was committed; was deleted or replaced; was found to be still there
//!       |                        |
//!       +----> deleting <--------+          nobody needs it, and its lease is old: the object is being deleted
//!                 |
//!              deleted                      a tombstone, which keeps the generation
//! ```
//!
//! From deleting and deleted the way back is uploading in the next generation, which is another object.
//!
//! Nothing is lost because whoever commits a document and whoever cleans up change the same row, so that the row's lock puts them one after
//! the other. Who commits first takes the lease anew, and the cleaner's statement matches no more; who cleans first leaves a state in which
//! the commit matches no more, and the document is rolled back.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, ExprTrait as _, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use uuid::Uuid;

use super::objects::ObjectName;
use crate::db::entity::blob::{self, Column, Entity};
use crate::db::{Tx, tenant};
use crate::ids::AccountId;
use crate::words::words;

words! {
    /// Where an object is in its life.
    pub enum BlobState {
        /// Its bytes may be on their way; no document was committed with it yet.
        Uploading = "uploading",
        /// A document needs it.
        Stored = "stored",
        /// A document that needed it was deleted or replaced; perhaps another one needs it.
        Released = "released",
        /// Nobody needs it, and it is being deleted.
        Deleting = "deleting",
        /// It was deleted.
        Deleted = "deleted",
    }
}

/// A deletion that was begun so long ago was cut short, and is begun again.
const LONGEST_DELETION: TimeDelta = TimeDelta::minutes(10);

#[derive(FromQueryResult)]
struct Intended {
    generation: i64,
}

/// $1 account, $2 digest, $3 now.
const INTEND: &str = "
    INSERT INTO blob (account_id, sha256, generation, state, lease_time, created_time) VALUES ($1, $2, 0, 'uploading', $3, $3)
    ON CONFLICT (account_id, sha256) DO UPDATE SET
        generation = CASE WHEN blob.state IN ('deleting', 'deleted') THEN blob.generation + 1 ELSE blob.generation END,
        state = CASE WHEN blob.state IN ('deleting', 'deleted') THEN 'uploading' ELSE blob.state END,
        lease_time = $3
    RETURNING generation";

/// Notes that bytes are about to be uploaded, before they are: from now on the clean-up leaves their object alone for its age limit.
///
/// Returns the generation whose object they are. One that is being deleted, or was, is left behind: a deletion that is still on its way can
/// only meet the generation it was meant for.
pub(super) async fn intend(tx: &Tx, account: AccountId, sha256: &[u8]) -> Result<i64, DbErr> {
    let values = [account.into(), sha256.to_vec().into(), tx.now().into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), INTEND, values);
    let intended = Intended::find_by_statement(statement).one(tx).await?;
    intended.map(|row| row.generation).ok_or_else(|| DbErr::RecordNotInserted)
}

/// A document is committed with this object, in the same transaction. False when the object is being deleted: the transaction must not commit.
///
/// It takes the lease anew, also of what is stored already: a clean-up that waits for this row evaluates its condition again on the new row,
/// but its look at the documents stays that of the moment it began, when this document was not there. The lease is what it then fails on.
pub(super) async fn commit(tx: &Tx, account: AccountId, sha256: &[u8], generation: i64) -> Result<bool, DbErr> {
    let stored = blob::ActiveModel { state: Set(BlobState::Stored), lease_time: Set(tx.now()), ..Default::default() };
    let updated = tenant::update_of::<Entity>(account)
        .set(stored)
        .filter(Column::Sha256.eq(sha256))
        .filter(Column::Generation.eq(generation))
        .filter(Column::State.is_in([BlobState::Uploading, BlobState::Stored, BlobState::Released]))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// A document does not need its object any more; perhaps another one does, which the clean-up finds out.
pub(super) async fn release(tx: &Tx, account: AccountId, sha256: &[u8]) -> Result<(), DbErr> {
    let released = blob::ActiveModel { state: Set(BlobState::Released), lease_time: Set(tx.now()), ..Default::default() };
    let updated =
        tenant::update_of::<Entity>(account).set(released).filter(Column::Sha256.eq(sha256)).filter(Column::State.eq(BlobState::Stored));
    updated.exec(tx).await.map(|_| ())
}

/// Some of what the clean-up must look at, in the order of the key: leases older than `limit`, and deletions that were cut short.
pub(super) async fn waiting(
    connection: &impl ConnectionTrait,
    limit: DateTime<Utc>,
    now: DateTime<Utc>,
    after: Option<(AccountId, Vec<u8>)>,
    most: u64,
) -> Result<Vec<blob::Model>, DbErr> {
    let unneeded = Column::State.is_in([BlobState::Uploading, BlobState::Released]).and(Column::LeaseTime.lt(limit));
    let cut_short = Column::State.eq(BlobState::Deleting).and(Column::LeaseTime.lt(now - LONGEST_DELETION));
    let mut rows = tenant::every::<Entity>().filter(unneeded.or(cut_short)).order_by_asc(Column::AccountId).order_by_asc(Column::Sha256);
    if let Some((account, sha256)) = after {
        let further = Column::AccountId.eq(account).and(Column::Sha256.gt(sha256));
        rows = rows.filter(Column::AccountId.gt(account).or(further));
    }
    rows.limit(most).all(connection).await
}

/// What became of an attempt to take an object for deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is ours to delete.
    Deleting,
    /// A document needs it: it is stored.
    Needed,
    /// Somebody else was faster: it was uploaded again, or another process deletes it.
    Lost,
}

/// That a document needs the object of account $1 and digest $2: one that is known by it, or by it and what it is a copy of, which is not
/// beyond `last`. The kinds are named so that the unique key over them finds it.
fn needed_by(last: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM document WHERE document.account_id = $1 AND document.kind IN ('sent', 'received', 'receipt') \
         AND document.sha256 BETWEEN $2 AND {last} AND document.place = 'object')"
    )
}

/// The last key that a document of this digest can be known by.
fn last_key(sha256: &[u8]) -> Vec<u8> {
    [sha256, &[0xff; size_of::<Uuid>()]].concat()
}

/// Takes an object whose lease is older than `limit` for deletion, if no document needs it.
pub(super) async fn take(tx: &Tx, object: &ObjectName, limit: DateTime<Utc>) -> Result<Taken, DbErr> {
    let ObjectName { account, sha256, generation } = object;
    let values = [(*account).into(), sha256.clone().into(), (*generation).into(), limit.into(), tx.now().into(), last_key(sha256).into()];
    let needed_by = needed_by("$6");
    let run = async |sql: String| {
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values.clone());
        Ok::<_, DbErr>(tx.execute_raw(statement).await?.rows_affected() == 1)
    };
    let this = "WHERE account_id = $1 AND sha256 = $2 AND generation = $3";
    let unneeded = format!(
        "UPDATE blob SET state = 'deleting', lease_time = $5 {this} AND state IN ('uploading', 'released') AND lease_time < $4 AND NOT {needed_by}"
    );
    if run(unneeded).await? {
        return Ok(Taken::Deleting);
    }
    let needed =
        format!("UPDATE blob SET state = 'stored', lease_time = $5 {this} AND state = 'released' AND lease_time < $4 AND {needed_by}");
    Ok(if run(needed).await? { Taken::Needed } else { Taken::Lost })
}

/// Takes an object of which nothing is known for deletion. False when something is known by now.
pub(super) async fn take_stranger(tx: &Tx, object: &ObjectName) -> Result<bool, DbErr> {
    const SQL: &str = "INSERT INTO blob (account_id, sha256, generation, state, lease_time, created_time)
        SELECT $1, $2, $3, 'deleting', $4, $4 WHERE EXISTS (SELECT 1 FROM account WHERE account.id = $1)
        ON CONFLICT (account_id, sha256) DO NOTHING";
    let ObjectName { account, sha256, generation } = object;
    let values = [(*account).into(), sha256.clone().into(), (*generation).into(), tx.now().into()];
    let inserted = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), SQL, values)).await?;
    Ok(inserted.rows_affected() == 1)
}

/// The object is gone; the row stays as its tombstone.
pub(super) async fn deleted(tx: &Tx, object: &ObjectName) -> Result<(), DbErr> {
    let gone = blob::ActiveModel { state: Set(BlobState::Deleted), lease_time: Set(tx.now()), ..Default::default() };
    let updated = tenant::update_of::<Entity>(object.account)
        .set(gone)
        .filter(Column::Sha256.eq(object.sha256.as_slice()))
        .filter(Column::Generation.eq(object.generation))
        .filter(Column::State.eq(BlobState::Deleting));
    updated.exec(tx).await.map(|_| ())
}

/// What is known of an object's account and digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct Known {
    pub generation: i64,
    pub state: BlobState,
    pub lease_time: DateTime<Utc>,
    /// Whether a document says that its bytes are in the object store.
    pub needed: bool,
}

impl Known {
    /// Whether the clean-up should have dealt with it before this moment.
    pub fn waits_since_before(&self, moment: DateTime<Utc>) -> bool {
        match self.state {
            BlobState::Uploading | BlobState::Released | BlobState::Deleting => self.lease_time < moment,
            BlobState::Stored | BlobState::Deleted => false,
        }
    }
}

/// What is known of an account's bytes in the object store, if anything is.
pub(super) async fn known(connection: &impl ConnectionTrait, account: AccountId, sha256: &[u8]) -> Result<Option<Known>, DbErr> {
    let sql =
        format!("SELECT generation, state, lease_time, {} AS needed FROM blob WHERE account_id = $1 AND sha256 = $2", needed_by("$3"));
    let values = [account.into(), sha256.to_vec().into(), last_key(sha256).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Known::find_by_statement(statement).one(connection).await
}

/// Releases an object that is stored, whose lease is older than `limit`, and that no document needs. There is none unless somebody changed the
/// tables by hand.
pub(super) async fn release_unneeded(tx: &Tx, object: &ObjectName, limit: DateTime<Utc>) -> Result<bool, DbErr> {
    let ObjectName { account, sha256, generation } = object;
    let sql = format!(
        "UPDATE blob SET state = 'released' WHERE account_id = $1 AND sha256 = $2 AND generation = $3 AND state = 'stored' \
         AND lease_time < $4 AND NOT {}",
        needed_by("$5")
    );
    let values = [(*account).into(), sha256.clone().into(), (*generation).into(), limit.into(), last_key(sha256).into()];
    Ok(tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?.rows_affected() == 1)
}
