//! Files of 5 MB that were made to cost as much as they can, and the hostile ones of the samples: how long they take and how much memory.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use chrono::NaiveDate;
use spazio::fatturapa::Judgement;

#[path = "../../tests/it/dear_files/made.rs"]
mod made;

/// Set for a process of its own that judges one file and tells its peak of memory.
const PEAK_OF: &str = "SPAZIO_BENCH_PEAK_OF";
/// The best of so many times counts.
const TIMES: usize = 5;

/// Measures them all, one line each.
pub fn measure() {
    println!("\nJudging files that were made to be dear");
    println!("  {:<52} {:>12} {:>12} {:>12}", "", "bytes", "ms", "memory, MiB");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in made::files() {
        let file = folder.path().join("dear");
        fs::write(&file, &content).expect("it can be written");
        let best = (0..TIMES).map(|_| milliseconds(&content)).fold(f64::INFINITY, f64::min);
        let peak = peak_of(&file).map_or_else(|| "unknown".to_owned(), |kibibytes| format!("{:.1}", kibibytes / 1024.0));
        println!("  {name:<52} {:>12} {best:>12.3} {peak:>12}", content.len());
    }
}

fn judge(file: &[u8]) -> Judgement {
    Judgement::of(file, NaiveDate::from_ymd_opt(2026, 11, 24))
}

fn milliseconds(file: &[u8]) -> f64 {
    let begin = Instant::now();
    std::hint::black_box(judge(file));
    begin.elapsed().as_secs_f64() * 1e3
}

/// The file whose peak this process was started to tell.
pub fn asked_for_peak() -> Option<PathBuf> {
    env::var_os(PEAK_OF).map(PathBuf::from)
}

/// Judges a file and prints by how many KiB that raised the peak of this process's memory.
pub fn tell_peak(file: &Path) {
    let file = fs::read(file).expect("it was written");
    let before = peak();
    std::hint::black_box(judge(&file));
    if let Some((before, after)) = before.zip(peak()) {
        println!("{}", after - before);
    }
}

/// What a process of its own tells of a file.
fn peak_of(file: &Path) -> Option<f64> {
    let output = Command::new(env::current_exe().ok()?).env(PEAK_OF, file).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The most memory that this process has had at a time, in KiB; nothing where the system does not tell.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
