//! The policy of every method, as the contract states it (proto/spazio/v1/policy.proto).
//!
//! build.rs writes the table from the descriptors; a method without a policy does not compile.

use std::time::Duration;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reads accounts, space, carts or orders.
    Read,
    /// Reads stored documents.
    ReadDocuments,
    /// Stores, changes, deletes or sends a sent invoice.
    SentWrite,
    /// Stores what was delivered.
    Receive,
    /// Buys or prepares to buy.
    Purchase,
    /// Creates or changes accounts.
    Provision,
    /// Records money that came in.
    Settle,
}

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A customer's panel, bound to one account.
    Customer,
    /// Another service of the provider.
    Service,
    /// A person of the provider's staff.
    Operator,
}

/// A method of the contract and what the server enforces of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// The path of its calls: `/package.Service/Method`.
    pub path: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Who may call it.
    pub roles: &'static [Role],
    /// Whether it is about one account.
    pub account: bool,
    /// Whether its request carries a request_id.
    pub repeatable: bool,
    /// Whether its request is a stream of messages.
    pub streamed: bool,
    /// The longest it may take.
    pub deadline: Duration,
    /// The largest request message, in bytes; of a stream, each of its messages.
    pub max_request_bytes: usize,
}

impl Method {
    /// The name of its service with the package.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.path.trim_start_matches('/').split('/').next().unwrap_or_default()
    }

    /// The name without package and service, for the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

#[expect(clippy::unreadable_literal, clippy::duration_suboptimal_units, reason = "written by build.rs")]
mod table {
    use super::{Duration, Effect, Method, Role};
    include!(concat!(env!("OUT_DIR"), "/policies.rs"));
}

/// Every method, ordered by path.
#[must_use]
pub fn methods() -> &'static [Method] {
    table::METHODS
}

/// The method of a path; none means that there is no such method.
#[must_use]
pub fn method(path: &str) -> Option<&'static Method> {
    methods().binary_search_by(|method| method.path.cmp(path)).ok().map(|index| &methods()[index])
}
