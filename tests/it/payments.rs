//! Payments: what matches completes its order once, what does not is kept and grants nothing (B9 to B11), charges happen once (N2),
//! and a renewal that fails is tried again and told (N3).

use std::time::Duration;

use tonic::Code;

use crate::support::pb::{ChargeState, ErrorReason, OrderState, PaymentMethod, PaymentOutcome, ReviewReason};
use crate::support::{Customer, TestApp, accepted, by_card, euro, on, pb, refused};

on_both_databases!(
    a_payment_of_another_amount_is_kept_and_grants_nothing,
    a_payment_in_another_currency_is_kept_and_grants_nothing,
    a_payment_for_an_unknown_order_is_kept,
    a_second_payment_is_kept_and_grants_nothing_more,
    a_payment_after_the_order_lapsed_is_kept_and_grants_nothing,
    a_payment_for_an_order_that_was_never_confirmed_is_kept,
    a_payment_for_a_cancelled_order_is_kept,
    the_same_payment_told_again_is_answered_as_before,
    a_reference_that_comes_again_with_other_content_is_refused,
    an_order_number_is_found_however_it_is_spaced,
    a_declined_card_leaves_the_order_to_be_paid_otherwise,
    a_slow_card_is_asked_about_and_charged_once,
    a_charge_whose_outcome_is_unknown_is_looked_up_and_made_once,
    an_order_under_charge_can_neither_be_cancelled_nor_confirmed_again,
    a_failing_renewal_is_tried_on_its_days_and_told_each_time,
    a_renewal_paid_by_hand_leaves_the_stored_method,
);

const GB: u64 = 1 << 30;

/// An order of 1 GB that awaits a bank transfer: 12.00 and 22% VAT. The plan was bought today and misses no month.
async fn awaiting(ann: &Customer) -> pb::Order {
    let order = ann.places(&ann.opens_cart().await).await;
    let order = ann.confirms(&order, PaymentMethod::BankTransfer).await;
    assert_eq!(order.total, Some(euro("14.64")));
    order
}

async fn bought(ann: &Customer) -> u64 {
    ann.space().await.capacity_bytes / GB
}

/// Records a payment that must end under review, and nothing else must happen.
async fn reviewed(app: &TestApp, ann: &Customer, payment: pb::RecordPaymentRequest, why: ReviewReason) -> Option<pb::Order> {
    let before = (bought(ann).await, ann.services().await.len());
    let recorded = ann.try_record(payment.clone()).await.expect("money that came in is never refused");
    let kept = recorded.payment.expect("the payment");
    assert_eq!((kept.outcome(), kept.review_reason()), (PaymentOutcome::UnderReview, why));
    assert_eq!((kept.amount, kept.reference), (payment.amount, payment.reference.clone()));
    assert_eq!((bought(ann).await, ann.services().await.len()), before, "nothing was granted");
    let mails = app.mails_with(&payment.reference).await;
    assert!(mails.len() == 1 && mails[0].contains("pagamenti@provider.example"), "the operators are told once: {mails:?}");
    recorded.order
}

async fn a_payment_of_another_amount_is_kept_and_grants_nothing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    for (reference, amount) in [("CRO 1", "14.63"), ("CRO 2", "14.65"), ("CRO 3", "0.01"), ("CRO 4", "999999999.99")] {
        let payment = pb::RecordPaymentRequest { amount: Some(euro(amount)), ..Customer::payment_of(&order, reference) };
        let order = reviewed(app, &ann, payment, ReviewReason::AmountDiffers).await;
        assert_eq!(order.expect("the order it names").state(), OrderState::AwaitingPayment);
    }
    ann.pays(&order).await;
    assert_eq!(bought(&ann).await, 1);
}

async fn a_payment_in_another_currency_is_kept_and_grants_nothing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    let amount = Some(pb::Money { currency_code: "CHF".to_owned(), ..euro("14.64") });
    let payment = pb::RecordPaymentRequest { amount, ..Customer::payment_of(&order, "CRO 1") };
    reviewed(app, &ann, payment, ReviewReason::CurrencyDiffers).await;
}

async fn a_payment_for_an_unknown_order_is_kept(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    for (reference, number) in [("CRO 1", "000000000000"), ("CRO 2", "rent for May"), ("CRO 3", "----")] {
        let payment = pb::RecordPaymentRequest { order_number: number.to_owned(), ..Customer::payment_of(&order, reference) };
        assert_eq!(reviewed(app, &ann, payment, ReviewReason::OrderUnknown).await, None);
    }
}

async fn a_second_payment_is_kept_and_grants_nothing_more(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    ann.pays(&order).await;
    reviewed(app, &ann, Customer::payment_of(&order, "CRO again"), ReviewReason::PaidTwice).await;
    assert_eq!(bought(&ann).await, 1);
}

async fn a_payment_after_the_order_lapsed_is_kept_and_grants_nothing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let (early, late) = (awaiting(&ann).await, awaiting(&ann).await);
    // Confirmed on 16 March 2026: it can be paid through the thirtieth day after, 15 April.
    app.day_comes("2026-04-15").await;
    ann.pays(&early).await;
    app.day_comes("2026-04-16").await;
    assert_eq!(ann.order(&late).await.state(), OrderState::Lapsed);
    reviewed(app, &ann, Customer::payment_of(&late, "CRO late"), ReviewReason::OrderNotAwaiting).await;
}

async fn a_payment_for_an_order_that_was_never_confirmed_is_kept(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = ann.places(&ann.opens_cart().await).await;
    reviewed(app, &ann, Customer::payment_of(&order, "CRO 1"), ReviewReason::OrderNotAwaiting).await;
    assert_eq!(ann.order(&order).await.state(), OrderState::Placed);
}

async fn a_payment_for_a_cancelled_order_is_kept(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    let cancelled = ann.try_cancel(&order).await.expect("it can be cancelled");
    assert_eq!(cancelled.state(), OrderState::Cancelled);
    reviewed(app, &ann, Customer::payment_of(&order, "CRO 1"), ReviewReason::OrderNotAwaiting).await;
}

async fn the_same_payment_told_again_is_answered_as_before(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    let first = ann.try_record(Customer::payment_of(&order, "CRO 1")).await.expect("the first");
    // Another request: only the bank's reference says that it is the same payment.
    let again = ann.try_record(Customer::payment_of(&order, "CRO 1")).await.expect("the same again");
    assert_eq!(first.payment, again.payment);
    assert_eq!(bought(&ann).await, 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM payment").await, 1);
}

async fn a_reference_that_comes_again_with_other_content_is_refused(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let (one, other) = (awaiting(&ann).await, awaiting(&ann).await);
    ann.try_record(Customer::payment_of(&one, "CRO 1")).await.expect("the first");
    let cheaper = pb::RecordPaymentRequest { amount: Some(euro("1.00")), ..Customer::payment_of(&one, "CRO 1") };
    for payment in [Customer::payment_of(&other, "CRO 1"), cheaper] {
        let refusal = refused(ann.try_record(payment).await);
        assert_eq!((refusal.code, refusal.reason), (Code::AlreadyExists, ErrorReason::PaymentReferenceReused));
    }
    assert_eq!(ann.order(&other).await.state(), OrderState::AwaitingPayment);
    // The post's references are not the bank's.
    let slip = pb::RecordPaymentRequest { payment_method: PaymentMethod::PostalSlip.into(), ..Customer::payment_of(&other, "CRO 1") };
    assert_eq!(ann.try_record(slip).await.expect("another payment").payment.expect("it").outcome(), PaymentOutcome::Applied);
}

async fn an_order_number_is_found_however_it_is_spaced(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    let (head, tail) = order.number.split_at(4);
    let payment = pb::RecordPaymentRequest { order_number: format!(" {head}-{tail} "), ..Customer::payment_of(&order, "CRO 1") };
    let recorded = ann.try_record(payment).await.expect("it is recorded");
    assert_eq!(recorded.order.expect("it is found").state(), OrderState::Completed);
}

async fn charged(app: &TestApp, ann: &Customer, token: &str) -> pb::Order {
    let order = ann.places(&ann.opens_cart().await).await;
    let order = ann.confirms(&order, by_card(token)).await;
    app.settled().await;
    ann.order(&order).await
}

async fn charges_at_the_gateway(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM simulated_charge").await
}

async fn a_declined_card_leaves_the_order_to_be_paid_otherwise(app: &TestApp) {
    let ann = app.customer("ann").for_days(30).create().await;
    let order = charged(app, &ann, "sim-declined").await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::AwaitingPayment, ChargeState::Declined));
    assert!(order.charge_message.contains("declined"), "{}", order.charge_message);
    assert_eq!(bought(&ann).await, 0);

    let order = ann.confirms(&order, by_card("sim-ok")).await;
    app.settled().await;
    assert_eq!(ann.order(&order).await.state(), OrderState::Completed);
    assert_eq!((bought(&ann).await, charges_at_the_gateway(app).await), (1, 2));
    assert!(ann.services().await.iter().all(|service| service.automatic_renewal));
}

async fn a_slow_card_is_asked_about_and_charged_once(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = charged(app, &ann, "sim-slow").await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::AwaitingPayment, ChargeState::Processing));
    ends_paid_and_charged_once(app, &ann, &order).await;
}

async fn a_charge_whose_outcome_is_unknown_is_looked_up_and_made_once(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = charged(app, &ann, "sim-unknown").await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::AwaitingPayment, ChargeState::Processing));
    ends_paid_and_charged_once(app, &ann, &order).await;
}

async fn ends_paid_and_charged_once(app: &TestApp, ann: &Customer, order: &pb::Order) {
    assert_eq!(bought(ann).await, 0, "confirmed is not completed");
    for _ in 0..5 {
        app.passes(Duration::from_secs(60)).await;
    }
    let order = ann.order(order).await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::Completed, ChargeState::Succeeded));
    assert_eq!((bought(ann).await, charges_at_the_gateway(app).await), (1, 1));
}

async fn an_order_under_charge_can_neither_be_cancelled_nor_confirmed_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = charged(app, &ann, "sim-slow").await;
    let terms = accepted(&ann.form(&order).await);
    for refusal in [refused(ann.try_cancel(&order).await), refused(ann.try_confirm(&order, PaymentMethod::BankTransfer, terms).await)] {
        assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::OrderState));
        assert_eq!(refusal.metadata.get("state").map(String::as_str), Some("charge_under_way"));
    }
    ends_paid_and_charged_once(app, &ann, &order).await;
}

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
        let number = charges_at_the_gateway(app).await - 1;
        assert_eq!(number, expected, "charges on {day}");
        let failures = "SELECT COUNT(*) FROM mail WHERE once LIKE 'renewal failed%'";
        assert_eq!(app.database.number(failures).await, expected, "mails on {day}");
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
    assert_eq!(charges_at_the_gateway(app).await, 2, "the purchase and the one that failed");
}
