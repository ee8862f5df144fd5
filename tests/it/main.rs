//! The promises, tested through the front door: the real server, a real gRPC client, SQLite and PostgreSQL.
//!
//! One binary, because linking is dear; one file for each promise. support/ starts the server and gives the words.

#[macro_use]
mod support;

mod bad_input;
mod cancel;
mod config;
mod crash;
mod deadlines;
mod errors_page;
mod front_door;
mod health;
mod migrations;
mod never_refused;
mod payments;
mod policy;
mod pricing;
mod purchase_under_load;
mod race;
mod state_machines;
mod story;
mod tenants;
mod tls;
