//! The tests' own footing: the server starts in milliseconds, and the words mean what they say.

use std::time::Instant;

use crate::support::{Engine, MIB, TestApp, pb, refused};

on_both_databases!(a_full_account_is_suspended_and_buying_lifts_it, invoices_can_be_drawn_to_the_byte);

async fn a_full_account_is_suspended_and_buying_lifts_it(app: &TestApp) {
    let ann = app.customer("ann").full().await;
    let space = ann.space().await;
    assert_eq!((space.usage_bytes, space.capacity_bytes), (MIB, MIB));
    assert_eq!(space.account_state(), pb::AccountState::Suspended);

    let invoice = ann.invoice();
    assert_eq!(refused(ann.try_create(&invoice).await).reason, pb::ErrorReason::SpaceExhausted);

    ann.buys(1).await;
    ann.sends(&invoice).await;
    assert_eq!(ann.space().await.account_state(), pb::AccountState::Active);
}

async fn invoices_can_be_drawn_to_the_byte(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for bytes in [6_000, 10_000, 100_001] {
        let stored = ann.creates(&ann.invoice_of(bytes)).await;
        assert_eq!(stored.size_bytes, bytes);
        assert_eq!(stored.reading_problems, Vec::<String>::new());
    }
}

/// So that a test for each promise stays cheap. The first start in a process makes the template and is not measured.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_in_less_than_a_second() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        TestApp::start(engine).await.finish().await;
        let begin = Instant::now();
        let app = TestApp::start(engine).await;
        let took = begin.elapsed();
        app.finish().await;
        assert!(took.as_millis() < 1_000, "{engine:?} took {took:?}");
        println!("{engine:?} started in {took:?}");
    }
}
