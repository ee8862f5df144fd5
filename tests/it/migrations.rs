//! The schema: entities and tables agree, and a program meets only a schema it was made for.

use std::collections::BTreeSet;

use sea_orm::{EntityTrait, IdenStatic, Iterable};
use spazio::db::entity;
use spazio::db::migration::{Standing, migrate};
use spazio::invoices::{Bounds, listed};
use spazio::paging::Seal;

use crate::support::{Customer, Engine, Reworded as _, TestApp, TestDatabase, by_card, in_a_bucket, pb, spazio as program};

on_both_databases!(with super::in_a_bucket;
    every_column_of_every_entity_is_in_the_schema_and_the_other_way_round,
    a_newer_schema_is_refused,
    invoices_from_before_the_search_are_found_after_its_migration,
);

async fn every_column_of_every_entity_is_in_the_schema_and_the_other_way_round(app: &TestApp) {
    leaves_a_row_in_every_table(app).await;
    agrees::<entity::account::Entity>(app).await;
    agrees::<entity::archive_key::Entity>(app).await;
    agrees::<entity::blob::Entity>(app).await;
    agrees::<entity::cart::Entity>(app).await;
    agrees::<entity::charge::Entity>(app).await;
    agrees::<entity::document::Entity>(app).await;
    agrees::<entity::file_name_series::Entity>(app).await;
    agrees::<entity::granted::Entity>(app).await;
    agrees::<entity::invoice::Entity>(app).await;
    agrees::<entity::invoice_word::Entity>(app).await;
    agrees::<entity::issued::Entity>(app).await;
    agrees::<entity::judgement::Entity>(app).await;
    agrees::<entity::ledger::Entity>(app).await;
    agrees::<entity::mail::Entity>(app).await;
    agrees::<entity::mandate::Entity>(app).await;
    agrees::<entity::page_key::Entity>(app).await;
    agrees::<entity::payment::Entity>(app).await;
    agrees::<entity::purchase::Entity>(app).await;
    agrees::<entity::purchase_line::Entity>(app).await;
    agrees::<entity::receipt::Entity>(app).await;
    agrees::<entity::request::Entity>(app).await;
    agrees::<entity::service::Entity>(app).await;
    agrees::<entity::simulated_charge::Entity>(app).await;
    agrees::<entity::space::Entity>(app).await;
    agrees::<entity::tombstone::Entity>(app).await;
    assert_eq!(tables(app).await, 25 + 1, "and the list of migrations");
}

const TOMBSTONE: &str = "INSERT INTO tombstone (document_id, account_id, kind, file_name, sha256, size, day, stored_time, retired_time,
        export_file, export_sha256)
    SELECT document.id, document.account_id, kind, document.file_name, document.sha256, document.size, listed_day, document.created_time,
        document.created_time, 'acc_/a.zip', '' FROM document JOIN invoice ON invoice.id = document.id";

const ARCHIVE_KEY: &str = "INSERT INTO archive_key (id, check_value) SELECT '2026-a', sha256 FROM document LIMIT 1";

async fn leaves_a_row_in_every_table(app: &TestApp) {
    let ann = app.customer("ann").for_days(30).create().await;
    let invoice = ann.invoice();
    ann.sends(&invoice).await;
    ann.sends(&ann.invoice().unnamed()).await;
    ann.creates(&ann.invoice().with("<Causale>Vendita", "<Causale>")).await;
    let receipt = spazio::demo::invoices::receipt(spazio::fatturapa::ReceiptKind::Delivered, &invoice.file_name, app.now());
    let receipt = receipt.expect("the generator's names are the SdI's");
    ann.records(receipt.bytes, &receipt.file_name).await;
    let order = ann.places(&ann.opens_cart().await).await;
    ann.confirms(&order, by_card("sim-ok")).await;
    let unknown = pb::RecordPaymentRequest { order_number: "1".to_owned(), ..Customer::payment_of(&order, "CRO 1") };
    ann.try_record(unknown).await.expect("it is kept");
    for sql in [TOMBSTONE, ARCHIVE_KEY] {
        app.database.execute(sql).await.expect("rows are added");
    }
    app.settled().await;
}

/// Every column of the entity can be read, and the table has no other.
#[expect(clippy::disallowed_methods, reason = "a test reads every row of every account")]
async fn agrees<E: EntityTrait>(app: &TestApp)
where
    E::Column: Iterable,
{
    let table = E::default().table_name().to_owned();
    let connection = app.database.connect().await;
    let rows = E::find().all(&connection).await.unwrap_or_else(|error| panic!("{table}: {error}"));
    connection.close().await.expect("it closes");
    assert!(!rows.is_empty(), "{table} has a row to be read");
    let known: BTreeSet<_> = E::Column::iter().map(|column| column.as_str().to_owned()).collect();
    assert_eq!(known, columns(app, &table).await, "{table}");
}

async fn columns(app: &TestApp, table: &str) -> BTreeSet<String> {
    let sql = match app.database.engine {
        Engine::Sqlite => format!("SELECT name FROM pragma_table_xinfo('{table}')"),
        Engine::Postgres => format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'"),
    };
    let rows = app.database.rows(&sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
}

async fn tables(app: &TestApp) -> i64 {
    app.database
        .number(match app.database.engine {
            Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            Engine::Postgres => "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()",
        })
        .await
}

async fn a_newer_schema_is_refused(app: &TestApp) {
    // On SQLite the file is in use: the program's own rule is asked directly.
    app.database
        .execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 0)")
        .await
        .expect("it is noted");
    assert_eq!(app.standing().await, Standing::Ahead(vec!["m9999_from_the_future".to_owned()]));
}

async fn invoices_from_before_the_search_are_found_after_its_migration(app: &TestApp) {
    const UNDO: [&str; 15] = [
        "DROP INDEX invoice_misdated",
        "DROP INDEX invoice_by_number_and_day",
        "DROP INDEX invoice_by_state_and_day",
        "ALTER TABLE invoice DROP COLUMN words_day",
        "DELETE FROM seaql_migrations WHERE version = 'm0008_filters_by_day'",
        "DROP TABLE invoice_word",
        "DROP TABLE page_key",
        "DROP INDEX invoice_by_day",
        "DROP INDEX invoice_by_state",
        "DROP INDEX invoice_by_total",
        "DROP INDEX invoice_wordless",
        "ALTER TABLE invoice DROP COLUMN listed_day",
        "ALTER TABLE invoice DROP COLUMN words",
        "UPDATE invoice SET counterpart = 'as it was\nit1'",
        "DELETE FROM seaql_migrations WHERE version = 'm0003_search'",
    ];
    let ann = app.customer("ann").create().await;
    let (invoice, other) = (ann.invoice(), ann.invoice());
    let sent = ann.sends(&invoice).await;
    ann.receives(other.bytes, &other.file_name).await;
    for sql in UNDO {
        app.database.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    assert_eq!(app.standing().await, Standing::Behind(2));
    assert_eq!(migrate(app.db()).await.expect("it can be migrated"), 2);

    app.settled().await;
    let seal = Seal::of(app.db()).await.expect("a new key");
    for text in [invoice.buyer.name.as_str(), &invoice.buyer.vat, &invoice.number, &invoice.file_name] {
        let request = pb::ListInvoicesRequest { text: text.to_owned(), direction: pb::Direction::Sent.into(), ..Default::default() };
        let listed = listed(app.db().reader(), &seal, Bounds::default(), ann.account, &request).await.expect("a list");
        let ids: Vec<_> = listed.invoices.iter().map(|found| found.invoice_id.as_str()).collect();
        assert_eq!(ids, [sent.invoice_id.as_str()], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_refuses_a_postgres_that_is_behind_and_names_the_command() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = TestDatabase::empty(Engine::Postgres, folder.path()).await;
    let flags = ["--database", &database.url, "--set", "server.listen=127.0.0.1:0"];
    let behind = program(folder.path()).arg("serve").args(flags).output().expect("it runs");
    let told = String::from_utf8_lossy(&behind.stderr);
    assert_eq!(behind.status.code(), Some(3), "{told}");
    assert!(told.contains("is behind by ") && told.contains("run `spazio migrate`"), "{told}");

    for part in [" migrations applied: ", " was up to date already"] {
        let migrated = program(folder.path()).args(["migrate", "--database", &database.url]).output().expect("it runs");
        assert_eq!(migrated.status.code(), Some(0), "{}", String::from_utf8_lossy(&migrated.stderr));
        let told = String::from_utf8_lossy(&migrated.stdout);
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    let audited = program(folder.path()).args(["audit", "--database", &database.url]).output().expect("it runs");
    assert_eq!(audited.status.code(), Some(0), "{}", String::from_utf8_lossy(&audited.stderr));
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_sqlite_file_is_refused() {
    let app = TestApp::start(Engine::Sqlite).await;
    let flags = ["--database", &app.database.url, "--set", "server.listen=127.0.0.1:0"];
    for command in ["serve", "migrate"] {
        let second = program(app.folder()).arg(command).args(flags).output().expect("it runs");
        let told = String::from_utf8_lossy(&second.stderr);
        assert_eq!(second.status.code(), Some(3), "{command}: {told}");
        assert!(told.contains("is in use by another spazio process"), "{command}: {told}");
    }
    app.finish().await;
}
