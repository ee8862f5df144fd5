//! Killed between object and row: nothing is lost, nothing is charged, and what is left is cleaned up.

use spazio::call::ActsAs;
use tokio::time::timeout;

use super::{LONG, PATIENCE};
use crate::support::{Bucket, Customer, Engine, Site};

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing() {
    a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing() {
    a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing(Engine::Postgres).await;
}

async fn a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing(engine: Engine) {
    const KILLS: usize = 8;
    let (site, bucket) = (Site::fresh(engine).await, Bucket::fresh());
    let flags = bucket.flags();
    let mut process = site.serve_with(&flags);
    let ann = process.customer("ann").one_gb().create().await;
    let mut stored = Vec::new();
    for kill in 0..KILLS {
        let request = Customer::create_request(&ann.invoice());
        let gate = if kill % 2 == 0 { bucket.wire.holds_after("PUT") } else { bucket.wire.holds_before("PUT") };
        let panel = site.connect(&process).caller(ActsAs::Customer(ann.account));
        let call = tokio::spawn({
            let request = request.clone();
            async move { panel.invoices().create_sent_invoice(request).await }
        });
        timeout(PATIENCE, gate.arrived()).await.expect("the bytes are on their way");
        process.dies();
        gate.opens();
        call.await.expect("it ends").expect_err("nobody is there to answer");
        let report = site.audited().await;
        assert_eq!((report.documents, report.differences), (i64::try_from(stored.len()).expect("few"), vec![]), "nothing was charged");

        process = site.serve_with(&flags);
        // Half of the callers give up.
        if kill % 4 < 2 {
            let panel = site.connect(&process).caller(ActsAs::Customer(ann.account));
            let again = panel.invoices().create_sent_invoice(request.clone()).await.expect("it is repeated").into_inner();
            stored.push((again.invoice.expect("the invoice").invoice_id, request.file));
        }
    }
    let panel = process.returning(ann.account, String::new());
    for (id, file) in &stored {
        assert!(panel.downloads(id).await.1 == *file);
    }
    process.stops();
    assert_eq!(bucket.objects().len(), KILLS, "what was given up is still there, also what arrived after the process had died");
    let clock = site.folder().join("clock");
    std::fs::write(&clock, LONG.as_secs().to_string()).expect("the clock is set");
    let mut later = flags;
    later.extend(["--set".to_owned(), format!("development.clock_file={}", clock.display())]);
    let (code, said) = tokio::task::block_in_place(|| site.command(&["archive", "clean"], &later));
    assert!(code == Some(0), "{said}");
    assert_eq!(bucket.objects().len(), stored.len(), "nothing that nobody needs is older than the age limit: {said}");
    let (code, said) = tokio::task::block_in_place(|| site.command(&["archive", "verify"], &later));
    assert!(code == Some(0), "{said}");
    site.finish().await;
}
