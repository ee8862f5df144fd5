//! One file per table. Only the stores of the rooms and this room name these types.

#![allow(clippy::disallowed_methods, reason = "sea-orm's derive writes them; no query is written in this room")]

pub mod account;
pub mod archive_key;
pub mod blob;
pub mod cart;
pub mod charge;
pub mod document;
pub mod file_name_series;
pub mod granted;
pub mod invoice;
pub mod invoice_word;
pub mod issued;
pub mod judgement;
pub mod ledger;
pub mod mail;
pub mod mandate;
pub mod page_key;
pub mod payment;
pub mod purchase;
pub mod purchase_line;
pub mod receipt;
pub mod request;
pub mod service;
pub mod simulated_charge;
pub mod space;
pub mod tombstone;
