//! The tests' own footing: the words mean what they say. How fast a server of theirs starts is told by `cargo bench`.

use crate::support::{MIB, TestApp, pb, refused};

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
