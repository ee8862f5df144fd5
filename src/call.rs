//! What a handler knows of the call it serves: who calls, for which account, until when.
//!
//! The edge puts it together before the body is read; a handler finds it in the request's extensions.

use std::sync::Arc;

use prost::Message;
use ring::digest::{Context, SHA256};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tonic::Request;
use uuid::Uuid;

use crate::account::standing::Standing;
use crate::check::Check;
use crate::db::{Once, RequestKey};
use crate::ids::AccountId;
use crate::policy::{Method, Role};

/// Who calls, as the token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's subject, for the log.
    pub subject: String,
    /// What the caller is, and for a customer, which account.
    pub acts_as: ActsAs,
}

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsAs {
    /// A customer's panel: may act for this account and no other.
    Customer(AccountId),
    /// Another service of the provider.
    Service,
    /// A person of the provider's staff.
    Operator,
}

impl ActsAs {
    /// The role in the policy's words.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Customer(_) => Role::Customer,
            Self::Service => Role::Service,
            Self::Operator => Role::Operator,
        }
    }
}

/// A call that passed the edge.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its method.
    pub method: &'static Method,
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The account it is about, as it stood when the call arrived.
    pub standing: Option<Arc<Standing>>,
    /// When its time is over.
    pub deadline: Instant,
    /// Its place among the calls that are served at once; a stream keeps it to its end.
    pub place: Arc<OwnedSemaphorePermit>,
}

impl Call {
    /// The call of a request.
    ///
    /// # Panics
    /// When the request did not pass the edge, which the server's stack makes impossible.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().expect("the edge adds the call to every request it lets pass")
    }

    /// How the account stood when the call arrived.
    ///
    /// # Panics
    /// In a method whose policy says `account: false`.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        self.standing.as_deref().expect("the edge finds the account of every method whose policy names one")
    }

    /// The account the call is about.
    ///
    /// # Panics
    /// In a method whose policy says `account: false`.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.standing().account
    }

    /// What makes this call the same one when it is repeated.
    #[must_use]
    pub fn once(&self, request_id: Uuid, request: &impl Message) -> Once {
        let mut digest = Context::new(&SHA256);
        digest.update(self.method.path.as_bytes());
        let mut content = request.encode_to_vec();
        // A UUID may be written in either case. Tag and length, which stand before it, have no letters.
        let written = content.len().min(REQUEST_ID_END);
        content[..written].make_ascii_lowercase();
        digest.update(&content);
        let mut key = RequestKey { account: self.standing.as_ref().map(|s| s.account), request_id, digest: [0; 32] };
        key.digest.copy_from_slice(digest.finish().as_ref());
        Once { key, op: self.method.name(), deadline: self.deadline }
    }
}

/// Where the request_id ends in a request that has one: it is field 1, a tag, a length and the UUID's text.
pub const REQUEST_ID_END: usize = 2 + uuid::fmt::Hyphenated::LENGTH;

/// Reads a request_id: a UUID in its usual form, not the nil one.
pub fn request_id(check: &mut Check, text: &str) -> Option<Uuid> {
    let wrong = "must be a UUID such as 123e4567-e89b-42d3-a456-426614174000, chosen anew for each request";
    check.take("request_id", parse_request_id(text).ok_or(wrong))
}

/// Reads an etag that may be left out: the version of an earlier answer.
pub fn etag(check: &mut Check, text: &str) -> Option<Option<i64>> {
    let parsed = (!text.is_empty()).then(|| text.parse::<i64>().map_err(|_| "must be the etag of an earlier answer"));
    check.take_optional("etag", parsed)
}

/// The UUID in a request_id's text, if it is one.
#[must_use]
pub fn parse_request_id(text: &str) -> Option<Uuid> {
    if text.len() != uuid::fmt::Hyphenated::LENGTH {
        return None;
    }
    Uuid::try_parse(text).ok().filter(|id| !id.is_nil())
}
