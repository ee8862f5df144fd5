//! Payments: what matches completes its order once, what does not is kept and grants nothing (B9 to B11), and charges happen once (N2).

use std::time::Duration;

use spazio::wire;
use tonic::Code;

use crate::support::pb::{ChargeState, ErrorReason, OrderState, PaymentMethod, PaymentOutcome, ReviewReason};
use crate::support::{Customer, TestApp, accepted, by_card, charged, day, euro, pb, refused};

on_both_databases!(
    a_recorded_payment_is_answered_with_the_order_in_its_accounts_language,
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
    an_order_that_was_paid_by_transfer_meanwhile_is_not_charged,
    what_a_card_brings_after_the_transfer_is_kept_and_grants_nothing_more,
    confirming_again_does_not_keep_a_price_alive,
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

async fn a_recorded_payment_is_answered_with_the_order_in_its_accounts_language(app: &TestApp) {
    let ann = app.customer("ann").in_english().create().await;
    let order = awaiting(&ann).await;
    let recorded = ann.try_record(Customer::payment_of(&order, "CRO 1")).await.expect("recorded").order.expect("the order");
    assert!(recorded.lines[0].display_name.starts_with("Additional space"), "{:?}", recorded.lines);
    assert_eq!(recorded.lines, order.lines);
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

async fn confirming_again_does_not_keep_a_price_alive(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = ann.places(&ann.opens_cart().await).await;
    app.day_comes("2026-03-26").await;
    let order = ann.confirms(&order, PaymentMethod::BankTransfer).await;
    // The first confirmation counts: the thirtieth day after 26 March is 25 April.
    assert_eq!(order.lapse_time, Some(wire::timestamp(day("2026-04-26").start())));

    app.day_comes("2026-04-25").await;
    let again = ann.confirms(&order, PaymentMethod::PostalSlip).await;
    assert_eq!((again.payment_method(), again.lapse_time), (PaymentMethod::PostalSlip, order.lapse_time));
    app.day_comes("2026-04-26").await;
    assert_eq!(ann.order(&order).await.state(), OrderState::Lapsed);
    reviewed(app, &ann, Customer::payment_of(&order, "CRO late"), ReviewReason::OrderNotAwaiting).await;
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

async fn a_declined_card_leaves_the_order_to_be_paid_otherwise(app: &TestApp) {
    let ann = app.customer("ann").for_days(30).create().await;
    let order = charged(app, &ann, "sim-declined").await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::AwaitingPayment, ChargeState::Declined));
    assert!(order.charge_message.contains("declined"), "{}", order.charge_message);
    assert_eq!(bought(&ann).await, 0);

    let order = ann.confirms(&order, by_card("sim-ok")).await;
    app.settled().await;
    assert_eq!(ann.order(&order).await.state(), OrderState::Completed);
    assert_eq!((bought(&ann).await, app.charges_at_the_gateway().await), (1, 2));
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
    assert_eq!((bought(ann).await, app.charges_at_the_gateway().await), (1, 1));
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

/// The gateway never heard of its charges: the requests were lost on their way.
async fn requests_were_lost(app: &TestApp) {
    let lost = app.database.execute("DELETE FROM simulated_charge").await.expect("the gateway forgets");
    assert!(lost > 0, "there was nothing to lose");
}

async fn an_order_that_was_paid_by_transfer_meanwhile_is_not_charged(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    let (paid, awaiting) = (charged(app, &ann, "sim-slow").await, charged(app, &bob, "sim-slow").await);
    requests_were_lost(app).await;
    ann.pays(&paid).await;
    ends_paid_and_charged_once(app, &bob, &awaiting).await;

    let paid = ann.order(&paid).await;
    assert_eq!((paid.state(), paid.charge_state()), (OrderState::Completed, ChargeState::Declined));
    assert!(paid.charge_message.contains("paid otherwise"), "{}", paid.charge_message);
    assert_eq!(bought(&ann).await, 1);
    // The transfer paid, not the card: nothing renews itself (N1).
    assert!(ann.services().await.iter().all(|service| !service.automatic_renewal));
}

async fn what_a_card_brings_after_the_transfer_is_kept_and_grants_nothing_more(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = charged(app, &ann, "sim-unknown").await;
    ann.pays(&order).await;
    assert_eq!(bought(&ann).await, 1);

    // Now the gateway tells that it had taken the money.
    app.passes(Duration::from_secs(60)).await;
    let order = ann.order(&order).await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::Completed, ChargeState::Succeeded));
    assert_eq!((bought(&ann).await, app.charges_at_the_gateway().await), (1, 1));
    let kept = "SELECT COUNT(*) FROM payment WHERE method = 'card' AND outcome = 'under_review' AND review_reason = 'paid_twice'";
    assert_eq!(app.database.number(kept).await, 1);
    let mails = app.mails_with(&order.number).await;
    let told = mails.iter().filter(|mail| mail.contains("pagamenti@provider.example")).count();
    assert_eq!(told, 1, "the operators are told once: {mails:?}");
    assert!(ann.services().await.iter().all(|service| !service.automatic_renewal));
}
