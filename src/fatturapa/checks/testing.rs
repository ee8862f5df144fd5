//! Base files without a finding, and how a small change of one is told in a line.

use chrono::NaiveDate;

use super::checks;
use crate::fatturapa::finding::{Finding, Severity};
use crate::fatturapa::format::Kind;
use crate::fatturapa::schema::{Schema, judge};
use crate::fatturapa::xml;

/// An invoice to a private person.
pub(super) const PRIVATE: &str = include_str!("../../../tests/samples/fpr12.xml");
/// Two invoices to an administration.
pub(super) const ADMINISTRATION: &str = include_str!("../../../tests/samples/fpa12-lot.xml");
/// A lawyer's fee: withholding, two pension funds, expenses, a period, a payment.
pub(super) const FEE: &str = include_str!("../../../tests/samples/fpr12-fee.xml");
/// Lines with discounts and increases, one on the whole, a rounding, two instalments.
pub(super) const DISCOUNTS: &str = include_str!("../../../tests/samples/fpr12-discounts.xml");
/// Rates of 22, 10 and 4 per cent, two natures, split payment, an IBAN.
pub(super) const RATES: &str = include_str!("../../../tests/samples/fpr12-rates.xml");
/// Six invoices: a credit note with an invoice's number, a number of the year before, two days of Art73.
pub(super) const LOT: &str = include_str!("../../../tests/samples/fpr12-lot.xml");
/// TD16: a supplement with rates and natures both.
pub(super) const REVERSE_CHARGE: &str = include_str!("../../../tests/samples/fpr12-td16.xml");
/// TD17: services bought in Germany.
pub(super) const FOREIGN_SERVICES: &str = include_str!("../../../tests/samples/fpr12-td17.xml");
/// TD21: a document to oneself.
pub(super) const PLAFOND: &str = include_str!("../../../tests/samples/fpr12-td21.xml");
/// A simplified invoice.
pub(super) const SIMPLIFIED: &str = include_str!("../../../tests/samples/fsm10.xml");
/// A simplified credit note of more than 400 euro, with a nature.
pub(super) const SIMPLIFIED_NOTE: &str = include_str!("../../../tests/samples/fsm10-credit-note.xml");

/// All of them.
pub(super) const BASES: [&str; 11] =
    [PRIVATE, ADMINISTRATION, FEE, DISCOUNTS, RATES, LOT, REVERSE_CHARGE, FOREIGN_SERVICES, PLAFOND, SIMPLIFIED, SIMPLIFIED_NOTE];

/// The day on which the tests receive their files.
pub(super) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 7, 31).expect("a day")
}

/// A file with the first `from` replaced.
pub(super) fn changed(base: &str, from: &str, to: &str) -> String {
    assert!(base.contains(from), "the file has no {from}");
    base.replacen(from, to, 1)
}

/// A file with the first `from` after a marker replaced.
pub(super) fn changed_after(base: &str, marker: &str, from: &str, to: &str) -> String {
    let start = base.find(marker).expect("the file has the marker");
    let (before, after) = base.split_at(start);
    before.to_owned() + &changed(after, from, to)
}

/// What is found in a file that the schema takes.
pub(super) fn findings(file: &str) -> Vec<Finding> {
    let tree = xml::read(file.trim_start_matches('\u{feff}')).expect("XML");
    let kind = Kind::of(tree.root()).expect("an invoice");
    assert_eq!(judge(Schema::of(kind), &tree), [], "the file is not valid");
    let findings = checks(&tree, kind, today());
    for Finding { message, .. } in &findings {
        message.assert_each_in_its_language();
        assert_eq!(elements_named(&message.italian), elements_named(&message.english), "the languages differ: {message:?}");
        assert!(!message.italian.contains(['{', '}']) && !message.english.contains(['{', '}']), "{message:?}");
    }
    findings
}

/// The specification's numbers of elements that a message names.
fn elements_named(message: &str) -> Vec<&str> {
    message.split('[').skip(1).filter_map(|part| part.split(']').next()).collect()
}

/// The codes of what is found in a file that the schema takes.
pub(super) fn codes(file: &str) -> Vec<&'static str> {
    findings(file).into_iter().map(|finding| finding.code).collect()
}

/// The codes of what would be refused in a file that the schema takes.
pub(super) fn refused(file: &str) -> Vec<&'static str> {
    findings(file).into_iter().filter(|finding| finding.severity == Severity::Refused).map(|finding| finding.code).collect()
}

/// The codes of what is found in a file, whatever the schema says of it.
pub(super) fn codes_of_any(file: &str) -> Vec<&'static str> {
    let tree = xml::read(file.trim_start_matches('\u{feff}')).expect("XML");
    let kind = Kind::of(tree.root()).expect("an invoice");
    checks(&tree, kind, today()).into_iter().map(|finding| finding.code).collect()
}
