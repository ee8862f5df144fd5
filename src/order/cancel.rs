//! Giving an order up; its cart can be changed again (B6).

use super::confirm::refuse_charging;
use super::state::OrderState;
use super::{OrderError, store};
use crate::cart;
use crate::db::Tx;
use crate::db::entity::purchase;
use crate::ids::{AccountId, OrderId};

/// Cancels an order that is not completed.
pub(super) async fn cancel(tx: &Tx, account: AccountId, id: OrderId, version: Option<i64>) -> Result<store::Row, OrderError> {
    let held = store::hold(tx, account, id).await?;
    if version.is_some_and(|version| version != held.version) {
        return Err(OrderError::EtagMismatch { current: held.version });
    }
    refuse_charging(tx, &held).await?;
    let order = store::advance(tx, &held, OrderState::Cancelled, purchase::ActiveModel::default(), "cancelled").await?;
    if let Some(cart) = order.cart_id {
        cart::reopen(tx, account, cart).await?;
    }
    Ok(order)
}
