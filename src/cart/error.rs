//! What can go wrong with carts.

use super::pricing;
use crate::check::Invalid;
use crate::db::{Fault, Reuse};
use crate::ids::OrderId;
use crate::money::Euro;
use crate::pb::spazio::v1::ErrorReason;
use crate::refusal::{Refusal, Refused, Violation, carries_faults, etag_mismatch, into_status};

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum CartError {
    /// No such cart in this account.
    #[error("there is no such cart")]
    NotFound,
    /// The cart was made into an order (B6).
    #[error("the cart was made into order {0}")]
    Ordered(OrderId),
    /// The cart changed since it was read.
    #[error("the cart changed since it was read")]
    EtagMismatch {
        /// Its etag now.
        current: String,
    },
    /// Prices or dates changed since the cart was shown (B6).
    #[error("the price changed since the cart was shown")]
    PricesChanged {
        /// What it costs now.
        total: Euro,
    },
    /// The catalogue has no such module.
    #[error("there is no module {0}")]
    ModuleUnknown(String),
    /// The module is in the cart or active already (B4).
    #[error("{0}")]
    ModulePresent(String),
    /// The cart cannot be priced as it is: everything that is wrong with it.
    #[error("the cart cannot be priced")]
    Unpriced(Vec<pricing::Violation>),
    /// A deleted account buys its base plan anew, or nothing.
    #[error("the account is deleted and the cart does not buy its base plan")]
    NoBasePlan,
    /// Fields are missing or wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The request_id was used before.
    #[error(transparent)]
    Reuse(#[from] Reuse),
    /// Not the caller's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

carries_faults!(CartError);
into_status!(CartError);

impl Refusal for CartError {
    fn refused(&self) -> Refused {
        match self {
            Self::NotFound => Refused::new(ErrorReason::CartNotFound, "this account has no such cart; open one with OpenCart"),
            Self::Ordered(order) => {
                let message = format!("the cart was made into order {order}; cancel that order to go back to the cart, or open another");
                Refused::new(ErrorReason::CartOrdered, message.clone()).with("order_id", &order).precondition(
                    "CART_ORDERED",
                    order.to_string(),
                    message,
                )
            }
            Self::EtagMismatch { current } => etag_mismatch("cart", current),
            Self::PricesChanged { total } => {
                let message = format!(
                    "prices or dates changed since the cart was shown: it now costs {total}; show it again and order with its new etag"
                );
                Refused::new(ErrorReason::PricesChanged, message).with("total_cents", &total.cents())
            }
            Self::ModuleUnknown(module) => {
                let message = format!("the catalogue has no module {module:?}; the cart's suggestions list those that can be added");
                Refused::new(ErrorReason::ModuleUnknown, message).with("module", &module)
            }
            Self::ModulePresent(why) => Refused::new(ErrorReason::ModulePresent, why),
            Self::NoBasePlan => {
                let message = "the account is deleted: without its base plan nothing in it can be used; turn the extension ON, which buys the plan anew";
                Refused::new(ErrorReason::AccountDeleted, message).precondition("ACCOUNT_DELETED", "cart", message)
            }
            Self::Unpriced(violations) => unpriced(violations),
            Self::Invalid(error) => error.refused(),
            Self::Reuse(error) => error.refused(),
            Self::Fault(error) => error.refused(),
        }
    }
}

/// A missing price is ours to put right; everything else is the cart's.
fn unpriced(violations: &[pricing::Violation]) -> Refused {
    let ours = |violation: &&pricing::Violation| matches!(violation, pricing::Violation::NoPrice { .. });
    if let Some(missing) = violations.iter().find(ours) {
        return Refused::fault(missing.to_string());
    }
    let violations = violations.iter().map(|violation| Violation { field: "cart".to_owned(), description: violation.to_string() });
    Invalid(violations.collect()).refused()
}
