//! A database that the first version made and filled is upgraded with all that is in it.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait};
use spazio::account::ServiceKind;
use spazio::account::state::AccountState;
use spazio::call::ActsAs;
use spazio::clock::{CalendarDay, Clock};
use spazio::config::Config;
use spazio::db::entity::{account, document, invoice, ledger, receipt, service, space};
use spazio::db::{Db, migration};
use spazio::demo::invoices::{GeneratedInvoice, Generator, Wishes};
use spazio::fatturapa::MAX_FILE_BYTES;
use spazio::ids::{AccountId, InvoiceId, ReceiptId, ServiceId};
use spazio::invoices::state::{Direction, InvoiceState};
use spazio::notify::language::Language;
use spazio::quota::DocumentKind;
use spazio::quota::level::Level;
use spazio::space::Bytes;
use uuid::Uuid;

use crate::support::pb::{self, RecipientAnswer};
use crate::support::{Caller, Engine, TestApp, TestDatabase, day, instant, request_id, served};

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_database_of_the_first_version_is_upgraded() {
    a_database_of_the_first_version_is_upgraded(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_database_of_the_first_version_is_upgraded() {
    a_database_of_the_first_version_is_upgraded(Engine::Postgres).await;
}

/// What the first version stored.
struct Archive {
    connection: DatabaseConnection,
    account: AccountId,
    stored: Vec<(Uuid, Bytes, DocumentKind)>,
    generator: Generator,
}

async fn a_database_of_the_first_version_is_upgraded(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = TestDatabase::empty(engine, folder.path()).await;
    migrated(&database, folder.path(), Some(1)).await;

    let mut archive = Archive {
        connection: database.connect().await,
        account: AccountId(Uuid::from_u128(1)),
        stored: Vec::new(),
        generator: Generator::new(1),
    };
    archive.opens().await;
    let delivered = archive.holds(1, InvoiceState::Delivered).await;
    let duplicate = archive.holds_under_another_name(2, &delivered, InvoiceState::Queued).await;
    let rejected = archive.holds(3, InvoiceState::Rejected).await;
    let draft = archive.holds(4, InvoiceState::Draft).await;
    archive.was_told(5, 1, &delivered, "DT").await;
    archive.was_told(6, 4, &draft, "MC").await;
    archive.closes_its_books().await;

    migrated(&database, folder.path(), None).await;
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let fresh = TestDatabase::empty(engine, elsewhere.path()).await;
    migrated(&fresh, elsewhere.path(), None).await;
    assert_eq!(schema(&database).await, schema(&fresh).await);
    fresh.drop().await;

    let app = TestApp::start_on(database, folder, |_| {}).await;
    let ann = app.caller(ActsAs::Customer(AccountId(Uuid::from_u128(1))));
    everything_is_still_there(&ann, &delivered).await;
    numbers_that_were_issued_are_known(&app, &ann, &delivered, &duplicate).await;
    a_rejected_invoice_can_be_copied(&ann, &rejected).await;
    a_receipt_waits_for_its_draft(&ann).await;
    app.finish().await;
}

/// Applies the first so many migrations, or all.
async fn migrated(database: &TestDatabase, folder: &Path, first: Option<u32>) {
    let config = Config::for_testing(&database.url, folder);
    let db = Db::open(&config.database, Clock::system()).await.unwrap_or_else(|error| panic!("{error}"));
    match first {
        Some(count) => migration::migrate_first(&db, count).await.expect("a schema"),
        None => assert!(migration::migrate(&db).await.expect("it can be upgraded") >= 1),
    }
    db.close().await.expect("it closes");
}

/// Tables, columns, keys, checks and guards.
async fn schema(database: &TestDatabase) -> BTreeSet<String> {
    let sql = match database.engine {
        Engine::Sqlite => "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
        Engine::Postgres => {
            "SELECT concat_ws(' ', table_name, column_name, ordinal_position, data_type, is_nullable, column_default)
                FROM information_schema.columns WHERE table_schema = current_schema()
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
             UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
                WHERE connamespace = current_schema()::regnamespace
             UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        }
    };
    let rows = database.rows(sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

async fn reads(ann: &Caller, number: u128) -> pb::GetInvoiceResponse {
    let invoice_id = InvoiceId(Uuid::from_u128(number)).to_string();
    served(ann.invoices().get_invoice(pb::GetInvoiceRequest { invoice_id }).await)
}

async fn everything_is_still_there(ann: &Caller, delivered: &GeneratedInvoice) {
    let list = served(ann.invoices().list_invoices(pb::ListInvoicesRequest::default()).await);
    assert_eq!(list.invoices.len(), 4);
    let read = reads(ann, 1).await;
    let invoice = read.invoice.expect("the invoice");
    assert_eq!((invoice.number.as_str(), invoice.state()), (delivered.number.as_str(), pb::InvoiceState::Delivered));
    assert_eq!((invoice.refused_findings, read.findings.len(), read.signatures.len()), (0, 0, 0), "it was never judged");
    assert_eq!(invoice.recipient_answer(), RecipientAnswer::TermPassed);
    let receipts = served(ann.invoices().list_receipts(pb::ListReceiptsRequest::default()).await).receipts;
    assert_eq!(
        receipts.iter().map(|receipt| receipt.kind()).collect::<Vec<_>>(),
        [pb::ReceiptKind::NotDelivered, pb::ReceiptKind::TermPassed]
    );
}

/// Of two with one number the first holds it; that the second was queued stays as it is.
async fn numbers_that_were_issued_are_known(app: &TestApp, ann: &Caller, delivered: &GeneratedInvoice, duplicate: &GeneratedInvoice) {
    assert_eq!(app.database.number("SELECT COUNT(*) FROM issued").await, 1);
    for file in [&delivered.bytes, &duplicate.bytes] {
        let judged = served(ann.invoices().validate_invoice(pb::ValidateInvoiceRequest { file: file.clone() }).await);
        let refused = judged.findings.iter().filter(|finding| finding.severity() == pb::FindingSeverity::Refused);
        let [finding] = refused.collect::<Vec<_>>()[..] else { panic!("{:?}", judged.findings) };
        assert_eq!(finding.code, "00404");
        assert!(finding.message_en.contains(&InvoiceId(Uuid::from_u128(1)).to_string()), "{}", finding.message_en);
    }
}

async fn a_rejected_invoice_can_be_copied(ann: &Caller, rejected: &GeneratedInvoice) {
    let invoice_id = InvoiceId(Uuid::from_u128(3)).to_string();
    let request = pb::CopyRejectedInvoiceRequest { request_id: request_id(), invoice_id: invoice_id.clone() };
    let copy = served(ann.invoices().copy_rejected_invoice(request).await).invoice.expect("the copy");
    assert_eq!((copy.copied_from, copy.number), (invoice_id, rejected.number.clone()));
}

/// The first version had given it to the draft, which could then not be deleted.
async fn a_receipt_waits_for_its_draft(ann: &Caller) {
    let waiting = pb::ListReceiptsRequest { unmatched: true, ..Default::default() };
    assert_eq!(served(ann.invoices().list_receipts(waiting).await).receipts.len(), 1);
    let draft = reads(ann, 4).await.invoice.expect("the draft");
    assert_eq!(draft.state(), pb::InvoiceState::Draft);
    let request = pb::QueueSentInvoiceRequest { request_id: request_id(), invoice_id: draft.invoice_id, etag: draft.etag };
    let queued = served(ann.invoices().queue_sent_invoice(request).await).invoice.expect("the invoice");
    assert_eq!((queued.state(), queued.sdi_identifier.as_str()), (pb::InvoiceState::NotDelivered, "70"));
}

const CAPACITY: u32 = 1 << 20;

fn then() -> DateTime<Utc> {
    instant("2026-03-16T08:00:00Z")
}

/// Nothing but what the first version knew is set, so that its own columns are written.
impl Archive {
    async fn opens(&self) {
        let row = account::ActiveModel {
            id: Set(self.account),
            company: Set("Ann S.r.l.".to_owned()),
            vat_number: Set(Some("IT01234567897".to_owned())),
            email: Set("ann@example.com".to_owned()),
            language: Set(Language::It),
            base_plan: Set("trial-1m".to_owned()),
            state: Set(AccountState::Active),
            version: Set(1),
            purchase_time: Set(then()),
            created_time: Set(then()),
            updated_time: Set(then()),
            ..Default::default()
        };
        account::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the account");
        let row = service::ActiveModel {
            id: Set(ServiceId(Uuid::from_u128(1))),
            account_id: Set(self.account),
            kind: Set(ServiceKind::BasePlan),
            product: Set("trial-1m".to_owned()),
            quantity: Set(1),
            space_bytes: Set(CAPACITY.into()),
            activation_day: Set(day("2026-03-16")),
            expiry_day: Set(day("2027-03-16")),
            term_years: Set(1),
            created_time: Set(then()),
            ..Default::default()
        };
        service::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the base plan");
    }

    async fn holds(&mut self, number: u128, state: InvoiceState) -> GeneratedInvoice {
        let invoice = self.generator.invoice(day("2026-03-02").date(), Wishes::default());
        self.stores(number, &invoice, state).await;
        invoice
    }

    async fn holds_under_another_name(&mut self, number: u128, like: &GeneratedInvoice, state: InvoiceState) -> GeneratedInvoice {
        let mut bytes = like.bytes.clone();
        bytes.push(b'\n');
        let invoice = GeneratedInvoice { file_name: "IT01234567897_Z.xml".to_owned(), bytes, ..like.clone() };
        self.stores(number, &invoice, state).await;
        invoice
    }

    async fn stores(&mut self, number: u128, invoice: &GeneratedInvoice, state: InvoiceState) {
        let id = Uuid::from_u128(number);
        let sha256 = self.keeps(id, DocumentKind::Sent, &invoice.file_name, &invoice.bytes).await;
        let row = invoice::ActiveModel {
            id: Set(InvoiceId(id)),
            account_id: Set(self.account),
            direction: Set(Direction::Sent),
            state: Set(state),
            file_name: Set(invoice.file_name.clone()),
            size: Set(Bytes::of_content(&invoice.bytes)),
            sha256: Set(sha256),
            format: Set(Some("FPR12".to_owned())),
            document_type: Set(Some("TD01".to_owned())),
            number: Set(Some(invoice.number.clone())),
            issue_day: Set(CalendarDay::try_from(invoice.date).ok()),
            seller_name: Set(Some(invoice.seller.name.clone())),
            seller_vat: Set(Some(format!("IT{}", invoice.seller.vat))),
            counterpart: Set(String::new()),
            documents: Set(1),
            problems: Set(String::new()),
            version: Set(1),
            created_time: Set(then()),
            updated_time: Set(then()),
            ..Default::default()
        };
        invoice::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the invoice");
    }

    /// A receipt about the invoice of this number, to which the first version gave it, draft or not.
    async fn was_told(&mut self, number: u128, about: u128, invoice: &GeneratedInvoice, kind: &str) {
        let id = Uuid::from_u128(number);
        let file = format!("<receipt>{number}</receipt>").into_bytes();
        self.keeps(id, DocumentKind::Receipt, "receipt.xml", &file).await;
        let row = receipt::ActiveModel {
            id: Set(ReceiptId(id)),
            account_id: Set(self.account),
            kind: Set(Some(kind.to_owned())),
            file_name: Set("receipt.xml".to_owned()),
            invoice_file_name: Set(Some(invoice.file_name.clone())),
            invoice_id: Set(Some(InvoiceId(Uuid::from_u128(about)))),
            sdi_identifier: Set(Some("70".to_owned())),
            size: Set(Bytes::of_content(&file)),
            created_time: Set(then()),
            ..Default::default()
        };
        receipt::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the receipt");
    }

    async fn keeps(&mut self, id: Uuid, kind: DocumentKind, file_name: &str, file: &[u8]) -> Vec<u8> {
        assert!(file.len() <= MAX_FILE_BYTES);
        let sha256 = ring::digest::digest(&ring::digest::SHA256, file).as_ref().to_vec();
        let row = document::ActiveModel {
            id: Set(id),
            account_id: Set(self.account),
            kind: Set(kind),
            file_name: Set(file_name.to_owned()),
            sha256: Set(sha256.clone()),
            size: Set(Bytes::of_content(file)),
            created_time: Set(then()),
            content: Set(zstd::bulk::compress(file, 3).expect("it is compressed")),
            ..Default::default()
        };
        document::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the document");
        self.stored.push((id, Bytes::of_content(file), kind));
        sha256
    }

    /// The books of all that is stored.
    async fn closes_its_books(self) {
        let mut used = Bytes::ZERO;
        let mut by_kind = [(DocumentKind::Sent, Bytes::ZERO), (DocumentKind::Receipt, Bytes::ZERO)];
        for (sequence, (document_id, size, kind)) in (1..).zip(&self.stored) {
            used = used.saturating_add(*size);
            for (_, sum) in by_kind.iter_mut().filter(|(of, _)| of == kind) {
                *sum = sum.saturating_add(*size);
            }
            let row = ledger::ActiveModel {
                account_id: Set(self.account),
                sequence: Set(sequence),
                delta: Set(size.as_i64()),
                used_after: Set(used),
                capacity: Set(CAPACITY.into()),
                kind: Set(*kind),
                document_id: Set(*document_id),
                created_time: Set(then()),
            };
            ledger::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the entry");
        }
        let row = space::ActiveModel {
            account_id: Set(self.account),
            used: Set(used),
            sent: Set(by_kind[0].1),
            received: Set(Bytes::ZERO),
            receipts: Set(by_kind[1].1),
            sequence: Set(i64::try_from(self.stored.len()).expect("a count")),
            told_level: Set(Level::Ok),
            suspended_time: Set(None),
        };
        space::Entity::insert(row).exec_without_returning(&self.connection).await.expect("the space");
        self.connection.close().await.expect("it closes");
    }
}
