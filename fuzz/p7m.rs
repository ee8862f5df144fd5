//! Signed files.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use spazio::{der, targets};

fuzz_target!(|file: &[u8]| targets::p7m(file));

// A part that is changed alone no longer has the length that is told of it: every other time the lengths are put right.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let change = |content: &[u8]| {
        let mut changed = content.to_vec();
        changed.resize(content.len() + 64, 0);
        let length = fuzzer_mutate(&mut changed, content.len(), content.len() + 64);
        changed.truncate(length);
        changed
    };
    let mutant = if seed % 2 == 0 { der::mutant(&data[..size], seed, change) } else { Vec::new() };
    if mutant.is_empty() || mutant.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..mutant.len()].copy_from_slice(&mutant);
    mutant.len()
});
