//! What judging an invoice costs, next to libxml2 and python-a38 doing the same: `cargo bench --bench judging`; and how far files can drive
//! it that were made to be dear.
//!
//! Every contender has one core. The others are processes that judge the same file as often as they are told, and measure it themselves, so
//! that neither their start nor talking to them counts.

mod contender;
mod dear;

#[path = "../ratios/comparison.rs"]
#[allow(dead_code, reason = "what both binaries share; this one makes no calls")]
mod comparison;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::NaiveDate;
use spazio::fatturapa::{Judgement, read};

use comparison::{headline, in_turn, per_second};
use contender::{Contender, xmllint_rate};

/// So many files are judged in a round: the slowest contender, which does some twenty a second, judges fewer.
const FILES: usize = 2_000;
const FILES_OF_THE_SLOWEST: usize = 10;
/// Lines of the invoice that is judged.
const LINES: usize = 27;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Some(file) = dear::asked_for_peak() {
        return dear::tell_peak(&file);
    }
    let invoice = invoice();
    let bytes = invoice.as_bytes();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("invoice.xml");
    std::fs::write(&file, bytes).expect("it can be written");

    headline(&format!("Judging an invoice of {} bytes, one core", bytes.len()));
    match Contender::start("lxml", &file) {
        None => left_out("libxml2 through Python's lxml"),
        Some(mut lxml) => {
            in_turn("schema verdict, against libxml2's (lxml)", async || verdicts(bytes), async || lxml.rate(FILES)).await;
            in_turn("schema and content, against libxml2's verdict (lxml)", async || judgements(bytes), async || lxml.rate(FILES)).await;
        }
    }
    let copies = copies(folder.path(), bytes);
    if xmllint_rate(&copies).is_none() {
        println!("  xmllint is not installed: apt-get install libxml2-utils (its part was left out)");
    } else {
        let xmllint = async || xmllint_rate(&copies).expect("it ran before");
        in_turn("schema verdict of files, against xmllint's", async || verdicts_of_files(&copies), xmllint).await;
    }
    match Contender::start("a38", &file) {
        None => left_out("python-a38"),
        Some(mut a38) => {
            let ours = async || read_and_judged(bytes);
            in_turn("read, schema and content, against python-a38's", ours, async || a38.rate(FILES_OF_THE_SLOWEST)).await;
        }
    }
    dear::measure();
}

fn left_out(whom: &str) {
    println!("  {whom} is not installed: ./run-tests --only outside installs it (its part was left out)");
}

/// A sample whose one line is made many; its total stays what it was.
fn invoice() -> String {
    // With a code of the buyer's channel: without one python-a38 wants an address of certified mail.
    let sample = include_str!("../../tests/samples/fpr12.xml").replace("0000000", "ABC1234");
    let begin = sample.find("      <DettaglioLinee>").expect("it has a line");
    let end = sample.find("      <DatiRiepilogo>").expect("summaries follow the lines");
    let line = |number: usize| {
        let price = if number == 1 { 100 - 3 * (LINES - 1) } else { 3 };
        sample[begin..end].replace("100.00", &format!("{price}.00")).replace("<NumeroLinea>1<", &format!("<NumeroLinea>{number}<"))
    };
    let lines: Vec<_> = (1..=LINES).map(line).collect();
    let invoice = [&sample[..begin], &lines.concat(), &sample[end..]].concat();
    let judged = Judgement::of(invoice.as_bytes(), day());
    assert!(judged.schema_valid && judged.findings.is_empty(), "it is a good invoice: {judged:?}");
    invoice
}

fn day() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 11, 24)
}

fn verdicts(file: &[u8]) -> f64 {
    rate(FILES, || assert!(Judgement::of(black_box(file), None).schema_valid))
}

fn judgements(file: &[u8]) -> f64 {
    rate(FILES, || assert!(Judgement::of(black_box(file), day()).findings.is_empty()))
}

fn read_and_judged(file: &[u8]) -> f64 {
    rate(FILES, || assert!(read(black_box(file)).is_ok() && Judgement::of(black_box(file), day()).findings.is_empty()))
}

fn verdicts_of_files(files: &[PathBuf]) -> f64 {
    let mut files = files.iter();
    rate(files.len(), || {
        let file = std::fs::read(files.next().expect("as many as are judged")).expect("it was written");
        assert!(Judgement::of(&file, None).schema_valid);
    })
}

fn rate(times: usize, mut once: impl FnMut()) -> f64 {
    let begin = Instant::now();
    for _ in 0..times {
        once();
    }
    per_second(times, begin)
}

fn copies(folder: &Path, file: &[u8]) -> Vec<PathBuf> {
    let copies: Vec<_> = (0..1_000).map(|number| folder.join(format!("{number}.xml"))).collect();
    for copy in &copies {
        std::fs::write(copy, file).expect("it can be written");
    }
    copies
}
