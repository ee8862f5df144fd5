//! Bearer tokens: who is calling, proven by a signed JWT.
//!
//! `verify.rs` holds the checks, `keys.rs` the key set they are made against, `claims.rs` what a token says,
//! `refused.rs` why one is refused, `development.rs` the key that a development machine makes for itself,
//! `crypto.rs` the signatures (ring; Ed25519 and ES256 only).

mod claims;
mod crypto;
mod development;
mod keys;
mod refused;
mod verify;

pub use development::{DevelopmentKey, DevelopmentKeyError};
pub use keys::{IgnoredKey, KeySet, KeySetError, Reload};
pub use refused::{LONGEST_TOKEN, TokenRefused};
pub use verify::Tokens;
