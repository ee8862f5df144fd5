//! Automatic renewal: what fails is tried again and told (N3), and only what is still to be renewed is charged.

use std::time::Duration;

use futures_util::future::join_all;
use spazio::wire;

use crate::support::pb::{ChargeState, OrderState, PaymentMethod};
use crate::support::{Customer, TestApp, by_card, charged, day, euro, on, pb};

on_both_databases!(
    a_failing_renewal_is_tried_on_its_days_and_told_each_time,
    a_renewal_paid_by_hand_leaves_the_stored_method,
    a_renewal_that_is_to_be_paid_by_hand_is_not_charged_again,
    a_renewal_paid_by_transfer_meanwhile_is_not_charged_and_told_to_nobody,
    a_renewal_that_costs_nothing_is_completed_without_a_charge,
    a_renewal_beside_a_purchase_renews_only_what_still_expires,
    services_of_one_expiry_are_renewed_by_one_order_each_by_its_own_term,
    nothing_of_a_deleted_account_is_renewed,
    a_renewal_is_not_tried_again_once_the_account_is_deleted,
);

/// A customer whose card paid once, for a pack and the plan's extension, and is declined from then on. Both expire on 16 March 2027.
async fn with_a_card_that_fails_later(app: &TestApp) -> Customer {
    let ann = app.customer("ann").for_days(30).create().await;
    charged(app, &ann, "sim-ok").await;
    app.database.execute("UPDATE mandate SET token = 'sim-declined'").await.expect("the bank changes its mind");
    ann
}

async fn renewals(ann: &Customer) -> Vec<pb::Order> {
    ann.orders().await.into_iter().filter(|order| order.kind() == pb::OrderKind::Renewal).collect()
}

async fn failures_told(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM mail WHERE once LIKE 'renewal failed%'").await
}

async fn a_failing_renewal_is_tried_on_its_days_and_told_each_time(app: &TestApp) {
    let ann = with_a_card_that_fails_later(app).await;
    // Days -7, -5, -3, -1 and 0, and none between.
    let tries = [
        ("2027-03-08", 0),
        ("2027-03-09", 1),
        ("2027-03-10", 1),
        ("2027-03-11", 2),
        ("2027-03-13", 3),
        ("2027-03-14", 3),
        ("2027-03-15", 4),
        ("2027-03-16", 5),
        ("2027-03-17", 5),
    ];
    for (day, expected) in tries {
        app.day_comes(day).await;
        app.settled().await;
        let number = app.charges_at_the_gateway().await - 1;
        assert_eq!(number, expected, "charges on {day}");
        assert_eq!(failures_told(app).await, expected, "mails on {day}");
    }
    let renewals = renewals(&ann).await;
    assert_eq!(renewals.len(), 1, "one order for all tries");
    assert_eq!((renewals[0].state(), renewals[0].charge_state()), (OrderState::AwaitingPayment, ChargeState::Declined));
    assert_eq!(ann.space().await.account_state(), pb::AccountState::Expired);
}

async fn a_renewal_paid_by_hand_leaves_the_stored_method(app: &TestApp) {
    let ann = with_a_card_that_fails_later(app).await;
    app.day_comes("2027-03-09").await;
    let renewal = renewals(&ann).await.remove(0);
    let renewal = ann.confirms(&renewal, PaymentMethod::BankTransfer).await;
    ann.pays(&renewal).await;
    for service in ann.services().await {
        assert_eq!(service.expiry_day, on("2028-03-16"), "a year from the old expiry");
        assert_eq!((service.automatic_renewal, service.renewal_method()), (true, PaymentMethod::Card), "{}", service.product);
    }
    app.day_comes("2027-03-16").await;
    assert_eq!(app.charges_at_the_gateway().await, 2, "the purchase and the one that failed");
}

async fn a_renewal_that_is_to_be_paid_by_hand_is_not_charged_again(app: &TestApp) {
    let ann = with_a_card_that_fails_later(app).await;
    app.day_comes("2027-03-09").await;
    assert_eq!(app.charges_at_the_gateway().await, 2, "the purchase and the one that failed");
    let renewal = renewals(&ann).await.remove(0);
    ann.confirms(&renewal, PaymentMethod::BankTransfer).await;
    for day in ["2027-03-11", "2027-03-13", "2027-03-15", "2027-03-16"] {
        app.day_comes(day).await;
        assert_eq!((app.charges_at_the_gateway().await, failures_told(app).await), (2, 1), "on {day}");
    }
    assert_eq!(ann.order(&renewal).await.state(), OrderState::AwaitingPayment);
}

async fn a_renewal_paid_by_transfer_meanwhile_is_not_charged_and_told_to_nobody(app: &TestApp) {
    let ann = app.customer("ann").for_days(30).create().await;
    charged(app, &ann, "sim-ok").await;
    app.database.execute("UPDATE mandate SET token = 'sim-slow'").await.expect("the bank takes its time");
    app.day_comes("2027-03-09").await;
    let renewal = renewals(&ann).await.remove(0);
    assert_eq!((renewal.state(), renewal.charge_state()), (OrderState::AwaitingPayment, ChargeState::Processing));

    app.database.execute("DELETE FROM simulated_charge").await.expect("the request was lost on its way");
    ann.pays(&renewal).await;
    app.passes(Duration::from_secs(60)).await;
    assert_eq!(ann.order(&renewal).await.charge_state(), ChargeState::Declined);
    assert_eq!((app.charges_at_the_gateway().await, failures_told(app).await), (0, 0));
}

async fn a_renewal_that_costs_nothing_is_completed_without_a_charge(app: &TestApp) {
    // A trial plan costs nothing.
    let ann = app.customer("ann").trial(4).for_days(30).create().await;
    charged(app, &ann, "sim-ok").await;
    app.database.execute("UPDATE service SET mandate_id = NULL WHERE kind = 'space_pack'").await.expect("the plan alone renews itself");
    app.day_comes("2027-03-09").await;
    let renewals = renewals(&ann).await;
    assert_eq!(renewals.len(), 1);
    assert_eq!((renewals[0].state(), renewals[0].total.clone()), (OrderState::Completed, Some(euro("0.00"))));
    assert_eq!(app.charges_at_the_gateway().await, 1, "the purchase");
    let plan = ann.services().await.remove(0);
    assert_eq!((plan.kind(), plan.expiry_day), (pb::ServiceKind::BasePlan, on("2028-03-16")));
}

/// So many that some payments arrive between the look at what expires and the renewal.
const BUYERS: usize = 12;

async fn a_renewal_beside_a_purchase_renews_only_what_still_expires(app: &TestApp) {
    let mut buyers = join_all((0..BUYERS).map(async |number| {
        let buyer = app.customer(&format!("buyer-{number}")).for_days(30).create().await;
        let order = buyer.places(&buyer.opens_cart().await).await;
        buyer.confirms(&order, by_card("sim-ok")).await;
        buyer
    }))
    .await;
    buyers.sort_by_key(|buyer| buyer.account);
    app.settled().await;
    // Plan and pack of all of them expire on 16 March 2027. On the day before the renewals a purchase that prolongs both is confirmed.
    app.day_comes("2027-03-08").await;
    let orders = join_all(buyers.iter().map(async |buyer| {
        let order = buyer.places(&buyer.opens_cart().await).await;
        buyer.confirms(&order, PaymentMethod::BankTransfer).await
    }))
    .await;

    app.clock().set(day("2027-03-09").start());
    // Renewals come in the order of the accounts, the payments from the other end: they meet in the middle.
    let payments = async {
        for (buyer, order) in buyers.iter().zip(&orders).rev() {
            buyer.pays(order).await;
        }
    };
    tokio::join!(payments, app.settled());
    app.settled().await;
    for buyer in &buyers {
        each_year_was_paid_once(buyer).await;
    }
}

/// The purchase prolonged to 2028. If the renewal came first, it renewed what expired in 2027 and there is another year, otherwise none.
async fn each_year_was_paid_once(buyer: &Customer) {
    let renewals = renewals(buyer).await;
    let renewed: Vec<_> = renewals.iter().flat_map(|order| &order.lines).collect();
    assert!(renewed.iter().all(|line| line.old_expiry_day == on("2027-03-16")), "it expires later by now: {renewed:?}");
    let year = 2028 + i32::try_from(renewals.len()).expect("a few");
    for service in buyer.services().await.iter().filter(|service| service.automatic_renewal) {
        let expiry = wire::calendar_day(&service.expiry_day.expect("a day")).expect("one of the calendar");
        assert_eq!(expiry.year(), year, "{} expires on {expiry}", service.product);
    }
}

async fn services_of_one_expiry_are_renewed_by_one_order_each_by_its_own_term(app: &TestApp) {
    let ann = app.customer("ann").for_days(30).create().await;
    // Two years by card, for the plan and a pack; a year later a pack for one year by PayPal, which expires on the same day.
    let cart = ann.sets_term(&ann.opens_cart().await, 2).await;
    ann.confirms(&ann.places(&cart).await, by_card("sim-ok")).await;
    app.settled().await;
    app.day_comes("2027-03-16").await;
    let cart = ann.sets_extension(&ann.opens_cart().await, false).await;
    ann.confirms(&ann.places(&cart).await, (PaymentMethod::Paypal, "sim-ok".to_owned())).await;
    app.settled().await;
    assert!(ann.services().await.iter().all(|service| service.expiry_day == on("2028-03-16")));

    app.day_comes("2028-03-09").await;
    let renewals = renewals(&ann).await;
    assert_eq!(renewals.len(), 1, "one order for the day");
    // The method that was stored last pays.
    assert_eq!((renewals[0].state(), renewals[0].payment_method()), (OrderState::Completed, PaymentMethod::Paypal));
    let months: Vec<_> = renewals[0].lines.iter().map(|line| line.months).collect();
    assert_eq!(months, [24, 24, 12]);
    // The plan first, then by expiry.
    let expiries: Vec<_> = ann.services().await.iter().map(|service| service.expiry_day).collect();
    assert_eq!(expiries, [on("2030-03-16"), on("2029-03-16"), on("2030-03-16")]);
}

/// A customer who bought the plan so many days ago and a pack by card, which expires on 16 March 2027 and alone renews itself.
async fn with_a_pack_that_renews_itself(app: &TestApp, name: &str, days: u32) -> Customer {
    let customer = app.customer(name).for_days(days).create().await;
    let cart = customer.opens_cart().await;
    let cart = customer.sets_extension(&cart, false).await;
    let order = customer.places(&cart).await;
    customer.confirms(&order, by_card("sim-ok")).await;
    app.settled().await;
    app.database.execute("UPDATE mandate SET token = 'sim-declined'").await.expect("the bank changes its mind");
    customer
}

async fn nothing_of_a_deleted_account_is_renewed(app: &TestApp) {
    // The plan was good until 8 December 2026, and 90 days more: until 8 March.
    let ann = with_a_pack_that_renews_itself(app, "ann", 98).await;
    for day in ["2027-03-09", "2027-03-11", "2027-03-16"] {
        app.day_comes(day).await;
        assert_eq!(ann.space().await.account_state(), pb::AccountState::Deleted);
        assert_eq!((renewals(&ann).await, app.charges_at_the_gateway().await), (Vec::new(), 1), "on {day}");
    }
}

async fn a_renewal_is_not_tried_again_once_the_account_is_deleted(app: &TestApp) {
    // A day later: on 9 March, when the pack's renewal is due, the account can still be reactivated.
    let ann = with_a_pack_that_renews_itself(app, "ann", 97).await;
    app.day_comes("2027-03-09").await;
    assert_eq!((renewals(&ann).await.len(), app.charges_at_the_gateway().await), (1, 2), "the purchase and the one that failed");
    for day in ["2027-03-11", "2027-03-16"] {
        app.day_comes(day).await;
        assert_eq!(ann.space().await.account_state(), pb::AccountState::Deleted);
        assert_eq!((app.charges_at_the_gateway().await, failures_told(app).await), (2, 1), "on {day}");
    }
}
