//! What was found in a document is stored with it; numbers are issued once; names are given; receipts tell more.
//!
//! Safe while replicas of the version before still run: new columns have defaults, and the keys their statements rely on stay as they are.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::prelude::{DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::sea_orm;

use crate::db::dialect::{self, Dialect};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let dialect = Dialect::of(manager.get_database_backend());
        let (receipt, moves_away) = match dialect {
            Dialect::Sqlite => (RECEIPT_REBUILT, "DROP TRIGGER invoice_moves"),
            Dialect::Postgres => (RECEIPT_ALTERED, "DROP TRIGGER invoice_moves ON invoice"),
        };
        for sql in [INVOICE, FINDINGS, ISSUED, NAMES, receipt, RECEIPTS, &[moves_away]].concat() {
            connection.execute_unprepared(&dialect::column_types(dialect, sql)).await?;
        }
        let (name, event, table, condition, message) = MOVES;
        connection.execute_unprepared(&dialect::guard(dialect, name, event, table, condition, message)).await?;
        Ok(())
    }
}

const INVOICE: &[&str] = &[
    "ALTER TABLE invoice ADD COLUMN refused bigint NOT NULL DEFAULT 0 CONSTRAINT invoice_refused CHECK (refused >= 0)",
    "ALTER TABLE invoice ADD COLUMN advice bigint NOT NULL DEFAULT 0 CONSTRAINT invoice_advice CHECK (advice >= 0)",
    "ALTER TABLE invoice ADD COLUMN copied_from {uuid} REFERENCES invoice (id)",
    "ALTER TABLE invoice ADD COLUMN answer text CONSTRAINT invoice_answer CHECK (answer IN ('accepted', 'refused', 'term_passed'))",
    "ALTER TABLE invoice ADD COLUMN rejections {bytes}",
    // A rejected invoice is copied once.
    "CREATE UNIQUE INDEX invoice_copied_once ON invoice (copied_from) WHERE copied_from IS NOT NULL",
];

const FINDINGS: &[&str] = &[
    // What was found in an invoice's file, as the contract's own message. Beside the invoice, so that no list reads it.
    "CREATE TABLE judgement (
        invoice_id {uuid} PRIMARY KEY REFERENCES invoice (id),
        account_id {uuid} NOT NULL REFERENCES account (id),
        content {bytes} NOT NULL
    )",
];

const ISSUED: &[&str] = &[
    // The numbers that sent invoices have taken, one row for each invoice of a file; released when the SdI rejects it or its recipient
    // refuses it.
    "CREATE TABLE issued (
        invoice_id {uuid} NOT NULL REFERENCES invoice (id),
        place bigint NOT NULL CONSTRAINT issued_place CHECK (place > 0),
        account_id {uuid} NOT NULL REFERENCES account (id),
        seller text NOT NULL,
        credit_note boolean NOT NULL,
        period text NOT NULL,
        number text NOT NULL,
        issue_day {day} NOT NULL,
        released boolean NOT NULL,
        PRIMARY KEY (invoice_id, place)
    )",
    // A number is issued once (00404): by seller, kind, and year or day.
    "CREATE UNIQUE INDEX issued_once ON issued (account_id, seller, credit_note, period, number) WHERE NOT released",
    "CREATE INDEX issued_number ON issued (account_id, number)",
    // Of what was queued before: the first invoice of each file, of equal ones the first that was stored. Of rejected ones none.
    "INSERT INTO issued (invoice_id, place, account_id, seller, credit_note, period, number, issue_day, released)
        SELECT id, 1, account_id, seller_vat, document_type IN ('TD04', 'TD08'), substr(CAST(issue_day AS text), 1, 4), number, issue_day,
            1 = 0
        FROM invoice
        WHERE state IN ('queued', 'sent', 'delivered', 'not_delivered')
            AND seller_vat IS NOT NULL AND number IS NOT NULL AND issue_day IS NOT NULL AND document_type IS NOT NULL
        ORDER BY id
        ON CONFLICT DO NOTHING",
];

const NAMES: &[&str] = &[
    // The last progressive that was given to a sender's files, whichever account they are of.
    "CREATE TABLE file_name_series (
        sender text PRIMARY KEY,
        last bigint NOT NULL CONSTRAINT file_name_series_last CHECK (last > 0)
    )",
    // A draft may be without a name.
    "DROP INDEX document_sent_name",
    "CREATE UNIQUE INDEX document_sent_name ON document (account_id, file_name) WHERE kind = 'sent' AND file_name <> ''",
    // The SdI's messages may write a name in another case.
    "CREATE INDEX document_sent_upper ON document (account_id, upper(file_name)) WHERE kind = 'sent' AND file_name <> ''",
];

const RECEIPT_REBUILT: &[&str] = &[
    "CREATE TABLE receipt_rebuilt (
        id {uuid} PRIMARY KEY REFERENCES document (id),
        account_id {uuid} NOT NULL REFERENCES account (id),
        kind text CONSTRAINT receipt_kind CHECK
            (kind IN ('RC', 'NS', 'MC', 'NE', 'DT', 'AT', 'MT', 'EC', 'SE')),
        file_name text NOT NULL,
        invoice_file_name text,
        invoice_id {uuid} REFERENCES invoice (id),
        sdi_identifier text,
        size bigint NOT NULL,
        created_time {time} NOT NULL,
        answer text CONSTRAINT receipt_answer CHECK (answer IN ('accepted', 'refused', 'term_passed')),
        description text,
        rejections {bytes}
    )",
    "INSERT INTO receipt_rebuilt (id, account_id, kind, file_name, invoice_file_name, invoice_id, sdi_identifier, size, created_time)
        SELECT id, account_id, kind, file_name, invoice_file_name, invoice_id, sdi_identifier, size, created_time FROM receipt",
    "DROP TABLE receipt",
    "ALTER TABLE receipt_rebuilt RENAME TO receipt",
    "CREATE INDEX receipt_invoice ON receipt (account_id, invoice_id)",
];

const RECEIPT_ALTERED: &[&str] = &[
    "ALTER TABLE receipt DROP CONSTRAINT receipt_kind",
    "ALTER TABLE receipt ADD CONSTRAINT receipt_kind CHECK (kind IN ('RC', 'NS', 'MC', 'NE', 'DT', 'AT', 'MT', 'EC', 'SE'))",
    "ALTER TABLE receipt ADD COLUMN answer text CONSTRAINT receipt_answer CHECK (answer IN ('accepted', 'refused', 'term_passed'))",
    "ALTER TABLE receipt ADD COLUMN description text",
    "ALTER TABLE receipt ADD COLUMN rejections {bytes}",
];

const RECEIPTS: &[&str] = &[
    // A receipt waits while its invoice is a draft: it is applied when that is queued.
    "UPDATE receipt SET invoice_id = NULL WHERE invoice_id IN (SELECT id FROM invoice WHERE state = 'draft')",
    "UPDATE receipt SET answer = 'term_passed' WHERE kind = 'DT'",
    "UPDATE invoice SET answer = 'term_passed' WHERE id IN (SELECT invoice_id FROM receipt WHERE kind = 'DT')",
    "CREATE UNIQUE INDEX receipt_arrival ON receipt (account_id, id)",
    "CREATE INDEX receipt_waiting ON receipt (account_id, upper(invoice_file_name)) WHERE invoice_id IS NULL",
    "CREATE INDEX receipt_identifier ON receipt (account_id, sdi_identifier)",
];

/// As before, and a message that says more than a rejection moves on from it.
const MOVES: (&str, &str, &str, &str, &str) = (
    "invoice_moves",
    "UPDATE OF state",
    "invoice",
    "OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ('draft>queued', 'queued>sent', 'queued>delivered', \
     'queued>not_delivered', 'queued>rejected', 'sent>delivered', 'sent>not_delivered', 'sent>rejected', 'not_delivered>delivered', \
     'rejected>not_delivered', 'rejected>delivered')",
    "this change of an invoice is not allowed",
);
