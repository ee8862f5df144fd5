//! The one door for writes.
//!
//! Every write runs in an explicit transaction inside a detached task that the caller only awaits: a call that is cancelled
//! drops its wait, never the transaction in the middle, so no connection goes back to the pool with one open.

use std::any::Any;
use std::panic::resume_unwind;
use std::time::Duration;

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::Db;
use super::entity::document::Reference;
use super::once::{self, Record};
use sea_orm_migration::prelude::async_trait;

use crate::clock::{CalendarDay, Clock};
use crate::ids::Ids;
use crate::meters::WriteOutcome;

/// A transaction that is open for writing, with the moment it works at.
///
/// Only [`Db`] makes one, and a function that writes asks for one: so nothing writes outside a transaction.
/// It gives no access to gateways or mail: what leaves the process is queued here and sent after the commit.
pub struct Tx {
    transaction: DatabaseTransaction,
    now: chrono::DateTime<chrono::Utc>,
    ids: Ids,
}

impl Tx {
    /// The moment this transaction works at: one for all of it.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.now
    }

    /// The day of [`Tx::now`] in Europe/Rome.
    #[must_use]
    pub fn today(&self) -> CalendarDay {
        CalendarDay::of(self.now)
    }

    /// A new id.
    #[must_use]
    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.ids.next()
    }

    /// Ids and randomness.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.ids
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}

/// What went wrong that the caller did not cause.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database refused or failed; nothing was committed.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The connection broke at the commit: it may have happened or not.
    #[error("the outcome of the commit is not known: {0}")]
    OutcomeUnknown(DbErr),
    /// The write waited for its turn until the call's time was over; nothing was done.
    #[error("the write found no turn within the call's time")]
    NoTurn,
    /// Another transaction took away what this one had just found; nothing was done.
    #[error("another transaction was in the way")]
    Overtaken,
    /// The object store did not do what it was asked for; nothing was committed.
    #[error("the object store: {0}")]
    StoreUnavailable(String),
    /// A stored document cannot be opened by this process: a key is not configured, or a newer program sealed it. Nothing is lost.
    #[error("{document} cannot be opened: {what}")]
    Sealed {
        /// The document.
        document: Reference,
        /// What is missing.
        what: String,
    },
    /// A stored document is not there, does not match its digest, or cannot be decompressed.
    #[error("{document} is damaged: {what}")]
    Damaged {
        /// The document.
        document: Reference,
        /// What does not match.
        what: String,
    },
    /// Something that must hold does not: the transaction was rolled back.
    #[error("broken invariant: {0}")]
    Broken(String),
}

/// The request_id was used before, with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request_id was used before with another request")]
pub struct Reuse;

/// An error that a write can end with: a room's own, which can carry a [`Fault`].
pub trait Failure: From<DbErr> + From<Fault> + Send + 'static {
    /// The database's error in it, by which the door decides whether to try again.
    fn fault(&self) -> Option<&Fault>;
}

impl Failure for Fault {
    fn fault(&self) -> Option<&Fault> {
        Some(self)
    }
}

/// What a write does: repeatable, so it captures nothing and gets its input.
pub trait TxFn<'c, I: 'c, T, E>: Fn(&'c Tx, &'c I) -> Self::Fut {
    /// The future it returns.
    type Fut: Future<Output = Result<T, E>> + Send;
}

impl<'c, F, Fut, I: 'c, T, E> TxFn<'c, I, T, E> for F
where
    F: Fn(&'c Tx, &'c I) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send,
{
    type Fut = Fut;
}

/// The longest a background write may take, its retries included.
const BACKGROUND_LIMIT: Duration = Duration::from_secs(30);
/// How long after its deadline an attempt may still run: the database ends every statement long before, unless the network between has
/// broken, and then the turn and the connection must not be held for ever.
const LAST_ATTEMPT: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How an attempt ended without the value.
pub(super) enum Refused<E> {
    /// The closure refused, or a fault that trying again does not cure.
    Error(E),
    /// The effect was undone because its request_id has an answer already.
    AnsweredBefore,
}

impl Db {
    /// Runs `f` in one write transaction for a background job; `op` names it in the log.
    ///
    /// Commits when `f` succeeds and rolls back when it fails. Serialization failures and a busy database are tried again.
    pub async fn write<I, F, T, E>(&self, op: &'static str, input: I, f: F) -> Result<T, E>
    where
        F: for<'c> TxFn<'c, I, T, E> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        match self.detached(op, Instant::now() + BACKGROUND_LIMIT, input, f, |_| None).await {
            Ok(value) => Ok(value),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::AnsweredBefore) => unreachable!("without a record there is nothing to collide with"),
        }
    }

    /// Waits for a turn, then runs the attempts in a task of their own, so that a cancelled caller changes nothing.
    pub(super) async fn detached<I, F, T, E, K>(
        &self,
        op: &'static str,
        deadline: Instant,
        input: I,
        f: F,
        keep: K,
    ) -> Result<T, Refused<E>>
    where
        F: for<'c> TxFn<'c, I, T, E> + Send + Sync + 'static,
        K: Fn(&T) -> Option<Record> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let db = self.clone();
        let asked = Instant::now();
        let turn = timeout_at(deadline, self.inner.writes.acquire()).await;
        let Ok(Ok(turn)) = turn else {
            self.inner.meters.write(op, WriteOutcome::NoTurn, asked.elapsed());
            return Err(Refused::Error(Fault::NoTurn.into()));
        };
        turn.forget();
        let task = self.inner.under_way.spawn(async move {
            let _turn = Turn(&db);
            let attempts = db.attempts(op, deadline, &input, &f, &keep);
            let result = timeout_at(deadline + LAST_ATTEMPT, attempts).await.unwrap_or_else(|_| {
                let silent = DbErr::Custom(format!("{op}: the database stopped answering in the middle"));
                Err(Refused::Error(Fault::OutcomeUnknown(silent).into()))
            });
            db.inner.meters.write(op, outcome(&result), asked.elapsed());
            result
        });
        match task.await {
            Ok(result) => result,
            Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic() as Box<dyn Any + Send>),
            // The runtime is going down with the write in it: nobody knows whether it was committed.
            Err(ended) => Err(Refused::Error(Fault::OutcomeUnknown(DbErr::Custom(ended.to_string())).into())),
        }
    }

    async fn attempts<I, F, T, E, K>(&self, op: &'static str, deadline: Instant, input: &I, f: &F, keep: &K) -> Result<T, Refused<E>>
    where
        F: for<'c> TxFn<'c, I, T, E> + Send + Sync,
        K: Fn(&T) -> Option<Record> + Send + Sync,
        I: Send + Sync,
        T: Send,
        E: Failure,
    {
        let mut pause = FIRST_PAUSE;
        loop {
            let result = self.attempt(input, f, keep).await;
            let Err(Refused::Error(error)) = &result else { return result };
            let again = matches!(error.fault(), Some(Fault::Database(error)) if retryable(error));
            if !again || Instant::now() + pause >= deadline {
                return result;
            }
            tracing::debug!(op, "write tried again after a conflict");
            self.inner.meters.write_again(op);
            // Callers that collided once must not meet again in step.
            let jitter = self.inner.ids.ten_digits() % 1000;
            let half = pause / 2;
            sleep(half + Duration::from_micros(jitter * u64::try_from(pause.as_millis()).unwrap_or(0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt<I, F, T, E, K>(&self, input: &I, f: &F, keep: &K) -> Result<T, Refused<E>>
    where
        F: for<'c> TxFn<'c, I, T, E>,
        K: Fn(&T) -> Option<Record>,
        E: Failure,
    {
        let refused = |error: DbErr| Refused::Error(E::from(error));
        let tx = self.begin().await.map_err(refused)?;
        let done = match f(&tx, input).await {
            Ok(value) => match keep(&value) {
                None => Ok(value),
                Some(record) => match once::keep(&tx, record).await {
                    Ok(true) => Ok(value),
                    Ok(false) => Err(Refused::AnsweredBefore),
                    Err(error) => Err(refused(error)),
                },
            },
            Err(error) => Err(Refused::Error(error)),
        };
        match done {
            Ok(value) => match tx.transaction.commit().await {
                Ok(()) => Ok(value),
                Err(error) if retryable(&error) => Err(refused(error)),
                Err(error) => Err(Refused::Error(Fault::OutcomeUnknown(error).into())),
            },
            Err(refusal) => {
                // If this fails the connection is broken, and the database rolls back by itself.
                let _ = tx.transaction.rollback().await;
                Err(refusal)
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where a transaction begins")]
    async fn begin(&self) -> Result<Tx, DbErr> {
        // IMMEDIATE: a deferred SQLite transaction that turns into a writer is refused at once if another one writes.
        let immediate = (self.backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
        let transaction = self.writer().begin_with_options(options).await?;
        let clock: &Clock = &self.inner.clock;
        Ok(Tx { transaction, now: clock.now(), ids: self.inner.ids.clone() })
    }
}

/// How a write ended, for the counters.
fn outcome<T, E: Failure>(result: &Result<T, Refused<E>>) -> WriteOutcome {
    match result {
        Ok(_) => WriteOutcome::Committed,
        Err(Refused::AnsweredBefore) => WriteOutcome::Repeated,
        Err(Refused::Error(error)) => match error.fault() {
            None => WriteOutcome::Refused,
            Some(Fault::Database(_) | Fault::Overtaken | Fault::StoreUnavailable(_)) => WriteOutcome::Failed,
            Some(Fault::NoTurn) => WriteOutcome::NoTurn,
            Some(Fault::OutcomeUnknown(_)) => WriteOutcome::Unknown,
            Some(Fault::Damaged { .. } | Fault::Sealed { .. } | Fault::Broken(_)) => WriteOutcome::Broken,
        },
    }
}

/// Gives a write's turn back when its task ends, also by a panic.
struct Turn<'a>(&'a Db);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.inner.writes.add_permits(1);
    }
}

/// Whether the same transaction may succeed if it is tried again: it lost against another one and was rolled back whole.
fn retryable(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    error.as_database_error().is_some_and(lost_a_race)
}

fn lost_a_race(error: &dyn DatabaseError) -> bool {
    const SQLITE_BUSY: i32 = 5;
    const SQLITE_LOCKED: i32 = 6;
    let Some(code) = error.code() else { return false };
    if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        // serialization_failure, deadlock_detected
        matches!(&*code, "40001" | "40P01")
    } else {
        // The low byte of an extended code is the primary one.
        code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, SQLITE_BUSY | SQLITE_LOCKED))
    }
}
