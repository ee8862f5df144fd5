//! Spazio archives Italian e-invoices and sells the space they need by the gigabyte.
//!
//! The rooms, from outside in. ARCHITECTURE.md tells how a call passes through them and what may never depend on what.

pub mod app;
pub mod audit;
pub mod command;
pub mod config;
pub mod demo;

pub mod edge;

pub mod account;
pub mod archive;
pub mod cart;
pub mod invoices;
pub mod order;
pub mod quota;

pub mod fatturapa;
pub mod notify;
pub mod payment;
pub mod work;

pub mod db;

pub mod call;
pub mod check;
pub mod paging;
pub mod policy;
pub mod refusal;
mod respond;
mod streams;
pub mod wire;

pub mod catalogue;
pub mod clock;
pub mod ids;
pub mod meters;
pub mod money;
pub mod space;
pub mod terminal;
pub mod words;

/// The contract's messages, services and clients, generated from proto/.
#[allow(missing_docs, clippy::pedantic, reason = "generated; the contract's comments are in proto/")]
pub mod pb {
    include!(concat!(env!("OUT_DIR"), "/protos.rs"));
}

/// The contract's descriptors with their options and comments: for reflection and for tests that walk it.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
