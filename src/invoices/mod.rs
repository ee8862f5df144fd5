//! The archive of invoices: sent ones with their life, received ones as they came, receipts that move them.

mod convert;
mod error;
mod intake;
mod judged;
mod received;
mod sent;
mod service;
pub mod state;
mod store;

pub use error::InvoiceError;
pub use intake::Intake;
pub use service::{InvoicesApi, MAX_CHUNK};
