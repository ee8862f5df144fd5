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

/// Whether a part is to run: `cargo bench -- lists postgres` runs what has all these words in its name, `cargo bench` runs everything.
fn wanted(part: &str, engine: Engine) -> bool {
    let name = format!("{part} {engine:?}").to_lowercase();
    env::args().skip(1).filter(|argument| !argument.starts_with("--")).all(|word| name.contains(&word))
}

#[tokio::main]
async fn main() {
    let mut engines = vec![Engine::Sqlite];
    if env::var_os("SPAZIO_TEST_POSTGRES").is_some() {
        engines.push(Engine::Postgres);
    } else {
        println!("\nSPAZIO_TEST_POSTGRES names no PostgreSQL that databases may be made in: its part is left out");
    }
    for engine in engines {
        if wanted("start", engine) {
            start::measure(engine).await;
        }
        if wanted("get_space", engine) {
            get_space::compare(engine).await;
        }
        if wanted("create_sent", engine) {
            match engine {
                Engine::Sqlite => create_sent::compare_with_plain_sqlite().await,
                Engine::Postgres => create_sent::compare_with_pgbench().await,
            }
        }
        if wanted("download", engine) {
            download::compare(engine).await;
        }
        if wanted("lists", engine) {
            lists::compare(engine).await;
        }
    }
}
