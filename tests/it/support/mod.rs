//! The words that the tests are written in.
//!
//! A test is a plain `async fn a_sentence(app: &TestApp)`, named once in `on_both_databases!(a_sentence)`. It gets a server of its own
//! on a database of its own, with a clock that stands still until it is moved. Afterwards the background work must be done, the books of
//! every account must agree and the server must end cleanly.

mod app;
mod bucket;
mod caller;
mod crowd;
mod customer;
mod database;
mod example;
mod process;
mod purchase;
mod refusal;
mod values;

pub use app::{TestApp, played};
pub use bucket::{Bucket, Mishap, in_a_bucket};
pub use caller::{Bearer, Caller, Front};
pub use customer::{Customer, Reworded};
pub use database::{Engine, TestDatabase};
pub use example::{Method, method, methods};
pub use process::{Process, Site};
pub use purchase::{accepted, by_card, charged};
pub use refusal::{Refusal, refused, served};
pub use values::{MIB, day, euro, instant, on, request_id, spazio, unpacked};

pub use spazio::pb::spazio::v1 as pb;

/// Makes one test for each database out of each named function: `sqlite::a_sentence` and `postgres::a_sentence`.
///
/// `on_both_databases!(with |config| config.limits.concurrent_calls = 1; a_sentence)` changes the settings first.
macro_rules! on_both_databases {
    (with $configure:expr; $($sentence:ident),+ $(,)?) => {
        mod sqlite {
            #[allow(unused_imports, reason = "the settings are changed in the words of the file")]
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $sentence() {
                $crate::support::played($crate::support::Engine::Sqlite, $configure, super::$sentence).await;
            })+
        }

        mod postgres {
            #[allow(unused_imports, reason = "the settings are changed in the words of the file")]
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $sentence() {
                $crate::support::played($crate::support::Engine::Postgres, $configure, super::$sentence).await;
            })+
        }
    };
    ($($sentence:ident),+ $(,)?) => {
        on_both_databases!(with |_: &mut spazio::config::Config| {}; $($sentence),+);
    };
}
