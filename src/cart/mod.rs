//! Carts: what is to be bought, priced anew at every look.

mod convert;
mod error;
pub mod extension;
pub mod pricing;
mod service;
mod store;
mod view;

pub use convert::{line_message, quote_amounts};
pub use error::CartError;
pub use service::CartApi;
pub use view::{Checkout, check_out, owned, reopen};
