//! docs/errors.md lists exactly the reasons of the contract, each with the code that the server sends.

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use spazio::refusal::{code, reason_name};
use tonic::Code;

use crate::support::pb::ErrorReason;

const PAGE: &str = include_str!("../../docs/errors.md");

/// The page's rows: reason, then code, when and what to do.
fn page() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Reason"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        (cells[0], cells[1..].to_vec())
    })
    .collect()
}

/// Every reason that can be sent.
fn reasons() -> Vec<ErrorReason> {
    let pool = DescriptorPool::decode(spazio::DESCRIPTORS).expect("the build encoded the descriptors");
    let reasons = pool.get_enum_by_name("spazio.v1.ErrorReason").expect("the contract has it");
    let known = |number| ErrorReason::try_from(number).expect("the code is made from the same contract");
    reasons.values().map(|value| known(value.number())).filter(|reason| *reason != ErrorReason::Unspecified).collect()
}

#[test]
fn the_page_lists_every_reason_once_and_no_other() {
    let listed: Vec<_> = page().into_keys().collect();
    let mut expected: Vec<_> = reasons().into_iter().map(reason_name).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    assert_eq!(PAGE.lines().filter(|line| line.starts_with("| ")).count(), expected.len() + 1, "none twice");
}

#[test]
fn the_page_gives_each_reason_its_code_and_says_when_and_what_to_do() {
    let page = page();
    for reason in reasons() {
        let row = &page[reason_name(reason)];
        assert_eq!(row[0], in_capitals(code(reason)), "{reason:?}");
        assert!(row[1..].iter().all(|cell| cell.len() > 5), "{reason:?}: {row:?}");
    }
}

/// A code as grpcurl and the specification write it: InvalidArgument is INVALID_ARGUMENT.
fn in_capitals(code: Code) -> String {
    let mut capitals = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !capitals.is_empty() {
            capitals.push('_');
        }
        capitals.push(letter.to_ascii_uppercase());
    }
    capitals
}
