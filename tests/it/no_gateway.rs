//! Without a gateway cards and PayPal are not offered, and whoever chooses them all the same is told; transfers and slips go on (B7).

use spazio::config::ChargedBy;
use tonic::Code;

use crate::support::pb::{ErrorReason, OrderState, PaymentMethod};
use crate::support::{TestApp, accepted, by_card, pb, refused};

on_both_databases!(with |config| config.payments.charged_by = ChargedBy::None;
    cards_and_paypal_are_neither_offered_nor_taken,
);

async fn cards_and_paypal_are_neither_offered_nor_taken(app: &TestApp) {
    let ann = app.customer("ann").full().await;
    let order = ann.places(&ann.opens_cart().await).await;
    let form = ann.form(&order).await;
    let offered: Vec<_> = form.payment_options.iter().map(pb::PaymentOption::payment_method).collect();
    assert_eq!(offered, [PaymentMethod::BankTransfer, PaymentMethod::PostalSlip]);

    for means in [by_card("sim-ok"), (PaymentMethod::Paypal, "sim-ok".to_owned())] {
        let refusal = refused(ann.try_confirm(&order, means, accepted(&form)).await);
        assert_eq!((refusal.code, refusal.reason), (Code::InvalidArgument, ErrorReason::InvalidRequest));
        assert_eq!(refusal.violations[0].0, "payment_method");
    }
    assert_eq!(ann.order(&order).await.state(), OrderState::Placed);

    ann.confirms(&order, PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;
    ann.sends(&ann.invoice()).await;
}
