//! Who calls: a bearer token, or no call. And whether the caller's role may call this method.

use chrono::{DateTime, Utc};
use http::request::Parts;
use tonic::Status;

use super::token::Tokens;
use crate::call::Caller;
use crate::pb::spazio::v1::ErrorReason;
use crate::policy::Method;
use crate::refusal::Refused;

/// Reads and verifies the token in the metadata `authorization`.
pub fn authenticate(tokens: &Tokens, parts: &Parts, now: DateTime<Utc>) -> Result<Caller, Status> {
    let header = parts.headers.get(http::header::AUTHORIZATION).ok_or_else(|| {
        let message = "no token: send the metadata `authorization: Bearer <token>`, with a token of the provider's identity service; where \
                       the server runs without a key set, for development, `spazio token` mints one";
        Refused::new(ErrorReason::TokenMissing, message)
    })?;
    let token = header
        .to_str()
        .ok()
        .and_then(bearer)
        .ok_or_else(|| Refused::new(ErrorReason::TokenInvalid, "the metadata `authorization` must be `Bearer <token>`"))?;
    tokens.verify(token, now).map_err(|error| Refused::new(ErrorReason::TokenInvalid, error.to_string()).into())
}

/// The scheme's name has no case (RFC 7235).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Lets only the roles through that the method's policy names.
pub fn authorize(method: &Method, caller: &Caller) -> Result<(), Status> {
    let role = caller.acts_as.role();
    if method.roles.contains(&role) {
        return Ok(());
    }
    let allowed: Vec<_> = method.roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    let message = format!("{} may be called by: {}", method.name(), allowed.join(", "));
    Err(Refused::new(ErrorReason::RoleNotAllowed, message).with("allowed_roles", &allowed.join(",")).into())
}
