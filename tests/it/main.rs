//! The promises, tested through the front door: the real server, a real gRPC client, SQLite and PostgreSQL.
//!
//! One binary, because linking is dear; one file for each promise. support/ starts the server and gives the words.

#![allow(
    clippy::assigning_clones,
    clippy::cast_possible_wrap,
    clippy::duration_suboptimal_units,
    clippy::format_collect,
    clippy::octal_escapes,
    clippy::redundant_closure_for_method_calls,
    clippy::unnecessary_wraps,
    clippy::wildcard_enum_match_arm,
    reason = "tables of requests read better plainly"
)]

#[macro_use]
mod support;

mod archive;
mod audit;
mod bad_input;
mod cancel;
mod config;
mod copies;
mod crash;
mod deadlines;
mod dear_files;
mod download_forms;
mod downloads;
mod errors_page;
mod exports;
mod failed_commits;
mod file_names;
mod findings;
mod front_door;
mod fuzz_corpus;
mod grants;
mod health;
mod imports;
mod list_plans;
mod lists;
mod mails;
mod metrics;
mod migrations;
mod never_refused;
mod no_gateway;
mod payments;
mod policy;
mod pricing;
mod purchase_under_load;
mod race;
mod receipts;
mod received_receipts;
mod renewals;
mod retirement;
mod rules_page;
mod schema_verdict;
mod second_reader;
mod silent_network;
mod state_machines;
mod story;
mod tenants;
mod terminal;
mod tls;
mod upgrade;
mod validate;
mod validation;
