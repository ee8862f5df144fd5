//! The document engine without the rest of the program, and what is done to it.

extern crate self as spazio;

pub mod der;
#[path = "../src/fatturapa/mod.rs"]
pub mod fatturapa;
#[path = "../tests/it/schema_verdict/mutant.rs"]
pub mod mutant;
pub mod targets;
