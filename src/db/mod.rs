//! Where things rest: connections, the one door for writes, idempotency records, entities, migrations.
//!
//! Reads go through [`Db::reader`], whose connections cannot write on either database.
//! Writes go through [`Db::write`] and [`Db::once`], and nothing else can begin a transaction.

mod connect;
pub mod dialect;
pub mod entity;
pub mod migration;
mod once;
mod page_key;
pub mod tenant;
mod trouble;
mod values;
mod write;

pub use connect::{Db, OpenError, Settings, Url, UrlError};
pub use once::{Answer, Once, RequestKey, forget_before};
pub use trouble::Trouble;
pub use values::cents;
pub use write::{Failure, Fault, Reuse, Tx, TxFn};
