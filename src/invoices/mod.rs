//! The archive of invoices: sent ones with their life, received ones as they came, receipts that move them.

mod archive;
mod convert;
mod copies;
mod error;
mod findings;
mod intake;
mod issued;
mod judged;
mod list_receipts;
mod names;
mod queue;
mod receipts;
mod received;
mod sent;
mod service;
pub mod state;
mod store;

pub use archive::MAX_CHUNK;
pub use error::InvoiceError;
pub use intake::Intake;
pub use service::InvoicesApi;
