//! Orders: a cart frozen, confirmed, paid, granted; and the renewals that run by themselves.

mod cancel;
mod charges;
mod confirm;
mod convert;
mod error;
mod form;
mod grant;
mod payments;
mod place;
mod renewals;
mod service;
pub mod state;
mod store;

pub use charges::{drive_charge, due_charges};
pub use error::OrderError;
pub use form::Terms;
pub use renewals::{Renewal, due_renewals, renew};
pub use service::OrderApi;
pub use store::lapse;

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::payment::Payee;
use crate::quota::level::Thresholds;

/// What orders are made by: prices, terms, and how to be paid.
#[derive(Clone)]
pub struct Rules {
    /// What things cost.
    pub catalogue: Arc<Catalogue>,
    /// What must be accepted.
    pub terms: Arc<Terms>,
    /// Who is paid.
    pub payee: Arc<Payee>,
    /// Whether cards and PayPal can be charged; otherwise they are not offered.
    pub charges: bool,
    /// Where operators are written to.
    pub operators: Arc<str>,
    /// After how many days an unpaid order lapses (B10).
    pub lapse_days: u32,
    /// From which percentage on each level of space begins.
    pub thresholds: Thresholds,
}
