//! From a cart to an order: prices, months and terms are frozen (B6).

use chrono::{DateTime, Utc};

use super::state::OrderKind;
use super::{OrderError, Rules, store};
use crate::cart;
use crate::clock::CalendarDay;
use crate::db::Tx;
use crate::ids::{AccountId, CartId};

/// Places an order from a cart, at the price that was shown.
pub(super) async fn place(tx: &Tx, account: AccountId, cart: CartId, cart_etag: &str, rules: &Rules) -> Result<store::Row, OrderError> {
    let id = tx.id();
    let checkout = cart::check_out(tx, account, cart, cart_etag, &rules.catalogue, id).await?;
    let order = store::NewOrder {
        id,
        account,
        kind: OrderKind::Purchase,
        cart: Some(cart),
        renewed_expiry: None,
        term_years: checkout.term_years,
        quote: &checkout.quote,
        mandate: None,
        lapse_time: end_of_term(tx.today(), rules.lapse_days),
    };
    store::insert(tx, &order).await?.ok_or(OrderError::NotFound)
}

/// The end of the last day on which an order can be paid.
pub(super) fn end_of_term(from: CalendarDay, days: u32) -> DateTime<Utc> {
    from.plus_days(days.saturating_add(1)).start()
}
