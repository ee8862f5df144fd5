//! Where SQLite and PostgreSQL differ, and nowhere else.
//!
//! * Column types: SQLite has no types for UUIDs, times and days; sea-orm and the driver settle on the names below.
//! * Triggers: SQLite writes the refusal into the trigger, PostgreSQL wants a function.
//! * Lists: which index a query walks is said to SQLite; PostgreSQL is given a form that leaves it no choice.
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

/// Replaces `{uuid}`, `{time}`, `{day}`, `{bytes}` and `{word}` by the database's column types; a word sorts by its bytes.
#[must_use]
pub fn column_types(dialect: Dialect, sql: &str) -> String {
    let types = match dialect {
        Dialect::Sqlite => ["uuid_text", "timestamp_with_timezone_text", "date_text", "blob", "text"],
        Dialect::Postgres => ["uuid", "timestamptz", "date", "bytea", "text COLLATE \"C\""],
    };
    ["{uuid}", "{time}", "{day}", "{bytes}", "{word}"].iter().zip(types).fold(sql.to_owned(), |sql, (name, kind)| sql.replace(name, kind))
}

/// What follows the name of a column that is always reckoned from its row: the day in `day`, or else the day (UTC) of `time`.
#[must_use]
pub fn day_or_day_of(dialect: Dialect, day: &str, time: &str) -> String {
    match dialect {
        // Only a virtual column can be added to a SQLite table that exists, and only a stored one to PostgreSQL's.
        Dialect::Sqlite => format!("date_text GENERATED ALWAYS AS (COALESCE({day}, substr({time}, 1, 10))) VIRTUAL"),
        Dialect::Postgres => format!("date GENERATED ALWAYS AS (COALESCE({day}, ({time} AT TIME ZONE 'UTC')::date)) STORED"),
    }
}

/// What begins a migration that may take longer than any call.
#[must_use]
pub fn without_hurry(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some("SET LOCAL statement_timeout = 0"),
    }
}

/// What follows the definition of a table that is nothing but its primary key.
#[must_use]
pub fn only_a_key(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => " WITHOUT ROWID",
        Dialect::Postgres => "",
    }
}

/// Seconds since 1970 by the database's own clock.
#[must_use]
pub fn seconds_now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "CAST(strftime('%s', 'now') AS bigint)",
        Dialect::Postgres => "CAST(EXTRACT(EPOCH FROM now()) AS bigint)",
    }
}

/// The texts of a parameter that holds a JSON array, each a row with the column `value`.
#[must_use]
pub fn texts_of_json(dialect: Dialect, parameter: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("json_each({parameter})"),
        Dialect::Postgres => format!("json_array_elements_text(CAST({parameter} AS json)) AS texts (value)"),
    }
}

/// What follows a table's name so that this index is used. PostgreSQL takes no such word: there only an order that no other index has, with a
/// limit, makes it the cheapest way whatever is guessed about the number of rows.
#[must_use]
pub fn by_index(dialect: Dialect, index: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!(" INDEXED BY {index}"),
        Dialect::Postgres => String::new(),
    }
}

/// Each row of `table` that `keys`, a query of the column `found`, names: one look into the unique `index` of account and id for each.
#[must_use]
pub fn looked_up(dialect: Dialect, keys: &str, table: &str, index: &str, account: &str) -> String {
    match dialect {
        Dialect::Sqlite => {
            format!("({keys}) AS keys CROSS JOIN {table} INDEXED BY {index} ON {table}.account_id = {account} AND {table}.id = keys.found")
        }
        Dialect::Postgres => format!(
            "({keys}) AS keys CROSS JOIN LATERAL \
             (SELECT * FROM {table} WHERE account_id = {account} AND {table}.id = keys.found OFFSET 0) AS {table}"
        ),
    }
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

/// The same, unless the query `found`, which may speak of OLD, finds a row. PostgreSQL takes no query in a condition: there each such rule has a
/// function of its own.
#[must_use]
pub fn guard_unless_found(
    dialect: Dialect,
    name: &str,
    event: &str,
    table: &str,
    condition: &str,
    found: &str,
    message: &str,
) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => {
            vec![guard(dialect, name, event, table, &format!("{condition} AND NOT EXISTS ({found})"), message)]
        }
        Dialect::Postgres => vec![
            format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN IF EXISTS ({found}) THEN RETURN OLD; END IF; \
                 RAISE EXCEPTION '{name}: {message}' USING ERRCODE = 'check_violation'; END $$"
            ),
            format!("CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"),
        ],
    }
}

/// The same, if the query `found`, which may speak of NEW, finds a row.
#[must_use]
pub fn guard_if_found(dialect: Dialect, name: &str, event: &str, table: &str, condition: &str, found: &str, message: &str) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => vec![guard(dialect, name, event, table, &format!("{condition} AND EXISTS ({found})"), message)],
        Dialect::Postgres => vec![
            format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN IF EXISTS ({found}) THEN \
                 RAISE EXCEPTION '{name}: {message}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
            ),
            format!("CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"),
        ],
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
