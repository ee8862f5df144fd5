//! The life of an invoice (I1).
//!
//! ```text
//! draft -> queued -> sent -> rejected -> not_delivered -> delivered
//! ```
//!
//! A receipt moves an invoice forward along this line, over as many states as it says, and never back: whatever order receipts come in,
//! the end is the same. That one was rejected and delivered happens when its file was transmitted twice: the SdI delivers the first and
//! rejects the second, because it has it (00002, 00404); delivered is then the truth.

use std::cmp::Reverse;

use crate::fatturapa::{Outcome, Receipt, ReceiptKind, RejectionReason};
use crate::words::words;

words! {
    /// Which way an invoice went.
    pub enum Direction {
        /// Issued by the account.
        Sent = "sent",
        /// Issued to the account.
        Received = "received",
    }
}

words! {
    /// Where an invoice is in its life.
    pub enum InvoiceState {
        /// Can be changed, deleted and queued.
        Draft = "draft",
        /// Waits to be sent.
        Queued = "queued",
        /// The SdI has it.
        Sent = "sent",
        /// Delivered.
        Delivered = "delivered",
        /// Could not be delivered; it counts as issued.
        NotDelivered = "not_delivered",
        /// Refused by the SdI: it counts as not issued.
        Rejected = "rejected",
        /// Received: nothing more happens to it.
        Received = "received",
    }
}

words! {
    /// How the recipient of an invoice answered, where the SdI asks it (public bodies). A later one of the list says more.
    pub enum RecipientAnswer {
        /// The term for an answer has passed.
        TermPassed = "term_passed",
        /// Accepted.
        Accepted = "accepted",
        /// Refused. It was delivered all the same, but its number may be used again.
        Refused = "refused",
    }
}

/// The allowed moves. The database holds the same list (migration, guard `invoice_moves`).
pub const MOVES: &[(InvoiceState, InvoiceState)] = {
    use InvoiceState::{Delivered, Draft, NotDelivered, Queued, Rejected, Sent};
    &[
        (Draft, Queued),
        (Queued, Sent),
        (Queued, Delivered),
        (Queued, NotDelivered),
        (Queued, Rejected),
        (Sent, Delivered),
        (Sent, NotDelivered),
        (Sent, Rejected),
        (NotDelivered, Delivered),
        (Rejected, NotDelivered),
        (Rejected, Delivered),
    ]
};

/// The states from which `to` can be reached in one move: what an UPDATE's WHERE allows.
pub fn sources(to: InvoiceState) -> impl Iterator<Item = InvoiceState> {
    MOVES.iter().filter(move |(_, target)| *target == to).map(|(source, _)| *source)
}

/// Where a receipt takes the invoice it speaks of; none for receipts that only inform.
#[must_use]
pub fn target(receipt: ReceiptKind) -> Option<InvoiceState> {
    match receipt {
        // An answer of the recipient, or the end of the term for one, both mean that it was delivered.
        ReceiptKind::Delivered | ReceiptKind::Outcome | ReceiptKind::TermPassed => Some(InvoiceState::Delivered),
        ReceiptKind::Rejected => Some(InvoiceState::Rejected),
        ReceiptKind::NotDelivered | ReceiptKind::Attestation => Some(InvoiceState::NotDelivered),
        // Those between buyer and SdI are about what the account received.
        ReceiptKind::Metadata | ReceiptKind::BuyerOutcome | ReceiptKind::BuyerOutcomeRejected => None,
    }
}

/// What a receipt says of the invoice it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which message it is.
    pub kind: ReceiptKind,
    /// The SdI's identifier of the transmission.
    pub sdi_identifier: String,
    /// How the recipient answered.
    pub answer: Option<RecipientAnswer>,
    /// The recipient's identifier of its answer: of an EC its own, of an SE that of the EC which the SdI refused.
    pub buyer_message_id: Option<String>,
    /// Why the SdI rejected it: code and words.
    pub rejections: Vec<(String, String)>,
}

impl Said {
    /// What was read of a receipt.
    #[must_use]
    pub fn by(receipt: &Receipt) -> Self {
        let answer = match (receipt.kind, receipt.outcome) {
            (ReceiptKind::TermPassed, _) => Some(RecipientAnswer::TermPassed),
            (_, Some(Outcome::Accepted)) => Some(RecipientAnswer::Accepted),
            (_, Some(Outcome::Refused)) => Some(RecipientAnswer::Refused),
            (_, None) => None,
        };
        let rejection = |RejectionReason { code, description, .. }: &RejectionReason| (code.clone(), description.clone());
        Self {
            kind: receipt.kind,
            sdi_identifier: receipt.sdi_identifier.clone(),
            answer,
            buyer_message_id: receipt.buyer_message_id.clone(),
            rejections: receipt.errors.iter().map(rejection).collect(),
        }
    }

    /// How much it says: one that says more decides. Between equals the identifier does, so that the order of arrival never matters.
    fn weight(&self) -> impl Ord + '_ {
        (target(self.kind).map_or(0, progress), Reverse(&self.sdi_identifier), &self.rejections)
    }
}

/// What all receipts about an invoice say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// Where they take it, if anywhere.
    pub state: Option<InvoiceState>,
    /// The SdI's identifier in the one that decides.
    pub sdi_identifier: Option<String>,
    /// How the recipient answered.
    pub answer: Option<RecipientAnswer>,
    /// Why the SdI rejected it, when that is where it is.
    pub rejections: Vec<(String, String)>,
}

/// What these receipts say together: the same for every order of them, and however often one is among them.
pub fn together<'s>(receipts: impl IntoIterator<Item = &'s Said> + Clone) -> Together {
    let answer = receipts.clone().into_iter().filter_map(|said| said.answer).max();
    let Some(decides) = receipts.into_iter().max_by(|one, other| one.weight().cmp(&other.weight())) else { return Together::default() };
    Together {
        state: target(decides.kind),
        sdi_identifier: Some(decides.sdi_identifier.clone()),
        answer,
        rejections: decides.rejections.clone(),
    }
}

/// What all receipts about a received invoice say together. Its state stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The SdI's identifier: that of the metadata it came with, else of another message.
    pub sdi_identifier: Option<String>,
    /// What the account answered and the SdI took, or that the term for it passed.
    pub answer: Option<RecipientAnswer>,
}

/// What these receipts say of a received invoice together: the same for every order of them, and however often one is among them.
pub fn heard<'s>(receipts: impl IntoIterator<Item = &'s Said> + Clone) -> Heard {
    let told = receipts.clone().into_iter().map(|said| (said.kind != ReceiptKind::Metadata, &said.sdi_identifier)).min();
    let refusals: Vec<_> = receipts.clone().into_iter().filter(|said| said.kind == ReceiptKind::BuyerOutcomeRejected).collect();
    let stands = |said: &&Said| said.kind != ReceiptKind::BuyerOutcome || !refusals.iter().any(|refusal| refuses(refusal, said));
    Heard {
        sdi_identifier: told.map(|(_, identifier)| identifier.clone()),
        answer: receipts.into_iter().filter(stands).filter_map(|said| said.answer).max(),
    }
}

/// Whether an SE is about this EC. Only the recipient's own identifiers tell several apart: without them none of its answers is known to stand.
fn refuses(refusal: &Said, answer: &Said) -> bool {
    match (&refusal.buyer_message_id, &answer.buyer_message_id) {
        (Some(refused), Some(given)) => refused == given,
        (None, _) | (_, None) => true,
    }
}

/// Where an invoice is that was at `current`, after its receipts took it to `told`: forward, never back.
#[must_use]
pub fn forward(current: InvoiceState, told: Option<InvoiceState>) -> InvoiceState {
    told.filter(|told| progress(*told) > progress(current)).unwrap_or(current)
}

/// How far along the line a state is.
const fn progress(state: InvoiceState) -> u8 {
    match state {
        InvoiceState::Draft | InvoiceState::Received => 0,
        InvoiceState::Queued => 1,
        InvoiceState::Sent => 2,
        InvoiceState::Rejected => 3,
        InvoiceState::NotDelivered => 4,
        InvoiceState::Delivered => 5,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said() -> impl Strategy<Value = Said> {
        const ANSWERS: [Option<RecipientAnswer>; 3] = [None, Some(RecipientAnswer::Accepted), Some(RecipientAnswer::Refused)];
        let message_id = proptest::option::of("[ab]");
        let kinds = proptest::sample::select(&ReceiptKind::ALL[..]);
        let parts = (kinds, "[12]", proptest::sample::select(&ANSWERS[..]), message_id, "[0-9]{0,1}");
        parts.prop_map(|(kind, sdi_identifier, answer, buyer_message_id, code)| Said {
            kind,
            sdi_identifier,
            answer: answer.filter(|_| matches!(kind, ReceiptKind::Outcome | ReceiptKind::BuyerOutcome)),
            buyer_message_id,
            rejections: if kind == ReceiptKind::Rejected { vec![(code, String::new())] } else { Vec::new() },
        })
    }

    /// Each receipt is recorded when it comes, and all that came so far are looked at: as the store does.
    fn after(receipts: &[Said]) -> (InvoiceState, Together) {
        let mut state = InvoiceState::Queued;
        for count in 1..=receipts.len() {
            let next = forward(state, together(&receipts[..count]).state);
            assert!(next == state || MOVES.contains(&(state, next)), "{state} to {next}");
            state = next;
        }
        (state, together(receipts))
    }

    proptest! {
        #[test]
        fn whatever_order_receipts_come_in_and_however_often_the_end_is_the_same(
            receipts in proptest::collection::vec(said(), 1..6), order: u64, repeated in any::<proptest::sample::Index>(),
        ) {
            let mut other = receipts.clone();
            other.push(receipts[repeated.index(receipts.len())].clone());
            // A shuffle that the seed decides.
            let mut seed = order;
            for place in (1..other.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let with = usize::try_from((seed >> 33) % (place as u64 + 1)).expect("a place");
                other.swap(place, with);
            }
            prop_assert_eq!(after(&receipts), after(&other));
            prop_assert_eq!(heard(&receipts), heard(&other));
        }
    }

    #[test]
    fn delivered_says_more_than_not_delivered_and_that_more_than_rejected() {
        let of = |kind| Said { kind, sdi_identifier: "1".to_owned(), answer: None, buyer_message_id: None, rejections: Vec::new() };
        let state = |kinds: &[ReceiptKind]| after(&kinds.iter().map(|kind| of(*kind)).collect::<Vec<_>>()).0;
        assert_eq!(state(&[ReceiptKind::Rejected]), InvoiceState::Rejected);
        assert_eq!(state(&[ReceiptKind::NotDelivered, ReceiptKind::Rejected]), InvoiceState::NotDelivered);
        assert_eq!(state(&[ReceiptKind::Rejected, ReceiptKind::Delivered, ReceiptKind::Rejected]), InvoiceState::Delivered);
        assert_eq!(state(&[ReceiptKind::Metadata]), InvoiceState::Queued);
    }

    #[test]
    fn an_answer_stands_unless_the_sdi_refused_it() {
        use RecipientAnswer::{Accepted, Refused, TermPassed};
        let of = |kind, answer, message_id: Option<&str>| Said {
            kind,
            sdi_identifier: "1".to_owned(),
            answer,
            buyer_message_id: message_id.map(str::to_owned),
            rejections: Vec::new(),
        };
        let ec = |answer, message_id| of(ReceiptKind::BuyerOutcome, Some(answer), message_id);
        let se = |message_id| of(ReceiptKind::BuyerOutcomeRejected, None, message_id);
        let answer = |told: &[Said]| heard(told).answer;
        assert_eq!(answer(&[ec(Accepted, None)]), Some(Accepted));
        assert_eq!(answer(&[ec(Accepted, None), se(None)]), None);
        assert_eq!(answer(&[ec(Refused, Some("a")), se(Some("a")), ec(Accepted, Some("b"))]), Some(Accepted));
        assert_eq!(answer(&[ec(Refused, Some("a")), se(None), ec(Accepted, Some("b"))]), None, "which one was refused is not told");
        let passed = of(ReceiptKind::TermPassed, Some(TermPassed), None);
        assert_eq!(answer(&[ec(Refused, None), se(None), passed.clone()]), Some(TermPassed));
        assert_eq!(answer(&[ec(Accepted, None), passed]), Some(Accepted));
    }

    #[test]
    fn the_metadata_tell_the_identifier_of_a_received_invoice() {
        let of = |kind, identifier: &str| Said {
            kind,
            sdi_identifier: identifier.to_owned(),
            answer: None,
            buyer_message_id: None,
            rejections: Vec::new(),
        };
        let told = [of(ReceiptKind::TermPassed, "1"), of(ReceiptKind::Metadata, "3"), of(ReceiptKind::Metadata, "2")];
        assert_eq!(heard(&told).sdi_identifier.as_deref(), Some("2"));
        assert_eq!(heard(&told[..1]).sdi_identifier.as_deref(), Some("1"));
        assert_eq!(heard(&[]), Heard::default());
    }
}
