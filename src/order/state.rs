//! The life of an order.
//!
//! ```text
//! placed -> awaiting_payment -> completed
//!   |             |-----------> cancelled
//!   |             `-----------> lapsed
//!   |-> cancelled
//!   `-> lapsed
//! ```
//!
//! A renewal begins as awaiting_payment: nobody fills in a form for it.

use crate::words::words;

words! {
    /// Where an order is in its life.
    pub enum OrderState {
        /// Made from a cart; the form is to be filled in.
        Placed = "placed",
        /// Confirmed; the payment is not recorded yet.
        AwaitingPayment = "awaiting_payment",
        /// Paid and granted.
        Completed = "completed",
        /// Given up.
        Cancelled = "cancelled",
        /// Not paid in time.
        Lapsed = "lapsed",
    }
}

words! {
    /// Where an order comes from.
    pub enum OrderKind {
        /// From a cart.
        Purchase = "purchase",
        /// From automatic renewal.
        Renewal = "renewal",
    }
}

/// The allowed moves. The database holds the same list (migration, guard `purchase_moves`).
pub const MOVES: &[(OrderState, OrderState)] = {
    use OrderState::{AwaitingPayment, Cancelled, Completed, Lapsed, Placed};
    &[
        (Placed, AwaitingPayment),
        (Placed, Cancelled),
        (Placed, Lapsed),
        (AwaitingPayment, Completed),
        (AwaitingPayment, Cancelled),
        (AwaitingPayment, Lapsed),
    ]
};

/// The states from which `to` can be reached in one move: what an UPDATE's WHERE allows.
pub fn sources(to: OrderState) -> impl Iterator<Item = OrderState> {
    MOVES.iter().filter(move |(_, target)| *target == to).map(|(source, _)| *source)
}
