//! docs/rules.md tells every rule to which comments, the contract and the pages refer.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/rules.md");

/// The rules in the order in which they are told.
fn told() -> Vec<String> {
    let first = |row: &str| row.strip_prefix("| ").and_then(|row| row.split(' ').next()).map(str::to_owned);
    PAGE.lines().filter_map(first).filter(|word| rules_in(word).len() == 1).collect()
}

/// The words of a text that are a rule's number: S, B, N or I and one or two digits.
fn rules_in(text: &str) -> BTreeSet<String> {
    let is_rule = |word: &&str| {
        let digits = word.strip_prefix(['S', 'B', 'N', 'I']).unwrap_or_default();
        (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(is_rule).map(str::to_owned).collect()
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_rule_that_is_referred_to_is_told_on_the_page() {
    let told: BTreeSet<_> = told().into_iter().collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "spazio.example.toml"].map(|page| root.join(page)).to_vec();
    for folder in ["src", "proto", "docs", "tests"] {
        files(&root.join(folder), &mut found);
    }
    let mut referred = 0;
    for file in found {
        // Samples may be in any encoding; they refer to nothing.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        // The document engine speaks of FatturaPA's own codes, of which some look like rules; S15 is an invoice's number.
        if ["src/fatturapa", "tests/samples"].iter().any(|folder| file.starts_with(root.join(folder))) {
            continue;
        }
        let unknown: Vec<_> = rules_in(&text).into_iter().filter(|rule| rule != "S15" && !told.contains(rule)).collect();
        assert!(unknown.is_empty(), "{} refers to {unknown:?}, which docs/rules.md does not tell", file.display());
        referred += rules_in(&text).len();
    }
    assert!(referred > 100, "only {referred} references were found");
}

#[test]
fn the_page_tells_each_rule_once_and_none_is_left_out() {
    let expected: Vec<_> = [('S', 7), ('B', 11), ('N', 4), ('I', 4)]
        .into_iter()
        .flat_map(|(letter, last)| (1..=last).map(move |number| format!("{letter}{number}")))
        .collect();
    assert_eq!(told(), expected);
}

#[test]
fn the_pages_that_refer_to_rules_say_where_they_are_told() {
    let pages = [include_str!("../../README.md"), include_str!("../../ARCHITECTURE.md"), include_str!("../../CONTRIBUTING.md")];
    assert!(pages.iter().all(|page| page.contains("(docs/rules.md)")));
}
