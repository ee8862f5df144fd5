//! Recording money that came in. What matches its order completes it; what does not is kept for review (B11).

use super::state::OrderState;
use super::{OrderError, Rules, grant, store};
use crate::db::Tx;
use crate::money::Euro;
use crate::notify;
use crate::payment::reference::OrderNumber;
use crate::payment::{PaymentMethod, PaymentOutcome, ReviewReason};

/// Money that came in.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    /// The order number as the payer wrote it.
    pub order_number: String,
    /// How much, in hundredths of its currency.
    pub amount: Euro,
    /// ISO 4217.
    pub currency: String,
    pub method: PaymentMethod,
    /// The bank's, the post's or the gateway's own reference: what makes it one payment.
    pub reference: String,
}

/// Records a payment; the same one again is answered as before.
pub(super) async fn record(tx: &Tx, incoming: &Incoming, rules: &Rules) -> Result<(store::PaymentRow, Option<store::Row>), OrderError> {
    let order = match incoming.order_number.parse::<OrderNumber>() {
        Ok(number) => store::hold_by_number(tx, &number).await?,
        // A mistyped number is nobody's: the payment is kept and looked at by a person.
        Err(_) => None,
    };
    if let Some(before) = store::payment_by_reference(tx, incoming.method, &incoming.reference).await? {
        return same(before, incoming).map(|payment| (payment, order));
    }
    let review = review(tx, incoming, order.as_ref());
    let payment = store::PaymentRow {
        id: tx.id(),
        account_id: order.as_ref().map(|order| order.account_id),
        purchase_id: order.as_ref().map(|order| order.id),
        order_number: incoming.order_number.clone(),
        amount_cents: incoming.amount,
        currency: incoming.currency.clone(),
        method: incoming.method,
        reference: incoming.reference.clone(),
        outcome: if review.is_some() { PaymentOutcome::UnderReview } else { PaymentOutcome::Applied },
        review_reason: review,
        created_time: tx.now(),
    };
    if !store::insert_payment(tx, payment.clone()).await? {
        // Recorded by another call at this moment: its transaction is over, or ours would still wait for it.
        let before = store::payment_by_reference(tx, incoming.method, &incoming.reference).await?;
        return same(before.unwrap_or(payment), incoming).map(|payment| (payment, order));
    }
    match (order, review) {
        (Some(order), None) => {
            let order = grant::complete(tx, &order, Some(incoming.method), rules).await?;
            Ok((payment, Some(order)))
        }
        (order, review) => {
            if let Some(reason) = review {
                notify::payment_under_review(tx, &payment, reason, &rules.operators).await?;
            }
            Ok((payment, order))
        }
    }
}

fn same(before: store::PaymentRow, incoming: &Incoming) -> Result<store::PaymentRow, OrderError> {
    let same =
        before.order_number == incoming.order_number && before.amount_cents == incoming.amount && before.currency == incoming.currency;
    if same { Ok(before) } else { Err(OrderError::PaymentReferenceReused) }
}

/// Why the payment does not complete the order, if it does not.
fn review(tx: &Tx, incoming: &Incoming, order: Option<&store::Row>) -> Option<ReviewReason> {
    let Some(order) = order else { return Some(ReviewReason::OrderUnknown) };
    let overdue = order.lapse_time.is_some_and(|lapse| lapse <= tx.now());
    match order.state {
        OrderState::Completed => Some(ReviewReason::PaidTwice),
        OrderState::Placed | OrderState::Cancelled | OrderState::Lapsed => Some(ReviewReason::OrderNotAwaiting),
        // The job that marks it may not have run yet.
        OrderState::AwaitingPayment if overdue => Some(ReviewReason::OrderNotAwaiting),
        OrderState::AwaitingPayment if incoming.currency != "EUR" => Some(ReviewReason::CurrencyDiffers),
        OrderState::AwaitingPayment if incoming.amount != order.total_cents => Some(ReviewReason::AmountDiffers),
        OrderState::AwaitingPayment => None,
    }
}
