//! ZIP archives.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spazio::targets;

fuzz_target!(|file: &[u8]| targets::zip(file));
