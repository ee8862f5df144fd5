//! What customers and operators are written, one type for each occasion, in Italian and English.
//!
//! Values arrive as they are to be read, apart from dates and amounts, which each language writes its own way:
//! amounts come as `48.80`, in euro.

mod letter;
mod order;
mod renewal;
mod review;
mod space;

pub use order::{HowToPay, OrderCompleted, OrderConfirmed};
pub use renewal::{ExpiryReminder, RenewalFailed, RenewalSucceeded};
pub use review::PaymentUnderReview;
pub use space::{CrossedLevel, SpaceLevelCrossed};

#[cfg(test)]
mod tests;
