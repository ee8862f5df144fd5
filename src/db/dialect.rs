//! Where SQLite and PostgreSQL differ, and nowhere else.
//!
//! * Column types: SQLite has no types for UUIDs, times and days; sea-orm and the driver settle on the names below.
//! * Triggers: SQLite writes the refusal into the trigger, PostgreSQL wants a function.
//! * A violated CHECK and a raised refusal look different to the driver.

use sea_orm::DbBackend;

/// One of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// The driver's name for it; the crate is built with these two.
    #[must_use]
    pub fn of(backend: DbBackend) -> Self {
        if backend == DbBackend::Sqlite { Self::Sqlite } else { Self::Postgres }
    }
}

/// Replaces `{uuid}`, `{time}`, `{day}` and `{bytes}` by the database's column types.
#[must_use]
pub fn column_types(dialect: Dialect, sql: &str) -> String {
    let types = match dialect {
        Dialect::Sqlite => ["uuid_text", "timestamp_with_timezone_text", "date_text", "blob"],
        Dialect::Postgres => ["uuid", "timestamptz", "date", "bytea"],
    };
    ["{uuid}", "{time}", "{day}", "{bytes}"].iter().zip(types).fold(sql.to_owned(), |sql, (name, kind)| sql.replace(name, kind))
}

/// A rule that the database holds: `event` on `table` is refused with `message` when `condition` holds over OLD and NEW.
///
/// The message begins with the trigger's name, so that the log tells which rule it was.
#[must_use]
pub fn guard(dialect: Dialect, name: &str, event: &str, table: &str, condition: &str, message: &str) -> String {
    match dialect {
        Dialect::Sqlite => {
            format!("CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END")
        }
        Dialect::Postgres => format!(
            "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) \
             EXECUTE FUNCTION refuse('{name}: {message}')"
        ),
    }
}

/// What guards need before the first one is made.
#[must_use]
pub fn guard_support(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$",
        ),
    }
}
