//! Messages of the SdI.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use spazio::{mutant, targets};

fuzz_target!(|file: &[u8]| targets::receipt(file));

// Bytes changed at random are seldom XML any more: every other time something happens to an element.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mutant = if seed % 2 == 0 { mutant::of(&data[..size], u64::from(seed)) } else { Vec::new() };
    if mutant.is_empty() || mutant.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..mutant.len()].copy_from_slice(&mutant);
    mutant.len()
});
