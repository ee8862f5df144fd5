//! The quota interceptor: an early answer, before the body is read.
//!
//! It is not the guarantee: that is the conditional charge in the transaction that stores the document (quota/charge.rs).

use crate::account::state::{Action, permitted};
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::policy::Effect;
use crate::quota::QuotaError;

/// Refuses writes on sent invoices of a suspended or expired account, and any use of a deleted one's documents.
pub fn intercept(call: &Call, today: CalendarDay) -> Result<(), QuotaError> {
    let Some(standing) = &call.standing else { return Ok(()) };
    let action = match call.method.effect {
        Effect::SentWrite => Action::WriteSentInvoices,
        Effect::Receive => Action::ReceiveInvoices,
        Effect::ReadDocuments => Action::ReadSentInvoices,
        Effect::Read | Effect::Purchase | Effect::Provision | Effect::Settle => return Ok(()),
    };
    permitted(standing.state(today), action).map_err(|denial| QuotaError::denied(denial, standing))
}
