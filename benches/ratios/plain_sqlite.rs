//! SQLite without anything around it: one connection, prepared statements, the same durability.

use std::time::Instant;

use rusqlite::{Connection, named_params};
use spazio::clock::Clock;
use spazio::ids::{AccountId, Ids};
use uuid::Uuid;

use crate::comparison::per_second;
use crate::statements::{ANSWER_BYTES, DATED, DOCUMENT, GRACE, INVOICE, LEDGER, LOOK_UP, OTHERS, REQUEST, TODAY, WORDS, charge};

const NOW: &str = "2026-03-16 09:00:00+00:00";

/// The connection, and for whom it writes.
pub struct Plain {
    connection: Connection,
    account: Uuid,
    ids: Ids,
    content: Vec<u8>,
    size: i64,
}

impl Plain {
    /// Opens the file as the server does.
    pub fn open(url: &str, account: AccountId, content: Vec<u8>, size: i64) -> Self {
        let path = url.strip_prefix("sqlite://").expect("a SQLite URL");
        let connection = Connection::open(path).expect("the file");
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000")
            .expect("the settings");
        Self { connection, account: account.0, ids: Ids::new(Clock::system()), content, size }
    }

    /// Stores so many invoices, one after the other; how many a second.
    pub fn rate(&mut self, count: usize) -> f64 {
        let begin = Instant::now();
        for _ in 0..count {
            self.create().expect("stored");
        }
        per_second(count, begin)
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        let (document, request): (Uuid, Uuid) = (self.ids.next(), self.ids.next());
        let (document, request, account) = (document.as_bytes(), request.as_bytes(), self.account.as_bytes());
        // Unlike any other, as a digest is.
        let sha256 = [*document, *request].concat();
        let name = format!("{}.xml", Uuid::from_bytes(*document));
        let answer = [0_u8; ANSWER_BYTES];
        let (connection, size) = (&self.connection, self.size);

        let look_up = LOOK_UP.replace("{drawn}", "");
        let mut statement = connection.prepare_cached(&look_up)?;
        statement.query_row(named_params! {":account": account, ":today": TODAY, ":grace": GRACE}, |row| row.get::<_, i64>(3))?;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        connection.prepare_cached(DOCUMENT)?.execute(named_params! {
            ":document": document, ":account": account, ":name": name, ":sha256": sha256, ":size": size, ":now": NOW, ":content": self.content,
        })?;
        let mut statement = connection.prepare_cached(INVOICE)?;
        let shown = named_params! {
            ":document": document, ":account": account, ":name": name, ":size": size, ":sha256": sha256, ":today": TODAY, ":now": NOW,
        };
        statement.query_row(shown, |row| row.get::<_, String>("state"))?;
        let words = WORDS.replace("{dated}", "json_each(:dated)").replace("{others}", "json_each(:others)");
        connection.prepare_cached(&words)?.execute(named_params! {
            ":account": account, ":document": document, ":today": TODAY, ":dated": DATED, ":others": OTHERS,
        })?;
        let mut statement = connection.prepare_cached(&charge())?;
        let charged = named_params! {":account": account, ":size": size, ":today": TODAY, ":grace": GRACE};
        let (used, sequence, capacity): (i64, i64, i64) =
            statement.query_row(charged, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        connection.prepare_cached(LEDGER)?.execute(named_params! {
            ":account": account, ":sequence": sequence, ":size": size, ":used": used, ":capacity": capacity, ":document": document, ":now": NOW,
        })?;
        connection.prepare_cached(REQUEST)?.execute(named_params! {
            ":account": account, ":request": request, ":sha256": sha256, ":answer": answer, ":now": NOW,
        })?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}
