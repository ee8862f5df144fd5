//! What every call passes before it reaches a room, from outside in (stack.rs):
//!
//! limits (a place, the deadline, the size) -> authentication -> policy -> account -> quota interceptor -> room -> status mapping.
//!
//! All of it works on the metadata: a call that is refused here is answered before its body is read.

mod account;
mod authentication;
mod connections;
mod limits;
mod quota;
mod repetition;
mod stack;
mod status;
pub mod token;

pub use connections::{Connection, Places, connections};
pub use limits::Limits;
pub use stack::{Edge, EdgeLayer};
