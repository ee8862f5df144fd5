//! The engine's verdict is that of the official schemas: libxml2 (`xmllint --schema`) says the same of thousands of files, each a sample of ours
//! with something removed, doubled, moved, renamed, lengthened or corrupted.

pub mod mutant;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spazio::fatturapa::Judgement;

/// The valid files that mutants are made of, each with its schema.
const BASES: [(&str, &str); 7] = [
    ("fpr12.xml", ORDINARY),
    ("fpr12-everything.xml", ORDINARY),
    ("fpr12-signature.xml", ORDINARY),
    ("fpr12-iso-8859-1.xml", ORDINARY),
    ("fpa12-lot.xml", ORDINARY),
    ("fsm10.xml", SIMPLIFIED),
    ("fsm10-everything.xml", SIMPLIFIED),
];
const ORDINARY: &str = "fatturapa-1.2.3.xsd";
const SIMPLIFIED: &str = "fatturapa-semplificata-1.0.2.xsd";
/// Mutants of each base.
const MUTANTS: usize = 800;
const NIGHTLY_MUTANTS: usize = 20_000;
/// So many files are judged by one run of xmllint: a command line is not endless.
const AT_ONCE: usize = 1_000;

#[test]
fn libxml2_gives_the_same_verdict_of_every_mutant() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mutants = if env::var("SPAZIO_TEST_NIGHTLY").is_ok() { NIGHTLY_MUTANTS } else { MUTANTS };
    let (mut judged, mut valid, mut differing) = (0, 0, Vec::new());
    for (number, (base, schema)) in BASES.into_iter().enumerate() {
        let base = fs::read(root().join("tests/samples").join(base)).expect("the sample is there");
        let files: Vec<_> = (0..mutants).map(|seed| folder.path().join(format!("{number}-{seed}.xml"))).collect();
        fs::write(&files[0], &base).expect("it can be written");
        for (seed, file) in files.iter().enumerate().skip(1) {
            fs::write(file, mutant::of(&base, seed as u64)).expect("it can be written");
        }
        let theirs = xmllint(schema, &files);
        for file in files {
            let content = fs::read(&file).expect("it was written");
            let ours = Judgement::of(&content, None).schema_valid;
            (judged, valid) = (judged + 1, valid + usize::from(ours));
            if theirs.get(&file) != Some(&ours) {
                differing.push((String::from_utf8_lossy(&content).into_owned(), ours));
            }
        }
    }
    println!("{judged} files judged, {valid} of them valid");
    assert!(valid > judged / 10 && valid < judged * 9 / 10, "mutants of both kinds: {valid} of {judged} are valid");
    let first = differing.first().map(|(file, ours)| format!("ours is {ours} of\n{file}")).unwrap_or_default();
    assert_eq!(differing.len(), 0, "verdicts that differ, of {judged}; {first}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether each file is valid, as libxml2 sees it.
fn xmllint(schema: &str, files: &[PathBuf]) -> BTreeMap<PathBuf, bool> {
    let mut verdicts = BTreeMap::new();
    for files in files.chunks(AT_ONCE) {
        let schemas = root().join("src/fatturapa/schema");
        let mut command = Command::new("xmllint");
        command.current_dir(schemas).args(["--noout", "--nonet", "--schema", schema]).args(files);
        let said = command.output().expect("xmllint runs: apt-get install libxml2-utils").stderr;
        for line in String::from_utf8_lossy(&said).lines() {
            if let Some(file) = line.strip_suffix(" validates") {
                verdicts.insert(file.into(), true);
            } else if let Some(file) = line.strip_suffix(" fails to validate") {
                verdicts.insert(file.into(), false);
            } else if let Some((file, _)) = line.split_once(".xml:").filter(|(_, rest)| rest.contains("parser error")) {
                verdicts.insert(format!("{file}.xml").into(), false);
            }
        }
    }
    verdicts
}
