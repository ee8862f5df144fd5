//! Where SQLite and PostgreSQL differ, and nowhere else.
//!
//! * Column types: SQLite has no types for UUIDs, times and days; sea-orm and the driver settle on the names below.
//! * Triggers: SQLite writes the refusal into the trigger, PostgreSQL wants a function.
//! * A violated CHECK and a raised refusal look different to the driver.

use sea_orm::DbBackend;

/// Replaces `{uuid}`, `{time}`, `{day}` and `{bytes}` by the database's column types.
#[must_use]
pub fn column_types(backend: DbBackend, sql: &str) -> String {
    let types = match backend {
        DbBackend::Sqlite => ["uuid_text", "timestamp_with_timezone_text", "date_text", "blob"],
        _ => ["uuid", "timestamptz", "date", "bytea"],
    };
    ["{uuid}", "{time}", "{day}", "{bytes}"].iter().zip(types).fold(sql.to_owned(), |sql, (name, kind)| sql.replace(name, kind))
}

/// A rule that the database holds: `event` on `table` is refused with `message` when `condition` holds over OLD and NEW.
///
/// The message begins with the trigger's name, so that the log tells which rule it was.
#[must_use]
pub fn guard(backend: DbBackend, name: &str, event: &str, table: &str, condition: &str, message: &str) -> String {
    match backend {
        DbBackend::Sqlite => {
            format!("CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END")
        }
        _ => format!(
            "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) \
             EXECUTE FUNCTION refuse('{name}: {message}')"
        ),
    }
}

/// What guards need before the first one is made.
#[must_use]
pub fn guard_support(backend: DbBackend) -> Option<&'static str> {
    match backend {
        DbBackend::Sqlite => None,
        _ => Some(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$",
        ),
    }
}
