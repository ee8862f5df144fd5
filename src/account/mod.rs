//! Accounts: who holds them, what they have bought, how they stand.

mod convert;
mod error;
mod service;
pub mod standing;
pub mod state;
mod store;

pub use convert::{service_kind as service_kind_message, state as state_message};
pub use error::AccountError;
pub use service::AccountApi;
pub use store::{
    Contact, Grant, Mandate, Owned, automatic_renewal, contact, expiring, hold, mandate, prolong, record_state, renewing, running_out,
    sender, service_by_id, services, start, store_mandate,
};

pub use crate::catalogue::ServiceKind;
