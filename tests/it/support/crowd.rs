//! Many invoices at once, written past the server: for what must not depend on how many there are.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use spazio::ids::AccountId;

use super::{Engine, TestDatabase};

/// So many invoices of every crowd are rare, spread over all of it: rejected, of type TD16, by `zanzibar`, of 424242.42 euro and about an
/// `ornitorinco`.
const RARE: u32 = 20;

impl TestDatabase {
    /// Gives an account so many invoices. Of the usual ones half are received, one in 200 is by `quaglia`, one in 200 has the
    /// number 12, and all are about `fornitura`.
    ///
    /// No documents rest behind them, and the books know nothing of them.
    pub async fn crowd(&self, account: AccountId, count: u32) {
        let connection = self.connect().await;
        for sql in statements(self.engine, account, count) {
            run(&connection, &sql).await;
        }
        connection.close().await.expect("it closes");
    }
}

async fn run(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn statements(engine: Engine, account: AccountId, count: u32) -> Vec<String> {
    let rare = count / RARE;
    // An id is 16 bytes: the account's last five, which are random, and the row's number, so that ids sort as they arrived.
    let hex = account.0.simple().to_string();
    let (own, account) = (&hex[22..], hex.as_str());
    let (numbers, id, account, day, words) = match engine {
        Engine::Sqlite => (
            format!(
                "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) SELECT n FROM numbers)"
            ),
            format!("unhex('{own}' || printf('%022x', n))"),
            format!("unhex('{account}')"),
            "date('2024-01-01', '+' || (n * 367 % 730) || ' days')",
            r#"json_each('["' || replace(trim(counterpart || words), ' ', '","') || '"]') AS each"#,
        ),
        Engine::Postgres => (
            format!("(SELECT CAST(n AS bigint) AS n FROM generate_series(1, {count}) AS numbers (n))"),
            format!("CAST('{own}' || lpad(to_hex(n), 22, '0') AS uuid)"),
            format!("CAST('{account}' AS uuid)"),
            "date '2024-01-01' + CAST(n * 367 % 730 AS int)",
            "regexp_split_to_table(trim(counterpart || words), ' ') AS each (value)",
        ),
    };
    let is_rare = format!("n % {rare} = 0");
    let invoices = format!(
        "INSERT INTO invoice (id, account_id, direction, state, file_name, size, sha256, format, document_type, number, issue_day,
            seller_name, seller_vat, buyer_name, buyer_vat, counterpart, words, total_cents, currency, documents, problems, version,
            created_time, updated_time, words_day)
        SELECT {id}, {account}, CASE WHEN {is_rare} OR n % 2 = 0 THEN 'sent' ELSE 'received' END,
            CASE WHEN {is_rare} THEN 'rejected' WHEN n % 2 = 0 THEN 'delivered' ELSE 'received' END,
            'IT01234567897_' || n || '.xml', 8000, '', 'FPR12', CASE WHEN {is_rare} THEN 'TD16' ELSE 'TD01' END, 
            CASE WHEN n % 200 = 2 THEN '12' ELSE 'FT/' || n END, {day},
            'Officine Rossi S.r.l.', 'IT01234567897', 'Cliente ' || (n % 997), 'IT09876543217',
            CASE WHEN {is_rare} THEN ' zanzibar' WHEN n % 200 = 1 THEN ' quaglia' ELSE ' cliente' || (n % 997) END || ' srl',
            CASE WHEN {is_rare} THEN ' td16 ornitorinco' ELSE ' td01' END || ' ft' || n || ' fornitura materiale vario',
            CASE WHEN {is_rare} THEN 42424242 ELSE n * 7919 % 1000000 END, 'EUR', 1, '', 1, {now}, {now}, {day} FROM {numbers} AS numbers",
        now = "'2026-03-16T09:00:00+00:00'",
    );
    let index = format!(
        "INSERT INTO invoice_word (account_id, word, invoice_id, listed_day) SELECT account_id, value, invoice.id,
            CASE WHEN counterpart LIKE '% ' || value || '%' OR value LIKE 'td__' THEN listed_day END
        FROM invoice, {words} WHERE account_id = {account} ORDER BY 1, 2, 3"
    );
    let without_documents = match engine {
        Engine::Sqlite => "PRAGMA foreign_keys = OFF",
        Engine::Postgres => "ALTER TABLE invoice DROP CONSTRAINT IF EXISTS invoice_id_fkey",
    };
    let kept_up = match engine {
        Engine::Sqlite => None,
        // As the server's own housekeeping does.
        Engine::Postgres => Some("VACUUM ANALYZE invoice, invoice_word".to_owned()),
    };
    [without_documents.to_owned(), invoices, index].into_iter().chain(kept_up).collect()
}
