//! Why a token was refused, in words for the caller.

use chrono::{DateTime, SecondsFormat, Utc};

/// Longest token that is looked at, in bytes. Ours have some 400; the limit bounds what a stranger makes us parse.
pub const LONGEST_TOKEN: usize = 8 * 1024;

/// Why a token was refused. Every message may be shown to the caller: it says what was wrong with the token, and of
/// our side only what whoever asks for tokens must know anyway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// Longer than [`LONGEST_TOKEN`].
    #[error("the token has {bytes} bytes, more than the {LONGEST_TOKEN} allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not three base64url parts, or a header that is no JSON, or names an algorithm we do not know, such as `none`.
    #[error("the token is no JWT signed with EdDSA or ES256: its header cannot be read")]
    UnreadableHeader,
    /// Signed with an algorithm that is never accepted.
    #[error("the token's \"alg\" is not accepted; accepted: EdDSA (Ed25519) and ES256")]
    AlgorithmNotAccepted,
    /// The header's type is missing or another one.
    #[error("the token's \"typ\" must be JWT or at+jwt")]
    WrongType,
    /// The header demands an extension that we do not know (RFC 7515, 4.1.11).
    #[error("the token's header has a \"crit\" list, and none of its extensions is supported")]
    CriticalExtension,
    /// The header names no key.
    #[error("the token's header has no \"kid\"")]
    NoKeyId,
    /// The named key is not in the set.
    #[error("the token's \"kid\" {id} names no key in force{}", advice(id))]
    UnknownKeyId {
        /// The id, shortened.
        id: String,
    },
    /// The named key belongs to another algorithm.
    #[error("the token's \"alg\" is not that of the key it names")]
    AlgorithmOfAnotherKey,
    /// The signature does not fit header, payload and key.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// A claim is missing or has another type.
    #[error("the token's claims cannot be read: {reason}")]
    UnreadableClaims {
        /// Which, and what is wrong with it.
        reason: String,
    },
    /// From another issuer.
    #[error("the token's \"iss\" is not {expected:?}")]
    WrongIssuer {
        /// The issuer whose tokens are accepted.
        expected: String,
    },
    /// For somebody else.
    #[error("the token's \"aud\" does not name {expected:?}")]
    WrongAudience {
        /// The name this service answers to.
        expected: String,
    },
    /// No longer valid.
    #[error("the token expired at {}: get a new one", rfc3339(*.at))]
    Expired {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Not valid yet.
    #[error("the token is not valid before {}", rfc3339(*.from))]
    NotYetValid {
        /// From when on.
        from: DateTime<Utc>,
    },
    /// Issued later than now: one of the two clocks is wrong.
    #[error("the token says it was issued at {}, which is in the future: check the issuer's clock", rfc3339(*.at))]
    IssuedInTheFuture {
        /// When it says.
        at: DateTime<Utc>,
    },
    /// A time that no calendar has.
    #[error("the token's {claim:?} is no time in seconds since 1970")]
    ImpossibleTime {
        /// Which claim.
        claim: &'static str,
    },
    /// The subject is empty or too long.
    #[error("the token's \"sub\" must have 1 to 255 characters")]
    BadSubject,
    /// A customer's token that does not say whose.
    #[error("the token's \"account\" must be there for the role customer, as acc_ and 32 hexadecimal digits")]
    NoAccount,
    /// A token that is bound to an account although its role is not.
    #[error("the token's \"account\" is for the role customer only")]
    AccountNotAllowed,
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What helps whoever made the token with `spazio token`.
fn advice(id: &str) -> &'static str {
    if id.starts_with("\"development-") {
        ": it was made with the development key of another data.folder; run spazio token with the settings that the server runs with"
    } else {
        ""
    }
}

/// A stranger's text, short and printable enough for a status message.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    let start: String = text.chars().take(MOST).collect();
    let more = if text.chars().count() > MOST { "..." } else { "" };
    format!("{start:?}{more}")
}
