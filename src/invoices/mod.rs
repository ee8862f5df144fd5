//! The archive of invoices: sent ones with their life, received ones as they came, receipts that move them.

mod archive;
mod convert;
mod error;
mod index;
mod intake;
mod judged;
mod list;
mod received;
mod sent;
mod service;
pub mod state;
mod store;
mod words;

pub use archive::MAX_CHUNK;
pub use error::InvoiceError;
pub use index::find_words;
pub use intake::Intake;
pub use list::{Bounds, listed};
pub use service::InvoicesApi;
