//! The first schema.
//!
//! Money is whole cents, space is whole bytes, both bigint; times are UTC; days are days in Europe/Rome.
//! Whatever the code promises of money and bytes is promised here again: keys, checks, allowed moves, an append-only ledger.

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
        let tables = [ACCOUNTS, SPACE, DOCUMENTS, ORDERS, PAYMENTS, PLUMBING].concat();
        for sql in tables {
            connection.execute_unprepared(&dialect::column_types(dialect, sql)).await?;
        }
        if let Some(sql) = dialect::guard_support(dialect) {
            connection.execute_unprepared(sql).await?;
        }
        for (name, event, table, condition, message) in GUARDS {
            connection.execute_unprepared(&dialect::guard(dialect, name, event, table, condition, message)).await?;
        }
        Ok(())
    }
}

const ACCOUNTS: &[&str] = &[
    "CREATE TABLE account (
        id {uuid} PRIMARY KEY,
        company text NOT NULL,
        vat_number text UNIQUE,
        fiscal_code text UNIQUE,
        email text NOT NULL,
        language text NOT NULL CONSTRAINT account_language CHECK (language IN ('it', 'en')),
        base_plan text NOT NULL,
        state text NOT NULL CONSTRAINT account_state CHECK (state IN ('active', 'suspended', 'expired', 'deleted')),
        version bigint NOT NULL CONSTRAINT account_version CHECK (version > 0),
        purchase_time {time} NOT NULL,
        created_time {time} NOT NULL,
        updated_time {time} NOT NULL,
        CONSTRAINT account_known_to_the_tax_agency CHECK (vat_number IS NOT NULL OR fiscal_code IS NOT NULL)
    )",
    "CREATE TABLE mandate (
        id {uuid} PRIMARY KEY,
        account_id {uuid} NOT NULL REFERENCES account (id),
        method text NOT NULL CONSTRAINT mandate_method CHECK (method IN ('card', 'paypal')),
        token text NOT NULL,
        created_time {time} NOT NULL,
        UNIQUE (account_id, method, token)
    )",
    "CREATE TABLE service (
        id {uuid} PRIMARY KEY,
        account_id {uuid} NOT NULL REFERENCES account (id),
        kind text NOT NULL CONSTRAINT service_kind CHECK (kind IN ('base_plan', 'space_pack', 'module', 'additional_users')),
        product text NOT NULL,
        quantity bigint NOT NULL CONSTRAINT service_quantity CHECK (quantity > 0),
        space_bytes bigint NOT NULL CONSTRAINT service_space CHECK (space_bytes >= 0),
        activation_day {day} NOT NULL,
        expiry_day {day} NOT NULL,
        term_years bigint NOT NULL CONSTRAINT service_term CHECK (term_years BETWEEN 1 AND 10),
        mandate_id {uuid} REFERENCES mandate (id),
        created_time {time} NOT NULL,
        CONSTRAINT service_days CHECK (expiry_day >= activation_day)
    )",
    "CREATE INDEX service_account ON service (account_id)",
    "CREATE UNIQUE INDEX service_one_base_plan ON service (account_id) WHERE kind = 'base_plan'",
    "CREATE UNIQUE INDEX service_module_once ON service (account_id, product) WHERE kind = 'module'",
    "CREATE INDEX service_renewing ON service (expiry_day) WHERE mandate_id IS NOT NULL",
    "CREATE INDEX service_expiry ON service (expiry_day)",
];

const SPACE: &[&str] = &[
    "CREATE TABLE space (
        account_id {uuid} PRIMARY KEY REFERENCES account (id),
        used bigint NOT NULL,
        sent bigint NOT NULL CONSTRAINT space_sent CHECK (sent >= 0),
        received bigint NOT NULL CONSTRAINT space_received CHECK (received >= 0),
        receipts bigint NOT NULL CONSTRAINT space_receipts CHECK (receipts >= 0),
        sequence bigint NOT NULL CONSTRAINT space_sequence CHECK (sequence >= 0),
        told_level text NOT NULL CONSTRAINT space_told_level CHECK (told_level IN ('ok', 'warning', 'critical', 'exhausted')),
        suspended_time {time},
        CONSTRAINT space_sum CHECK (used = sent + received + receipts)
    )",
    "CREATE TABLE ledger (
        account_id {uuid} NOT NULL REFERENCES account (id),
        sequence bigint NOT NULL CONSTRAINT ledger_sequence CHECK (sequence > 0),
        delta bigint NOT NULL CONSTRAINT ledger_delta CHECK (delta <> 0),
        used_after bigint NOT NULL CONSTRAINT ledger_used_after CHECK (used_after >= 0),
        capacity bigint NOT NULL,
        kind text NOT NULL CONSTRAINT ledger_kind CHECK (kind IN ('sent', 'received', 'receipt')),
        document_id {uuid} NOT NULL,
        created_time {time} NOT NULL,
        PRIMARY KEY (account_id, sequence)
    )",
];

const DOCUMENTS: &[&str] = &[
    // The content comes last: SQLite then reads the rest of a row without touching its overflow pages.
    "CREATE TABLE document (
        id {uuid} PRIMARY KEY,
        account_id {uuid} NOT NULL REFERENCES account (id),
        kind text NOT NULL CONSTRAINT document_kind CHECK (kind IN ('sent', 'received', 'receipt')),
        file_name text NOT NULL,
        sha256 {bytes} NOT NULL,
        size bigint NOT NULL CONSTRAINT document_size CHECK (size > 0),
        created_time {time} NOT NULL,
        content {bytes} NOT NULL,
        UNIQUE (account_id, kind, sha256)
    )",
    "CREATE UNIQUE INDEX document_sent_name ON document (account_id, file_name) WHERE kind = 'sent'",
    "CREATE TABLE invoice (
        id {uuid} PRIMARY KEY REFERENCES document (id),
        account_id {uuid} NOT NULL REFERENCES account (id),
        direction text NOT NULL CONSTRAINT invoice_direction CHECK (direction IN ('sent', 'received')),
        state text NOT NULL CONSTRAINT invoice_state
            CHECK (state IN ('draft', 'queued', 'sent', 'delivered', 'not_delivered', 'rejected', 'received')),
        file_name text NOT NULL,
        size bigint NOT NULL,
        sha256 {bytes} NOT NULL,
        format text,
        document_type text,
        number text,
        issue_day {day},
        seller_name text,
        seller_vat text,
        seller_fiscal_code text,
        buyer_name text,
        buyer_vat text,
        buyer_fiscal_code text,
        counterpart text NOT NULL,
        total_cents bigint,
        currency text,
        documents bigint NOT NULL,
        problems text NOT NULL,
        sdi_identifier text,
        version bigint NOT NULL CONSTRAINT invoice_version CHECK (version > 0),
        created_time {time} NOT NULL,
        updated_time {time} NOT NULL,
        CONSTRAINT invoice_life CHECK ((direction = 'received') = (state = 'received'))
    )",
    // Ids begin with the time of arrival: this is the order of the list.
    "CREATE UNIQUE INDEX invoice_arrival ON invoice (account_id, id)",
    "CREATE INDEX invoice_number ON invoice (account_id, number)",
    "CREATE TABLE receipt (
        id {uuid} PRIMARY KEY REFERENCES document (id),
        account_id {uuid} NOT NULL REFERENCES account (id),
        kind text CONSTRAINT receipt_kind CHECK
            (kind IN ('RC', 'NS', 'MC', 'NE', 'DT', 'AT', 'MT')),
        file_name text NOT NULL,
        invoice_file_name text,
        invoice_id {uuid} REFERENCES invoice (id),
        sdi_identifier text,
        size bigint NOT NULL,
        created_time {time} NOT NULL
    )",
    "CREATE INDEX receipt_invoice ON receipt (account_id, invoice_id)",
];

const ORDERS: &[&str] = &[
    "CREATE TABLE cart (
        id {uuid} PRIMARY KEY,
        account_id {uuid} NOT NULL REFERENCES account (id),
        quantity_gb bigint NOT NULL CONSTRAINT cart_quantity CHECK (quantity_gb BETWEEN 1 AND 1000),
        term_years bigint NOT NULL CONSTRAINT cart_term CHECK (term_years BETWEEN 1 AND 10),
        extension boolean NOT NULL,
        additional_users bigint NOT NULL CONSTRAINT cart_users CHECK (additional_users BETWEEN 0 AND 1000),
        modules text NOT NULL,
        order_id {uuid},
        version bigint NOT NULL CONSTRAINT cart_version CHECK (version > 0),
        created_time {time} NOT NULL,
        updated_time {time} NOT NULL
    )",
    "CREATE INDEX cart_account ON cart (account_id, id)",
    // cart_id refers to nothing: the cart of a cancelled order may be discarded.
    "CREATE TABLE purchase (
        id {uuid} PRIMARY KEY,
        account_id {uuid} NOT NULL REFERENCES account (id),
        number text NOT NULL UNIQUE,
        kind text NOT NULL CONSTRAINT purchase_kind CHECK (kind IN ('purchase', 'renewal')),
        state text NOT NULL CONSTRAINT purchase_state
            CHECK (state IN ('placed', 'awaiting_payment', 'completed', 'cancelled', 'lapsed')),
        cart_id {uuid},
        renewed_expiry_day {day},
        term_years bigint NOT NULL CONSTRAINT purchase_term CHECK (term_years BETWEEN 1 AND 10),
        net_cents bigint NOT NULL CONSTRAINT purchase_net CHECK (net_cents >= 0),
        total_cents bigint NOT NULL,
        method text CONSTRAINT purchase_method CHECK (method IN ('card', 'paypal', 'bank_transfer', 'postal_slip')),
        mandate_id {uuid} REFERENCES mandate (id),
        terms text NOT NULL,
        version bigint NOT NULL CONSTRAINT purchase_version CHECK (version > 0),
        created_time {time} NOT NULL,
        confirmed_time {time},
        completed_time {time},
        lapse_time {time},
        CONSTRAINT purchase_total CHECK (total_cents >= net_cents),
        CONSTRAINT purchase_confirmed CHECK (state <> 'awaiting_payment' OR (method IS NOT NULL AND confirmed_time IS NOT NULL)),
        CONSTRAINT purchase_completed CHECK ((state = 'completed') = (completed_time IS NOT NULL)),
        CONSTRAINT purchase_renewal CHECK ((kind = 'renewal') = (renewed_expiry_day IS NOT NULL))
    )",
    "CREATE INDEX purchase_account ON purchase (account_id, id)",
    "CREATE INDEX purchase_lapsing ON purchase (lapse_time) WHERE state IN ('placed', 'awaiting_payment')",
    // One renewal per account and expiry (N2), also when two replicas look at the same moment.
    "CREATE UNIQUE INDEX purchase_one_renewal ON purchase (account_id, renewed_expiry_day) WHERE kind = 'renewal'",
    "CREATE TABLE purchase_line (
        purchase_id {uuid} NOT NULL REFERENCES purchase (id),
        line bigint NOT NULL,
        account_id {uuid} NOT NULL REFERENCES account (id),
        kind text NOT NULL CONSTRAINT purchase_line_kind CHECK (kind IN ('new_pack', 'new_module', 'new_users', 'extension', 'renewal')),
        product text NOT NULL,
        service_id {uuid} REFERENCES service (id),
        quantity bigint NOT NULL CONSTRAINT purchase_line_quantity CHECK (quantity > 0),
        months bigint NOT NULL CONSTRAINT purchase_line_months CHECK (months > 0),
        yearly_cents bigint NOT NULL CONSTRAINT purchase_line_yearly CHECK (yearly_cents >= 0),
        net_cents bigint NOT NULL CONSTRAINT purchase_line_net CHECK (net_cents >= 0),
        vat_basis_points bigint NOT NULL CONSTRAINT purchase_line_vat CHECK (vat_basis_points BETWEEN 0 AND 10000),
        old_expiry_day {day},
        new_expiry_day {day} NOT NULL,
        PRIMARY KEY (purchase_id, line),
        CONSTRAINT purchase_line_service CHECK ((service_id IS NOT NULL) = (kind IN ('extension', 'renewal')))
    )",
    // What an order granted: the key makes each line grant once.
    "CREATE TABLE granted (
        purchase_id {uuid} NOT NULL,
        line bigint NOT NULL,
        account_id {uuid} NOT NULL REFERENCES account (id),
        service_id {uuid} NOT NULL REFERENCES service (id),
        expiry_before {day},
        expiry_after {day} NOT NULL,
        created_time {time} NOT NULL,
        PRIMARY KEY (purchase_id, line),
        -- Two grants of a service never begin at the same expiry: each adds to the one before.
        UNIQUE (service_id, expiry_before),
        FOREIGN KEY (purchase_id, line) REFERENCES purchase_line (purchase_id, line)
    )",
];

const PAYMENTS: &[&str] = &[
    "CREATE TABLE charge (
        id {uuid} PRIMARY KEY,
        account_id {uuid} NOT NULL REFERENCES account (id),
        purchase_id {uuid} NOT NULL REFERENCES purchase (id),
        mandate_id {uuid} NOT NULL REFERENCES mandate (id),
        amount_cents bigint NOT NULL CONSTRAINT charge_amount CHECK (amount_cents > 0),
        state text NOT NULL CONSTRAINT charge_state CHECK (state IN ('processing', 'succeeded', 'declined')),
        message text,
        due_day {day} NOT NULL,
        next_time {time} NOT NULL,
        created_time {time} NOT NULL,
        settled_time {time}
    )",
    "CREATE INDEX charge_purchase ON charge (account_id, purchase_id)",
    "CREATE INDEX charge_processing ON charge (next_time) WHERE state = 'processing'",
    // One charge under way and one paid per order, whatever is raced.
    "CREATE UNIQUE INDEX charge_one_under_way ON charge (purchase_id) WHERE state = 'processing'",
    "CREATE UNIQUE INDEX charge_one_paid ON charge (purchase_id) WHERE state = 'succeeded'",
    "CREATE TABLE payment (
        id {uuid} PRIMARY KEY,
        account_id {uuid} REFERENCES account (id),
        purchase_id {uuid} REFERENCES purchase (id),
        order_number text NOT NULL,
        amount_cents bigint NOT NULL CONSTRAINT payment_amount CHECK (amount_cents > 0),
        currency text NOT NULL,
        method text NOT NULL CONSTRAINT payment_method CHECK (method IN ('card', 'paypal', 'bank_transfer', 'postal_slip')),
        reference text NOT NULL,
        outcome text NOT NULL CONSTRAINT payment_outcome CHECK (outcome IN ('applied', 'under_review')),
        review_reason text CONSTRAINT payment_review_reason CHECK
            (review_reason IN ('order_unknown', 'amount_differs', 'currency_differs', 'paid_twice', 'order_not_awaiting')),
        created_time {time} NOT NULL,
        UNIQUE (method, reference),
        CONSTRAINT payment_reviewed CHECK ((outcome = 'under_review') = (review_reason IS NOT NULL))
    )",
    "CREATE UNIQUE INDEX payment_applied_once ON payment (purchase_id) WHERE outcome = 'applied'",
    // The books of the simulated gateway: another company's, so nothing refers to them.
    "CREATE TABLE simulated_charge (
        id {uuid} PRIMARY KEY,
        token text NOT NULL,
        amount_cents bigint NOT NULL,
        state text NOT NULL,
        asked bigint NOT NULL
    )",
];

const PLUMBING: &[&str] = &[
    "CREATE TABLE mail (
        id {uuid} PRIMARY KEY,
        account_id {uuid} REFERENCES account (id),
        recipient text NOT NULL,
        subject text NOT NULL,
        content text NOT NULL,
        once text NOT NULL UNIQUE,
        state text NOT NULL CONSTRAINT mail_state CHECK (state IN ('waiting', 'sent', 'failed')),
        attempts bigint NOT NULL,
        next_time {time} NOT NULL,
        created_time {time} NOT NULL,
        sent_time {time}
    )",
    "CREATE INDEX mail_waiting ON mail (next_time) WHERE state = 'waiting'",
    "CREATE TABLE request (
        scope {uuid} NOT NULL,
        request_id {uuid} NOT NULL,
        digest {bytes} NOT NULL,
        answer {bytes} NOT NULL,
        created_time {time} NOT NULL,
        PRIMARY KEY (scope, request_id)
    )",
    "CREATE INDEX request_age ON request (created_time)",
];

/// Name, event, table, condition under which it is refused, message.
const GUARDS: &[(&str, &str, &str, &str, &str)] = &[
    ("ledger_kept", "UPDATE", "ledger", "1 = 1", "the ledger is append-only"),
    ("ledger_kept_whole", "DELETE", "ledger", "1 = 1", "the ledger is append-only"),
    (
        "account_moves",
        "UPDATE OF state",
        "account",
        "OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ('active>suspended', 'suspended>active', 'active>expired', \
         'suspended>expired', 'expired>active', 'expired>suspended', 'expired>deleted', 'deleted>active')",
        "this change of an account is not allowed",
    ),
    (
        "invoice_moves",
        "UPDATE OF state",
        "invoice",
        "OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ('draft>queued', 'queued>sent', 'queued>delivered', \
         'queued>not_delivered', 'queued>rejected', 'sent>delivered', 'sent>not_delivered', 'sent>rejected', 'not_delivered>delivered')",
        "this change of an invoice is not allowed",
    ),
    ("invoice_kept", "DELETE", "invoice", "OLD.state <> 'draft'", "only drafts can be deleted"),
    ("invoice_immutable", "UPDATE OF sha256, size, number, issue_day", "invoice", "OLD.state <> 'draft'", "only drafts can be changed"),
    (
        "purchase_moves",
        "UPDATE OF state",
        "purchase",
        "OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ('placed>awaiting_payment', 'placed>cancelled', 'placed>lapsed', \
         'awaiting_payment>completed', 'awaiting_payment>cancelled', 'awaiting_payment>lapsed')",
        "this change of an order is not allowed",
    ),
    (
        "purchase_frozen",
        "UPDATE OF number, net_cents, total_cents, term_years, account_id",
        "purchase",
        "OLD.number <> NEW.number OR OLD.net_cents <> NEW.net_cents OR OLD.total_cents <> NEW.total_cents \
         OR OLD.term_years <> NEW.term_years OR OLD.account_id <> NEW.account_id",
        "an order is frozen when it is placed",
    ),
    ("purchase_line_frozen", "UPDATE", "purchase_line", "1 = 1", "an order is frozen when it is placed"),
    ("payment_kept", "DELETE", "payment", "1 = 1", "payments are kept"),
];
