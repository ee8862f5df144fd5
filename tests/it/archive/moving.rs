//! Moves: from store to store, form to form and key to key, while serving and by the commands.

use data_encoding::{BASE64, HEXLOWER};
use spazio::archive::{Archive, Purpose};
use spazio::config::{Compression, Store};
use tonic::Code;

use super::{LONG, archive, bucket, cleaned, deletes, downloaded, long_after_everything, verified};
use crate::support::{Bucket, Engine, Site, TestApp, in_a_bucket, pb, refused, request_id};

on_both_databases!(with super::in_a_bucket;
    a_row_of_a_replica_of_before_is_read_and_moved,
    documents_that_are_moved_to_and_fro_while_serving_are_always_there,
    a_key_that_is_missing_is_told_as_that_and_not_as_damage,
);

async fn a_row_of_a_replica_of_before_is_read_and_moved(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let file = b"<FatturaElettronica/>".repeat(50);
    let received = ann.receives(file.clone(), "before.xml").await;
    let frame = HEXLOWER.encode(&zstd::bulk::compress(&file, 3).expect("it compresses"));
    let content = match app.database.engine {
        Engine::Sqlite => format!("x'{frame}'"),
        Engine::Postgres => format!("decode('{frame}', 'hex')"),
    };
    // What such a replica does not write has the defaults of the migration.
    let row = format!("UPDATE document SET content = {content}, place = 'database', generation = NULL, sealing = 'zstd'");
    app.database.execute(&row).await.expect("it is changed");
    assert!(ann.downloads(&received.invoice_id).await.1 == file);
    app.database.execute("UPDATE document SET content = substr(content, 1, length(content) - 1)").await.expect("it is damaged");
    let refusal = refused(downloaded(&ann, &received).await);
    assert_eq!((refusal.code, refusal.reason), (Code::DataLoss, pb::ErrorReason::DocumentDamaged));
    let unmoved = archive(app).await.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((unmoved.moved, unmoved.damaged), (0, 1), "what is damaged stays where it is");
    app.database.execute(&row).await.expect("it is as it was");

    assert_eq!(archive(app).await.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 1);
    assert!(ann.downloads(&received.invoice_id).await.1 == file);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM document WHERE place = 'object' AND length(content) = 0").await, 1);
}

/// What is written, changed, deleted and read while two move everything from place to place and form to form.
async fn documents_that_are_moved_to_and_fro_while_serving_are_always_there(app: &TestApp) {
    const ROUNDS: usize = 12;
    let ann = app.customer("ann").create().await;
    let serves = async {
        let mut kept = Vec::new();
        for round in 0..ROUNDS {
            let (first, second) = (ann.invoice(), ann.invoice());
            let draft = ann.creates(&first).await;
            let request = pb::UpdateSentInvoiceRequest {
                request_id: request_id(),
                invoice_id: draft.invoice_id.clone(),
                file: second.bytes.clone(),
                file_name: second.file_name.clone(),
                etag: String::new(),
            };
            let replaced = ann.panel.invoices().update_sent_invoice(request).await.expect("a draft can be replaced");
            kept.push((replaced.into_inner().invoice.expect("the invoice"), second));
            if round % 3 == 2 {
                deletes(&ann, &kept.remove(0).0).await;
            }
            for (invoice, generated) in &kept {
                assert!(ann.downloads(&invoice.invoice_id).await.1 == generated.bytes, "round {round}");
            }
        }
        kept
    };
    let moves = async |mut step: usize| {
        loop {
            let mut settings = app.config.archive.clone();
            settings.store = if step.is_multiple_of(2) { Store::Database } else { Store::S3 };
            settings.compression = if step.is_multiple_of(3) { Compression::Zstd } else { Compression::Dictionary };
            let archive = Archive::open(&settings, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
            let moved = archive.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
            assert_eq!(moved.failed(), 0);
            step += 1;
            tokio::task::yield_now().await;
        }
    };
    let kept = tokio::select! {
        kept = serves => kept,
        () = moves(0) => unreachable!("it moves for ever"),
        () = moves(1) => unreachable!("it moves for ever"),
    };
    assert_eq!(verified(app).await.findings(), 0);
    let last = archive(app).await.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(last.overtaken + last.failed(), 0);
    assert_eq!(app.database.number("SELECT COUNT(DISTINCT sealing) + COUNT(DISTINCT place) FROM document").await, 2, "all are in one form");
    long_after_everything(app);
    cleaned(app).await;
    assert_eq!(bucket(app).objects().len(), kept.len(), "an object for each document and no other");
    assert_eq!(verified(app).await.findings(), 0);
}

async fn a_key_that_is_missing_is_told_as_that_and_not_as_damage(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let draft = ann.creates(&invoice).await;
    let mut settings = app.config.archive.clone();
    settings.keys_file = Some(app.folder().join("keys"));
    settings.key = Some("2026-a".parse().expect("an id"));
    std::fs::write(app.folder().join("keys"), keys(&["2026-a", "2026-b"])).expect("the keys are written");
    let encrypts = Archive::open(&settings, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(encrypts.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 1);

    let refusal = refused(downloaded(&ann, &draft).await);
    assert_eq!((refusal.code, refusal.reason), (Code::Unavailable, pb::ErrorReason::DocumentSealed), "{refusal:?}");
    let found = verified(app).await;
    assert_eq!((found.sealed, found.damaged), (1, 0));
    let said = std::sync::Mutex::new(String::new());
    let moved = archive(app).await.move_all(&|what, _| said.lock().expect("nobody panicked").push_str(what)).await;
    assert_eq!(moved.unwrap_or_else(|fault| panic!("{fault}")).sealed, 1);
    let said = said.into_inner().expect("nobody panicked");
    let known_as = format!("in archive.keys_file: 1 document: {} of {}", draft.invoice_id, ann.account);
    assert!(said.contains("cannot be opened: it is encrypted with the key 2026-a, which is not") && said.contains(&known_as), "{said}");

    // The same bytes that come again, without the key, are put in the form of now: nobody is tied to what he cannot open.
    ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    downloaded(&ann, &draft).await.expect("it opens again");
    assert_eq!(encrypts.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 1, "the draft's row says so already");

    // With both keys the other one takes its place: the rotation of keys is a move.
    settings.key = Some("2026-b".parse().expect("an id"));
    let rotates = Archive::open(&settings, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(rotates.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 2);
    std::fs::write(app.folder().join("keys"), keys(&["2026-b"])).expect("the old key is taken out");
    let without_the_old = Archive::open(&settings, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(without_the_old.verify(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).findings(), 0);
}

/// A file with keys of these ids, each another.
fn keys(ids: &[&str]) -> String {
    let key = |id: &str| BASE64.encode(ring::digest::digest(&ring::digest::SHA256, id.as_bytes()).as_ref());
    ids.iter().map(|id| format!("{id} {}\n", key(id))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_documents_are_moved_encrypted_verified_and_moved_back_by_commands() {
    documents_are_moved_encrypted_verified_and_moved_back_by_commands(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_documents_are_moved_encrypted_verified_and_moved_back_by_commands() {
    documents_are_moved_encrypted_verified_and_moved_back_by_commands(Engine::Postgres).await;
}

async fn documents_are_moved_encrypted_verified_and_moved_back_by_commands(engine: Engine) {
    let (site, bucket) = (Site::fresh(engine).await, Bucket::fresh());
    let process = site.serve();
    let ann = process.customer("ann").one_gb().create().await;
    let (account, invoice) = (ann.account, ann.invoice());
    let draft = ann.creates(&invoice).await;
    let odd = ann.receives(b"not even XML".to_vec(), "odd.xml").await;
    drop(ann);
    process.stops();
    let comes_back = async |flags: &[String]| {
        let process = site.serve_with(flags);
        let panel = process.returning(account, String::new());
        assert!(panel.downloads(&draft.invoice_id).await.1 == invoice.bytes);
        assert_eq!(panel.downloads(&odd.invoice_id).await.1, b"not even XML");
        drop(panel);
        process.stops();
    };
    let command = async |words: &[&str], flags: &[String]| tokio::task::block_in_place(|| site.command(words, flags));

    let in_s3 = bucket.flags();
    let (code, said) = command(&["archive", "move"], &in_s3).await;
    assert!(code == Some(0) && said.starts_with("2 documents moved"), "{code:?} {said}");
    assert_eq!(bucket.objects().len(), 2);
    comes_back(&in_s3).await;
    let (code, said) = command(&["archive", "verify"], &in_s3).await;
    assert!(code == Some(0) && said.contains("2 documents, 2 objects: 0 damaged, 0 sealed, 0 orphaned"), "{code:?} {said}");
    let (code, said) = command(&["archive", "move"], &in_s3).await;
    assert!(code == Some(0) && said.starts_with("0 documents moved"), "{code:?} {said}");

    let keys_file = site.folder().join("keys");
    std::fs::write(&keys_file, keys(&["2026-a"])).expect("the keys are written");
    let mut encrypted = bucket.flags();
    for setting in ["store=database".to_owned(), format!("keys_file={}", keys_file.display()), "key=2026-a".to_owned()] {
        encrypted.extend(["--set".to_owned(), format!("archive.{setting}")]);
    }
    let (code, said) = command(&["archive", "move"], &encrypted).await;
    assert!(code == Some(0) && said.starts_with("2 documents moved"), "{code:?} {said}");
    comes_back(&encrypted).await;
    let (code, said) = command(&["archive", "verify"], &[]).await;
    assert!(code == Some(4) && said.contains("with the key 2026-a, which is not in archive.keys_file: 2 documents: "), "{code:?} {said}");
    for invoice in [&draft, &odd] {
        let known_as = format!("{} of {account} ({})", invoice.invoice_id, invoice.file_name);
        assert!(said.contains(&known_as), "{known_as} is not in {said}");
    }

    let clock = site.folder().join("clock");
    std::fs::write(&clock, LONG.as_secs().to_string()).expect("the clock is set");
    let mut later = encrypted;
    later.extend(["--set".to_owned(), format!("development.clock_file={}", clock.display())]);
    let (code, said) = command(&["archive", "clean", "--dry-run"], &later).await;
    assert!(code == Some(0) && said.contains("2 objects would be deleted"), "{code:?} {said}");
    let (code, said) = command(&["archive", "clean"], &later).await;
    assert!(code == Some(0) && said.contains("2 objects deleted"), "{code:?} {said}");
    assert_eq!(bucket.objects(), Vec::<String>::new());
    site.finish().await;
}
