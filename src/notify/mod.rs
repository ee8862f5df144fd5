//! What people are told: mails are written into the outbox in the transaction of what they tell, and sent afterwards.

pub mod language;
pub mod mail;
mod outbox;
mod tell;
pub mod templates;
pub mod transport;

pub use outbox::{due, send};
pub use tell::{
    Payable, RunningOut, how_to_pay, level_crossed, order_completed, order_confirmed, payment_under_review, renewal_failed, running_out,
};

use crate::words::words;

words! {
    /// Where a mail of the outbox stands.
    pub enum MailState {
        /// To be sent.
        Waiting = "waiting",
        /// Sent.
        Sent = "sent",
        /// Given up: refused for good, or too often.
        Failed = "failed",
    }
}
