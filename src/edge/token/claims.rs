//! The claims of a token, and the caller they describe.

use serde::{Deserialize, Serialize};

use super::refused::TokenRefused;
use crate::call::{ActsAs, Caller};
use crate::ids::AccountId;

/// The claims of a token, as they stand in it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: Audience,
    pub(super) sub: String,
    pub(super) exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) iat: Option<i64>,
    pub(super) role: RoleName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
}

/// `aud` is one name or a list of them (RFC 7519, 4.1.3).
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn names(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

/// The claim `role`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleName {
    Customer,
    Service,
    Operator,
}

impl Claims {
    /// The caller whom the claims describe: a customer has an account, nobody else has one.
    pub(super) fn into_caller(self) -> Result<Caller, TokenRefused> {
        if !(1..=255).contains(&self.sub.chars().count()) {
            return Err(TokenRefused::BadSubject);
        }
        let acts_as = match (self.role, self.account) {
            (RoleName::Customer, account) => {
                let account = account.and_then(|account| account.parse().ok());
                ActsAs::Customer(account.ok_or(TokenRefused::NoAccount)?)
            }
            (RoleName::Service, None) => ActsAs::Service,
            (RoleName::Operator, None) => ActsAs::Operator,
            (RoleName::Service | RoleName::Operator, Some(_)) => return Err(TokenRefused::AccountNotAllowed),
        };
        Ok(Caller { subject: self.sub, acts_as })
    }
}

/// The claims `role` and `account` of somebody.
pub(super) fn role_claims(acts_as: ActsAs) -> (RoleName, Option<AccountId>) {
    match acts_as {
        ActsAs::Customer(account) => (RoleName::Customer, Some(account)),
        ActsAs::Service => (RoleName::Service, None),
        ActsAs::Operator => (RoleName::Operator, None),
    }
}
