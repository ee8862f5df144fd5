//! A database of the test's own: a file in its folder, or a clone of a template in the PostgreSQL that `SPAZIO_TEST_POSTGRES` names.

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fmt};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, QueryResult, Statement};
use spazio::clock::Clock;
use spazio::config::Config;
use spazio::db::{Db, migration};
use tokio::sync::OnceCell;

/// The databases that Spazio runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database with the schema of this program and nothing in it.
pub struct TestDatabase {
    /// Where it is.
    pub url: String,
    /// Which one it is.
    pub engine: Engine,
}

impl TestDatabase {
    /// A fresh one. On SQLite the server itself makes the schema.
    pub async fn fresh(engine: Engine, folder: &Path) -> Self {
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}", folder.join("spazio.db").display()),
            Engine::Postgres => cloned().await,
        };
        Self { url, engine }
    }

    /// One without the schema.
    pub async fn empty(engine: Engine, folder: &Path) -> Self {
        let url = match engine {
            Engine::Sqlite => return Self::fresh(engine, folder).await,
            Engine::Postgres => created("empty", "template0").await,
        };
        Self { url, engine }
    }

    /// A connection past the server: for looking, and for trying what the server never would.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    /// Runs a statement past the server; returns how many rows it changed.
    pub async fn execute(&self, sql: &str) -> Result<u64, DbErr> {
        let connection = self.connect().await;
        let done = connection.execute_unprepared(sql).await;
        connection.close().await?;
        done.map(|done| done.rows_affected())
    }

    /// The rows of a query past the server.
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let connection = self.connect().await;
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("the connection closes");
        rows
    }

    /// The one number that a query finds.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows[0].try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// How SQL writes an id.
    pub fn id(&self, id: uuid::Uuid) -> String {
        match self.engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("CAST('{id}' AS uuid)"),
        }
    }

    /// Throws everybody out and lets nobody in (PostgreSQL).
    pub async fn goes_away(&self) {
        let name = self.name();
        administer(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        administer(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    }

    /// Lets everybody in again.
    pub async fn comes_back(&self) {
        administer(format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name())).await;
    }

    fn name(&self) -> &str {
        self.url.rsplit_once('/').expect("the URL ends with the name").1
    }

    /// Drops it. A test that fails leaves its database to be looked at; the next run drops it.
    pub async fn drop(self) {
        match self.engine {
            Engine::Sqlite => {}
            Engine::Postgres => administer(format!("DROP DATABASE {} WITH (FORCE)", self.name())).await,
        }
    }
}

/// What the names of all our databases begin with; the process that made one follows.
const PREFIX: &str = "spazio_it";

fn maintenance_url() -> String {
    env::var("SPAZIO_TEST_POSTGRES")
        .expect("SPAZIO_TEST_POSTGRES does not name a throw-away PostgreSQL: `./run-tests` starts one, and sets it")
}

fn url_of(name: impl fmt::Display) -> String {
    let maintenance = maintenance_url();
    let (server, _) = maintenance.rsplit_once('/').expect("the URL ends with the name of the maintenance database");
    format!("{server}/{name}")
}

/// A clone of the template, which is made once in a process: a copy takes a fraction of what the migrations take.
async fn cloned() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(template).await;
    created("test", template).await
}

async fn template() -> String {
    drop_what_dead_processes_left().await;
    let url = created("template", "template0").await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = Config::for_testing(&url, folder.path());
    let db = Db::open(&config.database, Clock::system()).await.unwrap_or_else(|error| panic!("{error}"));
    migration::migrate(&db).await.expect("an empty database can be migrated");
    db.close().await.expect("the template is closed: an open one cannot be cloned");
    url.rsplit_once('/').expect("the URL ends with the name").1.to_owned()
}

/// Creates a database of this process and tells its URL.
async fn created(purpose: &str, template: &str) -> String {
    static CREATED: AtomicU32 = AtomicU32::new(0);
    let number = CREATED.fetch_add(1, Ordering::Relaxed);
    let name = format!("{PREFIX}_{}_{purpose}_{number}", process::id());
    administer(format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    url_of(name)
}

async fn drop_what_dead_processes_left() {
    let maintenance = TestDatabase { url: maintenance_url(), engine: Engine::Postgres };
    for row in maintenance.rows(&format!("SELECT datname::text FROM pg_database WHERE datname LIKE '{PREFIX}\\_%'")).await {
        let name: String = row.try_get_by_index(0).expect("a name");
        let process = name.split('_').nth(2).expect("the process's number");
        if !Path::new("/proc").join(process).exists() {
            administer(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

async fn administer(sql: String) {
    let maintenance = TestDatabase { url: maintenance_url(), engine: Engine::Postgres };
    maintenance.execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap_or_else(|error| panic!("no connection to {url}: {error}"))
}
