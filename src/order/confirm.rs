//! Confirming an order: the method is chosen, the terms are accepted and kept (B8). Confirmed is not completed (B9).

use super::state::{OrderKind, OrderState};
use super::{OrderError, Rules, place, store};
use crate::account;
use crate::db::Tx;
use crate::db::entity::purchase;
use crate::ids::{AccountId, OrderId};
use crate::notify;
use crate::payment::PaymentMethod;
use sea_orm::ActiveValue::Set;

/// What the customer filled in.
#[derive(Clone, Debug)]
pub(super) struct Confirmation {
    pub order: OrderId,
    pub version: Option<i64>,
    pub method: PaymentMethod,
    /// The means of payment, for methods that are charged.
    pub token: Option<String>,
    /// Code and version of each.
    pub accepted: Vec<(String, String)>,
}

/// Confirms an order, or one whose charge failed with another method (N3).
pub(super) async fn confirm(tx: &Tx, account: AccountId, given: &Confirmation, rules: &Rules) -> Result<store::Row, OrderError> {
    let held = store::hold(tx, account, given.order).await?;
    if given.version.is_some_and(|version| version != held.version) {
        return Err(OrderError::EtagMismatch { current: held.version });
    }
    refuse_unconfirmable(tx, &held).await?;
    let first_time = held.terms.is_empty();
    if first_time {
        let missing = rules.terms.missing(&given.accepted);
        if !missing.is_empty() {
            return Err(OrderError::TermsNotAccepted(missing));
        }
    }
    let mandate = match &given.token {
        Some(token) => Some(account::store_mandate(tx, account, given.method, token).await?),
        None => None,
    };
    let mut change = purchase::ActiveModel {
        method: Set(Some(given.method)),
        mandate_id: Set(mandate),
        confirmed_time: Set(Some(tx.now())),
        ..Default::default()
    };
    // Once: confirming again does not keep a price alive (B10).
    if held.kind == OrderKind::Purchase && first_time {
        change.lapse_time = Set(Some(place::end_of_term(tx.today(), rules.lapse_days)));
    }
    if first_time {
        change.terms = Set(kept(&given.accepted));
    }
    let order = store::advance(tx, &held, OrderState::AwaitingPayment, change, "confirmed").await?;
    match mandate {
        Some(mandate) => store::insert_charge(tx, &order, mandate, tx.today()).await?,
        None => notify::order_confirmed(tx, &order.payable()?, &rules.payee).await?,
    }
    Ok(order)
}

/// A placed order can be confirmed; one that awaits its payment too, with another method, unless a charge is under way.
async fn refuse_unconfirmable(tx: &Tx, held: &store::Row) -> Result<(), OrderError> {
    match held.state {
        OrderState::Placed => Ok(()),
        OrderState::AwaitingPayment => refuse_charging(tx, held).await,
        current @ (OrderState::Completed | OrderState::Cancelled | OrderState::Lapsed) => {
            Err(OrderError::State { wanted: "confirmed", current })
        }
    }
}

/// Nothing about an order is changed while its money may be on the way.
pub(super) async fn refuse_charging(tx: &Tx, held: &store::Row) -> Result<(), OrderError> {
    if store::is_charging(tx, held.account_id, held.id).await? { Err(OrderError::ChargeUnderWay) } else { Ok(()) }
}

/// Accepted terms as they rest: a line for each, code and version.
fn kept(accepted: &[(String, String)]) -> String {
    let lines: Vec<_> = accepted.iter().map(|(code, version)| format!("{code} {version}")).collect();
    lines.join("\n")
}

/// Accepted terms as they were given.
pub(super) fn accepted(kept: &str) -> impl Iterator<Item = (&str, &str)> {
    kept.lines().filter_map(|line| line.split_once(' '))
}
