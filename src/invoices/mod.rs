//! The archive of invoices: sent ones with their life, received ones as they came, receipts about both.

mod advice;
mod convert;
mod copies;
mod download;
mod error;
mod export;
mod findings;
mod harmless;
mod homes;
mod import;
mod index;
mod intake;
mod issued;
mod judged;
mod kept;
mod list;
mod list_receipts;
mod names;
mod queue;
mod receipts;
mod received;
pub mod retire;
mod sent;
mod service;
pub mod state;
mod store;
mod words;

pub use error::InvoiceError;
pub use import::Imports;
pub use index::{Misdated, index_anew, misdated};
pub use intake::Intake;
pub use list::{Bounds, listed};
pub use service::InvoicesApi;
