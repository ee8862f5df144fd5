//! The archive of invoices: sent ones with their life, received ones as they came, receipts that move them.

mod archive;
mod convert;
mod download;
mod error;
mod export;
mod import;
mod intake;
mod judged;
mod kept;
mod received;
mod sent;
mod service;
pub mod state;
mod store;

pub use error::InvoiceError;
pub use intake::Intake;
pub use service::InvoicesApi;
