//! What things cost, as ratios to what they cannot do without: `cargo bench`.
//!
//! Each contender runs in turn, round by round, in this one run: absolute figures depend on the machine and on its mood, their ratios
//! much less. Client and server share the processors, on both sides of every comparison.

mod comparison;
mod create_sent;
mod download;
mod get_space;
mod lists;
mod pgbench;
mod plain_sqlite;
mod start;
mod statements;

#[path = "../../tests/it/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    clippy::unnecessary_wraps,
    clippy::wildcard_enum_match_arm,
    reason = "the tests' words; the benches need some of them"
)]
mod support;

use std::env;

use support::Engine;

#[tokio::main]
async fn main() {
    start::measure(Engine::Sqlite).await;
    get_space::compare(Engine::Sqlite).await;
    create_sent::compare_with_plain_sqlite().await;
    download::compare(Engine::Sqlite).await;
    lists::compare(Engine::Sqlite).await;
    if env::var_os("SPAZIO_TEST_POSTGRES").is_none() {
        println!("\nSPAZIO_TEST_POSTGRES names no PostgreSQL that databases may be made in: its part was left out");
        return;
    }
    start::measure(Engine::Postgres).await;
    get_space::compare(Engine::Postgres).await;
    create_sent::compare_with_pgbench().await;
    download::compare(Engine::Postgres).await;
    lists::compare(Engine::Postgres).await;
}
