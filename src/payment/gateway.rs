//! What a payment gateway must be able to do.
//!
//! A charge has our id as its key. Asking again with the same key never charges twice; a charge whose outcome is not known is looked up (N2).

use std::pin::Pin;

use crate::ids::ChargeId;
use crate::money::Euro;

/// A charge to be made.
#[derive(Clone, Debug)]
pub struct ChargeRequest {
    /// Our id: the gateway's idempotency key.
    pub id: ChargeId,
    /// The stored means of payment, as the payment page named it.
    pub token: String,
    /// How much.
    pub amount: Euro,
    /// What the customer reads on the statement: the order number.
    pub reference: String,
}

/// What a gateway says of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeStatus {
    /// Paid.
    Succeeded,
    /// Refused, with the reason for the customer.
    Declined(String),
    /// Not decided yet: ask again later.
    Pending,
    /// No charge has this key.
    NotFound,
}

/// The gateway did not answer, or the connection broke: the charge may have been made or not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gateway did not answer: {0}")]
pub struct Unanswered(pub String);

/// A gateway's answer, later.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<ChargeStatus, Unanswered>> + Send + 'a>>;

/// No gateway: nothing was ever charged, and what is to be is declined, so that a renewal left over is told and can be paid by hand (N3).
pub struct NoGateway;

impl Gateway for NoGateway {
    fn charge<'a>(&'a self, _: &'a ChargeRequest) -> Answer<'a> {
        Box::pin(async { Ok(ChargeStatus::Declined("cards and PayPal are not charged here".to_owned())) })
    }

    fn look_up(&self, _: ChargeId) -> Answer<'_> {
        Box::pin(async { Ok(ChargeStatus::NotFound) })
    }
}

/// A payment gateway.
pub trait Gateway: Send + Sync {
    /// Asks for a charge; with a key that was asked for before, answers what became of that one.
    fn charge<'a>(&'a self, request: &'a ChargeRequest) -> Answer<'a>;
    /// What became of a charge.
    fn look_up(&self, id: ChargeId) -> Answer<'_>;
}
