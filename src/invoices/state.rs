//! The life of an invoice (I1).
//!
//! ```text
//! draft -> queued -> sent -> delivered
//!             |        |---> not_delivered -> delivered   (delivered after all)
//!             |        `---> rejected
//!             `-> delivered | not_delivered | rejected    (the receipt overtakes the news that it was sent)
//! ```

use crate::fatturapa::ReceiptKind;
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
        /// Refused by the SdI.
        Rejected = "rejected",
        /// Received: nothing more happens to it.
        Received = "received",
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

/// How an attempt to move ended.
#[must_use = "a move that was not made must be looked at"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move<S> {
    /// It moved.
    Moved,
    /// It was there before.
    AlreadyThere,
    /// It is where this move is not allowed.
    Illegal {
        /// Where it is.
        current: S,
    },
}
