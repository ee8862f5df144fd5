//! Driving charges of cards and PayPal: claim, ask the gateway outside any transaction, settle (N2).
//!
//! The gateway is asked what became of a charge before it is asked to make it, so a crash at any point ends in one charge.

use chrono::TimeDelta;

use super::payments::{self, Incoming};
use super::renewals;
use super::state::{OrderKind, OrderState};
use super::{OrderError, Rules, store};
use crate::account;
use crate::db::{Db, Fault, Tx};
use crate::payment::ChargeState;
use crate::payment::gateway::{ChargeRequest, ChargeStatus, Gateway};

const AT_ONCE: u64 = 20;
/// How long a charge is ours before another process may ask.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// When an undecided charge is asked about again.
const ASK_AGAIN: TimeDelta = TimeDelta::seconds(2);

/// Charges of every account whose gateway is to be asked now.
pub async fn due_charges(db: &Db) -> Result<Vec<store::ChargeRow>, Fault> {
    Ok(store::due_charges(db.reader(), db.clock().now(), AT_ONCE).await?)
}

/// Asks the gateway about a charge; returns whether it was settled.
pub async fn drive_charge(db: &Db, gateway: &dyn Gateway, rules: &Rules, charge: store::ChargeRow) -> Result<bool, OrderError> {
    let Some((request, wanted)) = claim(db, &charge).await? else { return Ok(false) };
    let status = match gateway.look_up(charge.id).await {
        Ok(ChargeStatus::NotFound) if wanted => gateway.charge(&request).await,
        Ok(ChargeStatus::NotFound) => Ok(ChargeStatus::Declined("the order was paid otherwise".to_owned())),
        answer => answer,
    };
    let (state, message) = match status {
        Ok(ChargeStatus::Succeeded) => (ChargeState::Succeeded, None),
        Ok(ChargeStatus::Declined(why)) => (ChargeState::Declined, Some(why)),
        Ok(ChargeStatus::Pending | ChargeStatus::NotFound) => {
            postpone(db, charge).await?;
            return Ok(false);
        }
        Err(unanswered) => {
            tracing::warn!(charge = %charge.id, "{unanswered}");
            postpone(db, charge).await?;
            return Ok(false);
        }
    };
    settle(db, charge, request.reference, state, message, rules).await?;
    Ok(true)
}

/// Takes the charge, and tells whether its order still awaits the payment: one that was paid otherwise is not charged as well.
async fn claim(db: &Db, charge: &store::ChargeRow) -> Result<Option<(ChargeRequest, bool)>, OrderError> {
    db.write("charge.claim", charge.clone(), async |tx: &Tx, charge: &store::ChargeRow| {
        if !store::claim_charge(tx, charge, tx.now() + LEASE).await? {
            return Ok(None);
        }
        let order = store::hold(tx, charge.account_id, charge.purchase_id).await?;
        let mandate = account::mandate(tx, charge.account_id, charge.mandate_id).await?;
        let mandate = mandate.ok_or_else(|| Fault::Broken(format!("{} has no mandate", charge.id)))?;
        let request = ChargeRequest { id: charge.id, token: mandate.token, amount: charge.amount_cents, reference: order.number };
        Ok::<_, OrderError>(Some((request, order.state == OrderState::AwaitingPayment)))
    })
    .await
}

async fn postpone(db: &Db, charge: store::ChargeRow) -> Result<(), OrderError> {
    db.write("charge.postpone", charge, async |tx: &Tx, charge: &store::ChargeRow| {
        store::postpone_charge(tx, charge, tx.now() + ASK_AGAIN).await.map_err(OrderError::from)
    })
    .await
}

type Settled = (store::ChargeRow, String, ChargeState, Option<String>, Rules);

async fn settle(
    db: &Db,
    charge: store::ChargeRow,
    order_number: String,
    state: ChargeState,
    message: Option<String>,
    rules: &Rules,
) -> Result<(), OrderError> {
    let input = (charge, order_number, state, message, rules.clone());
    db.write("charge.settle", input, async |tx: &Tx, (charge, order_number, state, message, rules): &Settled| {
        let held = store::hold(tx, charge.account_id, charge.purchase_id).await?;
        if !store::settle_charge(tx, charge, *state, message.clone()).await? {
            return Ok(());
        }
        match state {
            ChargeState::Succeeded => {
                let mandate = account::mandate(tx, charge.account_id, charge.mandate_id).await?;
                let mandate = mandate.ok_or_else(|| Fault::Broken(format!("{} has no mandate", charge.id)))?;
                let incoming = Incoming {
                    order_number: order_number.clone(),
                    amount: charge.amount_cents,
                    currency: "EUR".to_owned(),
                    method: mandate.method,
                    reference: charge.id.to_string(),
                };
                payments::record(tx, &incoming, rules).await?;
            }
            ChargeState::Declined if held.kind == OrderKind::Renewal && held.state == OrderState::AwaitingPayment => {
                renewals::tell_failure(tx, &held, charge.due_day).await?;
            }
            ChargeState::Declined | ChargeState::Processing => {}
        }
        Ok::<_, OrderError>(())
    })
    .await
}
