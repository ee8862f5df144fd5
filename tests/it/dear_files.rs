//! Whatever is in a file of 5 MB, judging it takes memory of a few times its size.

mod made;

use std::env;
use std::fs;
use std::process::Command;

/// What the program may have in all, in KiB: itself, its threads, the file, and what is made of it.
const MOST_KIBIBYTES: usize = 128 * 1024;

#[test]
fn a_file_made_to_be_dear_is_judged_in_little_memory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let limited = format!("ulimit -d {MOST_KIBIBYTES} && exec \"$0\" validate --content dear.xml");
    for (name, content) in made::files() {
        fs::write(folder.path().join("dear.xml"), content).expect("it can be written");
        let mut command = Command::new("sh");
        command.current_dir(folder.path()).args(["-c", &limited, env!("CARGO_BIN_EXE_spazio")]);
        let output = command.output().expect("a shell runs");
        // Out of memory the program is ended by a signal, and has no code.
        assert!(matches!(output.status.code(), Some(0..=2)), "{name}: {:?} {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
}
