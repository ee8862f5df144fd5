//! The archive of invoices: sent ones with their life, received ones as they came, receipts that move them.

mod archive;
mod convert;
mod download;
mod error;
mod export;
mod import;
mod index;
mod intake;
mod judged;
mod kept;
mod list;
mod received;
mod sent;
mod service;
pub mod state;
mod store;
mod words;

pub use error::InvoiceError;
pub use index::find_words;
pub use intake::Intake;
pub use list::{Bounds, listed};
pub use service::InvoicesApi;
