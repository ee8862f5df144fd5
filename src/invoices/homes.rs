//! Which invoice each receipt speaks of: a function of the receipts and invoices that are there, so that their order makes no difference.
//!
//! What the SdI tells a sender is about a sent invoice, what it tells a recipient, or a recipient tells it, about a received one. The end of
//! the term for an answer (DT) is told to both: it is about the sent one, if the account has both.
//!
//! A receipt finds its invoice by the name of its file. Where several have that name, the digest decides, else the exact spelling; if neither
//! does, or if the receipt names no file that the SdI could know, it finds it by the SdI's identifier, if other receipts, by their names,
//! told that of one invoice and no other.

use std::collections::{HashMap, HashSet};

use super::names::stem;
use super::state::Direction;
use crate::fatturapa::{ReceiptKind, SdiFileName};
use crate::ids::InvoiceId;

/// What a receipt tells of the invoice it speaks of.
#[derive(Clone, Debug)]
pub(super) struct Clue {
    /// Which message it is.
    pub kind: ReceiptKind,
    /// The name of the invoice's file.
    pub file_name: Option<String>,
    /// SHA-256 of the invoice's file.
    pub sha256: Option<Vec<u8>>,
    /// The SdI's identifier.
    pub sdi_identifier: Option<String>,
    /// The sent invoice that it was applied to. It has moved that one, which never goes back: so it stays with it.
    pub applied: Option<InvoiceId>,
}

/// An invoice that receipts may speak of.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub id: InvoiceId,
    pub direction: Direction,
    pub file_name: String,
    pub sha256: Vec<u8>,
}

/// What a name leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// One invoice.
    One(Direction, InvoiceId),
    /// Several that nothing tells apart.
    Several,
    /// None that is here.
    Nothing,
}

/// The invoice of each receipt, in their order; none of one that waits.
///
/// `invoices` are all that have a name that one of the receipts tells, `receipts` all that tell a name or an identifier that one of them tells
/// that is asked about.
pub(super) fn homes(receipts: &[Clue], invoices: &[Candidate]) -> Vec<Option<InvoiceId>> {
    let mut by_stem: HashMap<String, Vec<&Candidate>> = HashMap::new();
    for invoice in invoices {
        by_stem.entry(stem(&invoice.file_name)).or_default().push(invoice);
    }
    let named: Vec<_> = receipts.iter().map(|clue| by_name(clue, &by_stem)).collect();
    let mut known: HashMap<(Direction, &str), HashSet<InvoiceId>> = HashMap::new();
    for (clue, named) in receipts.iter().zip(&named) {
        if let (Named::One(direction, id), Some(identifier)) = (named, &clue.sdi_identifier) {
            known.entry((*direction, identifier)).or_default().insert(*id);
        }
    }
    let home = |(clue, named): (&Clue, Named)| match named {
        Named::One(_, id) => Some(id),
        // Of a file that is not here yet: it waits for that one.
        Named::Nothing if clue.file_name.as_ref().is_some_and(|name| name.parse::<SdiFileName>().is_ok()) => None,
        Named::Several | Named::Nothing => by_identifier(clue, &known),
    };
    receipts.iter().zip(named).map(home).collect()
}

/// Which invoices a message of this kind can speak of; the first that is there.
pub(super) fn sides(kind: ReceiptKind) -> &'static [Direction] {
    match kind {
        ReceiptKind::Delivered | ReceiptKind::Rejected | ReceiptKind::NotDelivered | ReceiptKind::Outcome | ReceiptKind::Attestation => {
            &[Direction::Sent]
        }
        ReceiptKind::TermPassed => &[Direction::Sent, Direction::Received],
        ReceiptKind::Metadata | ReceiptKind::BuyerOutcome | ReceiptKind::BuyerOutcomeRejected => &[Direction::Received],
    }
}

fn by_name(clue: &Clue, by_stem: &HashMap<String, Vec<&Candidate>>) -> Named {
    if let Some(id) = clue.applied {
        return Named::One(Direction::Sent, id);
    }
    let Some(name) = &clue.file_name else { return Named::Nothing };
    let Some(candidates) = by_stem.get(&stem(name)) else { return Named::Nothing };
    for direction in sides(clue.kind) {
        let of_this: Vec<_> = candidates.iter().copied().filter(|candidate| candidate.direction == *direction).collect();
        let same_bytes = only(of_this.iter().copied().filter(|candidate| clue.sha256.as_ref() == Some(&candidate.sha256)));
        let same_name = || only(of_this.iter().copied().filter(|candidate| candidate.file_name == *name));
        if let Some(one) = same_bytes.or_else(same_name).or_else(|| only(of_this.iter().copied())) {
            return Named::One(*direction, one.id);
        }
        if !of_this.is_empty() {
            return Named::Several;
        }
    }
    Named::Nothing
}

fn by_identifier(clue: &Clue, known: &HashMap<(Direction, &str), HashSet<InvoiceId>>) -> Option<InvoiceId> {
    let identifier = clue.sdi_identifier.as_deref()?;
    let told = sides(clue.kind).iter().find_map(|direction| known.get(&(*direction, identifier)))?;
    only(told.iter().copied())
}

/// The only one of them.
fn only<T>(mut some: impl Iterator<Item = T>) -> Option<T> {
    let first = some.next()?;
    some.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["IT01234567897_00001.xml", "it01234567897_00001.XML", "IT01234567897_00001.xml.p7m", "odd"];

    fn clue() -> impl Strategy<Value = Clue> {
        let name = proptest::option::of(proptest::sample::select(&NAMES[..]));
        let parts = (proptest::sample::select(&ReceiptKind::ALL[..]), name, proptest::option::of(0..3_u8), proptest::option::of("[12]"));
        parts.prop_map(|(kind, name, digest, sdi_identifier)| Clue {
            kind,
            file_name: name.map(str::to_owned),
            sha256: digest.map(|digest| vec![digest]),
            sdi_identifier,
            applied: None,
        })
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let parts = (any::<bool>(), proptest::sample::select(&NAMES[..]), 0..3_u8);
        proptest::collection::vec(parts, 0..5).prop_map(|all| {
            let candidate = |((is_sent, name, digest), id): ((bool, &str, u8), u128)| Candidate {
                id: InvoiceId(uuid::Uuid::from_u128(id)),
                direction: if is_sent { Direction::Sent } else { Direction::Received },
                file_name: name.to_owned(),
                sha256: vec![digest],
            };
            all.into_iter().zip(1..).map(candidate).collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_order_they_are_in_each_receipt_has_its_invoice_and_one_of_the_right_side(
            clues in proptest::collection::vec(clue(), 0..7), candidates in candidates(), turn: proptest::sample::Index,
        ) {
            let found = homes(&clues, &candidates);
            let (mut turned, mut reversed) = (clues.clone(), candidates.clone());
            if !clues.is_empty() {
                turned.rotate_left(turn.index(clues.len()));
            }
            reversed.reverse();
            let mut again = homes(&turned, &reversed);
            if !clues.is_empty() {
                again.rotate_right(turn.index(clues.len()));
            }
            prop_assert_eq!(&found, &again);
            for (clue, home) in clues.iter().zip(&found) {
                let home = home.map(|id| candidates.iter().find(|candidate| candidate.id == id).expect("one of them"));
                prop_assert!(home.is_none_or(|home| sides(clue.kind).contains(&home.direction)));
            }
        }
    }
}
