//! Space: what is charged, how full it is, what to buy.

mod charge;
mod convert;
mod error;
pub mod forecast;
pub mod level;
mod service;

pub use charge::{Change, Charge, free, observe, post};
pub use error::QuotaError;
pub use service::QuotaApi;

use crate::words::words;

words! {
    /// What kind of document fills the space (S1).
    pub enum DocumentKind {
        /// Invoices the account issues.
        Sent = "sent",
        /// Invoices its suppliers issue to it.
        Received = "received",
        /// Receipts of the SdI.
        Receipt = "receipt",
    }
}
