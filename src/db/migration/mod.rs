//! The schema: forward only, one set for both databases.

mod m0001_foundation;
mod m0002_findings;
mod m0003_search;
mod m0004_blobs;
mod m0005_tombstones;
mod m0006_numbers_by_arrival;
mod m0007_received_receipts;
mod m0008_filters_by_day;
mod m0009_unreadable_receipts;
mod m0010_payments_under_review;
mod m0011_names_of_tombstones;
mod m0012_archive_keys;

use sea_orm::{ConnectionTrait, DbErr, RuntimeErr};
use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, async_trait};
use sea_orm_migration::sea_orm;

use super::Db;
use super::dialect::Dialect;

struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_findings::Migration),
            Box::new(m0003_search::Migration),
            Box::new(m0004_blobs::Migration),
            Box::new(m0005_tombstones::Migration),
            Box::new(m0006_numbers_by_arrival::Migration),
            Box::new(m0007_received_receipts::Migration),
            Box::new(m0008_filters_by_day::Migration),
            Box::new(m0009_unreadable_receipts::Migration),
            Box::new(m0010_payments_under_review::Migration),
            Box::new(m0011_names_of_tombstones::Migration),
            Box::new(m0012_archive_keys::Migration),
        ]
    }
}

/// How the schema of a database stands to the one this program was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They agree.
    Current,
    /// So many migrations have not been applied.
    Behind(usize),
    /// It holds migrations that this program does not know: a newer one made them.
    Ahead(Vec<String>),
}

/// Compares without changing anything.
pub async fn standing(db: &Db) -> Result<Standing, DbErr> {
    let applied = applied(db).await?;
    let known: Vec<String> = Migrations::migrations().iter().map(|m| m.name().to_owned()).collect();
    let ahead: Vec<String> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    if !ahead.is_empty() {
        return Ok(Standing::Ahead(ahead));
    }
    Ok(match known.len() - applied.len() {
        0 => Standing::Current,
        missing => Standing::Behind(missing),
    })
}

async fn applied(db: &Db) -> Result<Vec<String>, DbErr> {
    let exists = match Dialect::of(db.backend()) {
        Dialect::Sqlite => "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'seaql_migrations'",
        Dialect::Postgres => "SELECT COUNT(*) AS n FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'seaql_migrations'",
    };
    let query = |sql: &str| sea_orm::Statement::from_string(db.backend(), sql);
    let row = db.reader().query_one_raw(query(exists)).await?;
    if row.map(|row| row.try_get::<i64>("", "n")).transpose()? != Some(1) {
        return Ok(Vec::new());
    }
    let rows = db.reader().query_all_raw(query("SELECT version FROM seaql_migrations ORDER BY version")).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

/// Applies the first so many migrations to an empty database: how a database looked that an earlier version made, for tests of upgrades.
pub async fn migrate_first(db: &Db, count: u32) -> Result<(), DbErr> {
    Migrations::up(db.writer(), Some(count)).await
}

/// Any number, the same in every process: replicas that migrate at once take turns.
const ADVISORY_LOCK: i64 = 0x5350_415a_494f;

/// Applies what is missing, and tells how many migrations that were. Several processes may do so at once.
pub async fn migrate(db: &Db) -> Result<usize, DbErr> {
    if Dialect::of(db.backend()) == Dialect::Sqlite {
        return apply(db).await;
    }
    let failed = |error: sea_orm::sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    let pool = db.writer().get_postgres_connection_pool();
    let mut holder = pool.acquire().await.map_err(failed)?;
    let lock = |sql: &'static str| sea_orm::sqlx::query(sql).bind(ADVISORY_LOCK);
    lock("SELECT pg_advisory_lock($1)").execute(&mut *holder).await.map_err(failed)?;
    let result = apply(db).await;
    lock("SELECT pg_advisory_unlock($1)").execute(&mut *holder).await.map_err(failed)?;
    result
}

async fn apply(db: &Db) -> Result<usize, DbErr> {
    let before = applied(db).await?.len();
    Migrations::up(db.writer(), None).await?;
    Ok(applied(db).await?.len() - before)
}
