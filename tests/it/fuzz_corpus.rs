//! Every file that the fuzzer found worth keeping (fuzz/corpus), and every sample, goes through what the fuzzer does with it.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// So many files are kept for each target at least: fewer would mean that they are not found.
const LEAST_KEPT: usize = 100;

#[test]
fn what_must_hold_of_any_file_holds_of_those_that_the_xml_fuzzer_kept() {
    replay("xml", targets::xml);
}

#[test]
fn what_must_hold_of_any_file_holds_of_those_that_the_p7m_fuzzer_kept() {
    replay("p7m", targets::p7m);
}

#[test]
fn what_must_hold_of_any_file_holds_of_those_that_the_receipt_fuzzer_kept() {
    replay("receipt", targets::receipt);
}

#[test]
fn what_must_hold_of_any_file_holds_of_those_that_the_zip_fuzzer_kept() {
    replay("zip", targets::zip);
}

fn replay(target: &str, run: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = root.join("fuzz/corpus").join(target);
    let mut files = 0;
    for folder in [kept, root.join("tests/samples"), root.join("tests/samples/signed")] {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                // Shown when the test fails: the last one is the one.
                println!("{}", path.display());
                run(&fs::read(&path).expect("it can be read"));
                files += 1;
            }
        }
    }
    assert!(files >= LEAST_KEPT, "only {files} files for {target}");
}
