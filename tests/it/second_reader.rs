//! What is read of an invoice is what another reader reads of it: parties, type, number, date, currency, total and how many documents there
//! are, of every valid sample and of every file in the folder that SPAZIO_TEST_INVOICES names.
//!
//! And what is XML here is XML to it: of every sample and every file that the fuzzer kept.
//!
//! The other reader is second_reader.py: Python with lxml and asn1crypto, written from the specification.

use std::borrow::Cow;
use std::env;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use spazio::fatturapa::{Document, Judgement, Party, Unreadable, read, unwrapped};

use crate::schema_verdict::mutant;

/// So many of the samples are valid at least: fewer would mean that they are not found.
const LEAST_COMPARED: usize = 25;

const MUTATED: [&str; 4] = ["fpr12.xml", "fpr12-iso-8859-1.xml", "fpa12-lot.xml", "fsm10.xml"];
/// Mutants of each.
const MUTANTS: u64 = 1_000;

#[test]
fn a_second_reader_reads_the_same_of_every_valid_file() {
    let mut files = Vec::new();
    collect(&root().join("tests/samples"), &mut files);
    if let Some(folder) = env::var_os("SPAZIO_TEST_INVOICES") {
        collect(Path::new(&folder), &mut files);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    files.extend(mutants(folder.path()));
    files.retain(|file| Judgement::of(&content(file), None).schema_valid);
    assert!(files.len() >= LEAST_COMPARED, "only {} valid files", files.len());
    let theirs = second_reader("invoice", &files);
    assert_eq!(theirs.len(), files.len(), "an answer for each file");
    let differing: Vec<_> = files
        .iter()
        .zip(theirs)
        .filter_map(|(file, theirs)| {
            let ours = ours(&content(file));
            let unreadable = |told: &Value| told.get("unreadable").is_some();
            (ours != theirs && !(unreadable(&ours) && unreadable(&theirs)))
                .then(|| format!("{}\n  ours   {ours}\n  theirs {theirs}", file.display()))
        })
        .collect();
    println!("{} files read twice", files.len());
    assert!(differing.is_empty(), "{} of {} files are read differently:\n{}", differing.len(), files.len(), differing.join("\n"));
}

fn ours(file: &[u8]) -> Value {
    let party = |party: &Party| json!([party.name, party.vat, party.fiscal_code]);
    match read(file) {
        Ok(invoice) => json!({
            "format": invoice.format.code(),
            "seller": party(&invoice.seller),
            "buyer": party(&invoice.buyer),
            "documents": invoice.documents,
            "type": invoice.document_type.code(),
            "number": invoice.number,
            "date": invoice.date.to_string(),
            "currency": invoice.currency,
            "total": invoice.total.map(|total| total.to_string()),
        }),
        Err(unreadable) => json!({ "unreadable": unreadable.to_string() }),
    }
}

#[test]
fn what_is_xml_here_is_xml_to_libxml2() {
    let mut files = Vec::new();
    for folder in ["tests/samples", "fuzz/corpus/xml", "fuzz/corpus/receipt"] {
        collect(&root().join(folder), &mut files);
    }
    // Signed files are none, and limits are ours.
    files.retain(|file| match unwrapped(&content(file)) {
        Ok((Cow::Borrowed(plain), _)) => !matches!(is_xml(plain), Err(unreadable) if is_limit(&unreadable)),
        Ok((Cow::Owned(_), _)) | Err(_) => false,
    });
    let theirs = second_reader("xml", &files);
    assert_eq!(theirs.len(), files.len(), "an answer for each file");
    let differing: Vec<_> = files.iter().zip(theirs).filter(|(file, theirs)| json!(is_xml(&content(file)).is_ok()) != *theirs).collect();
    println!("{} files parsed twice", files.len());
    assert!(differing.is_empty(), "{} of {} files are XML to one only: {differing:?}", differing.len(), files.len());
}

fn is_xml(file: &[u8]) -> Result<(), Unreadable> {
    Document::open(file)?.tree().map(|_| ())
}

/// Whether a file is refused for another reason than that it is no XML, or has a DOCTYPE.
fn is_limit(unreadable: &Unreadable) -> bool {
    !matches!(unreadable.code(), "EMPTY" | "NOT_XML" | "DOCTYPE_FORBIDDEN" | "UNDEFINED_ENTITY")
}

/// What the other reader says of each file, in their order.
fn second_reader(what: &str, files: &[PathBuf]) -> Vec<Value> {
    let python = env::var_os("SPAZIO_TEST_PYTHON").map_or_else(|| root().join("target/tools/venv/bin/python"), PathBuf::from);
    let names: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let mut list = tempfile::tempfile().expect("a temporary file");
    list.write_all(names.as_bytes()).and_then(|()| list.rewind()).expect("it can be written");
    let mut command = Command::new(&python);
    command.arg(root().join("tests/it/second_reader.py")).arg(what).stdin(list).stderr(Stdio::inherit());
    let output =
        command.output().unwrap_or_else(|error| panic!("{} does not run ({error}): ./run-tests --only test installs it", python.display()));
    assert!(
        output.status.success(),
        "the second reader failed: it needs what tests/outside/requirements.txt names; ./run-tests installs it"
    );
    let lines = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    lines.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// Samples with something changed, most of which are not valid any more.
fn mutants(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for base in MUTATED {
        let base = content(&root().join("tests/samples").join(base));
        for seed in 1..=MUTANTS {
            let file = folder.join(format!("{}.xml", files.len()));
            fs::write(&file, mutant::of(&base, seed)).expect("it can be written");
            files.push(file);
        }
    }
    files
}

/// Every file in a folder and those inside it.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

fn content(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
