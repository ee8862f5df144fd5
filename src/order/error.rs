//! What can go wrong with orders.

use super::state::OrderState;
use crate::cart::CartError;
use crate::check::Invalid;
use crate::db::{Fault, Reuse};
use crate::pb::spazio::v1::ErrorReason;
use crate::quota::QuotaError;
use crate::refusal::{Refusal, Refused, Violation, carries_faults, etag_mismatch, into_status};

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No such order in this account.
    #[error("there is no such order")]
    NotFound,
    /// The order is where this is not allowed.
    #[error("the order is {current}")]
    State {
        /// What was wanted, for example "confirmed".
        wanted: &'static str,
        /// Where it is.
        current: OrderState,
    },
    /// A card or PayPal charge is under way.
    #[error("a charge of this order is under way")]
    ChargeUnderWay,
    /// The order changed since it was read.
    #[error("the order changed since it was read")]
    EtagMismatch {
        /// Its version now.
        current: i64,
    },
    /// Terms that were not accepted in their version (B8).
    #[error("{} terms were not accepted", .0.len())]
    TermsNotAccepted(Vec<Violation>),
    /// The reference belongs to another payment (B11).
    #[error("the payment reference was recorded with other content")]
    PaymentReferenceReused,
    /// The cart refuses.
    #[error(transparent)]
    Cart(CartError),
    /// Fields are missing or wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The request_id was used before.
    #[error(transparent)]
    Reuse(#[from] Reuse),
    /// Not the caller's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

carries_faults!(OrderError);
into_status!(OrderError);

impl From<CartError> for OrderError {
    /// A fault stays a fault, so that the write is tried again for it.
    fn from(error: CartError) -> Self {
        match error {
            CartError::Fault(fault) => Self::Fault(fault),
            refused @ (CartError::NotFound
            | CartError::Ordered(_)
            | CartError::EtagMismatch { .. }
            | CartError::PricesChanged { .. }
            | CartError::ModuleUnknown(_)
            | CartError::ModulePresent(_)
            | CartError::NoBasePlan
            | CartError::Unpriced(_)
            | CartError::Invalid(_)
            | CartError::Reuse(_)) => Self::Cart(refused),
        }
    }
}

impl From<QuotaError> for OrderError {
    /// Granting space never meets the quota; what is left are faults.
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Fault(fault) => Self::Fault(fault),
            refused @ (QuotaError::SpaceExhausted { .. } | QuotaError::Expired { .. } | QuotaError::Deleted { .. }) => {
                Self::Fault(Fault::Broken(format!("an order met the quota: {refused}")))
            }
        }
    }
}

impl Refusal for OrderError {
    fn refused(&self) -> Refused {
        match self {
            Self::NotFound => Refused::new(ErrorReason::OrderNotFound, "this account has no such order; list its orders with ListOrders"),
            Self::State { wanted, current } => {
                let message = format!("the order is {current} and cannot be {wanted}");
                Refused::new(ErrorReason::OrderState, message.clone()).with("state", &current).precondition("ORDER_STATE", "order", message)
            }
            Self::ChargeUnderWay => {
                let message = "a charge of this order is under way; look at the order again in a moment";
                Refused::new(ErrorReason::OrderState, message).with("state", &"charge_under_way").precondition(
                    "ORDER_STATE",
                    "order",
                    message,
                )
            }
            Self::EtagMismatch { current } => etag_mismatch("order", current),
            Self::TermsNotAccepted(missing) => {
                let listed: Vec<_> = missing.iter().map(|violation| violation.description.clone()).collect();
                let message = format!("not confirmed: {}; GetOrderForm shows the terms", listed.join("; "));
                let mut refused = Refused::new(ErrorReason::TermsNotAccepted, message).violations(missing.iter().cloned());
                for violation in missing {
                    refused = refused.precondition("TERMS_NOT_ACCEPTED", violation.field.clone(), violation.description.clone());
                }
                refused
            }
            Self::PaymentReferenceReused => {
                let message = "a payment with this method and reference was recorded with another order number, amount or currency; check the reference";
                Refused::new(ErrorReason::PaymentReferenceReused, message)
            }
            Self::Cart(error) => error.refused(),
            Self::Invalid(error) => error.refused(),
            Self::Reuse(error) => error.refused(),
            Self::Fault(error) => error.refused(),
        }
    }
}
