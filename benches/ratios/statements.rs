//! What CreateSentInvoice asks of a database, statement by statement, by hand.
//!
//! One text for both: pgbench and SQLite take parameters as `:name`. The audit at the end of each comparison proves that whoever ran
//! these kept the same books as the server.

/// The edge looks the account up, outside the transaction. pgbench draws its ids in the same round trip, in `{drawn}`.
pub const LOOK_UP: &str = "SELECT account.language, account.purchase_time, account.state, space.used, space.sent, space.received,
    space.receipts, space.told_level, space.suspended_time, base.expiry_day, {drawn}
    (SELECT CAST(COALESCE(SUM(space_bytes), 0) AS bigint) FROM service WHERE service.account_id = account.id
        AND ((kind = 'base_plan' AND expiry_day >= :grace) OR (kind = 'space_pack' AND expiry_day >= :today))) AS capacity_then,
    (SELECT MAX(expiry_day) FROM service WHERE service.account_id = account.id AND kind = 'space_pack' AND expiry_day < :today) AS last
    FROM account JOIN space ON space.account_id = account.id
    JOIN service base ON base.account_id = account.id AND base.kind = 'base_plan' WHERE account.id = :account";

/// The file.
pub const DOCUMENT: &str = "INSERT INTO document (id, account_id, kind, file_name, sha256, size, created_time, content)
    VALUES (:document, :account, 'sent', :name, :sha256, :size, :now, :content)
    ON CONFLICT (account_id, kind, sha256) DO NOTHING";

/// What the list shows of it.
pub const INVOICE: &str = "INSERT INTO invoice (id, account_id, direction, state, file_name, size, sha256, format, document_type, number,
    issue_day, seller_name, seller_vat, buyer_name, buyer_vat, counterpart, words, total_cents, currency, documents, problems, version,
    created_time, updated_time, words_day)
    VALUES (:document, :account, 'sent', 'draft', :name, :size, :sha256, 'FPR12', 'TD01', '17/2026', :today, 'Officine Rossi S.r.l.',
    'IT01234567897', 'Caffè Bianchi S.p.A.', 'IT09876543217', ' caffe bianchi spa it09876543217 09876543217', ' td01 172026', 12200, 'EUR', 1, '', 1, :now, :now,
    :today)
    RETURNING *";

/// The words it is found by, as many as a usual invoice has; `{dated}` and `{others}` are the database's way to take a JSON array apart.
pub const WORDS: &str = "INSERT INTO invoice_word (account_id, word, invoice_id, listed_day)
    SELECT :account, value, :document, :today FROM {dated} UNION ALL SELECT :account, value, :document, NULL FROM {others}";

/// The counterpart's words and the type, which stand under the invoice's day too.
pub const DATED: &str = r#"["caffe","bianchi","spa","it09876543217","09876543217","td01"]"#;

/// Twenty others.
pub const OTHERS: &str = r#"["172026","17","2026","carta","per","stampanti","rif","4711","consegna","in","sede","prezzo","gia","scontato",
    "fornitura","ricorrente","it0123456789700017xml","it01234567897","00017","xml"]"#;

/// The charge: one conditional statement (S3).
pub const CHARGE: &str = "UPDATE space SET used = used + :size, sent = sent + :size, sequence = sequence + 1
    WHERE account_id = :account AND used < {capacity} AND used + :size <= {capacity}
    AND EXISTS (SELECT 1 FROM service WHERE service.account_id = :account AND kind = 'base_plan' AND expiry_day >= :today)
    RETURNING used, sequence, {capacity} AS capacity, told_level, suspended_time IS NOT NULL AS suspended";

/// What stands for `{capacity}` (S2).
pub const CAPACITY: &str = "(SELECT CAST(COALESCE(SUM(space_bytes), 0) AS bigint) FROM service WHERE service.account_id = :account
    AND ((kind = 'base_plan' AND expiry_day >= :grace) OR (kind = 'space_pack' AND expiry_day >= :today)))";

/// The ledger's line.
pub const LEDGER: &str = "INSERT INTO ledger (account_id, sequence, delta, used_after, capacity, kind, document_id, created_time)
    VALUES (:account, :sequence, :size, :used, :capacity, 'sent', :document, :now)";

/// The answer, kept for a repetition.
pub const REQUEST: &str = "INSERT INTO request (scope, request_id, digest, answer, created_time)
    VALUES (:account, :request, :sha256, :answer, :now) ON CONFLICT (scope, request_id) DO NOTHING";

/// About as long as an answer is.
pub const ANSWER_BYTES: usize = 420;
/// The day of the tests' clock, and the day 90 days before.
pub const TODAY: &str = "2026-03-16";
/// The day before which a base plan's space is gone.
pub const GRACE: &str = "2025-12-16";

/// The charge with its capacity.
pub fn charge() -> String {
    CHARGE.replace("{capacity}", CAPACITY)
}
