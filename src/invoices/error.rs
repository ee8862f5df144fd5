//! What can go wrong with invoices.

use chrono::{DateTime, SecondsFormat, Utc};

use super::findings::Found;
use super::state::{Direction, InvoiceState};
use super::store;
use crate::archive::ArchiveError;
use crate::check::Invalid;
use crate::db::{Fault, Reuse};
use crate::fatturapa::Unreadable;
use crate::fatturapa::content::UnreadableAttachment;
use crate::ids::InvoiceId;
use crate::pb::spazio::v1::ErrorReason;
use crate::quota::QuotaError;
use crate::refusal::{Refusal, Refused, Violation, carries_faults, etag_mismatch, into_status};

/// What can be done with drafts only (I1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Replacing its file.
    Changed,
    /// Deleting it.
    Deleted,
    /// Queueing it.
    Queued,
}

/// The sent invoice that is in another file's way: it has its name, or its bytes.
#[derive(Clone, Debug)]
pub struct InTheWay {
    /// Which one it is.
    pub id: InvoiceId,
    /// Where it is in its life.
    pub state: InvoiceState,
    /// When it was stored.
    pub stored: DateTime<Utc>,
    /// Whether the other file was sent elsewhere, so that it is what it is and has the name that it has.
    pub other_was_sent: bool,
}

impl InTheWay {
    /// This invoice.
    pub(super) fn of(row: &store::Row, other_was_sent: bool) -> Self {
        Self { id: row.id, state: row.state, stored: row.created_time, other_was_sent }
    }
}

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum InvoiceError {
    /// No such invoice in this account.
    #[error("there is no such invoice")]
    NotFound,
    /// The invoice has no attachment of this number: the names of those that it has.
    #[error("there is no such attachment")]
    AttachmentNotFound(Vec<String>),
    /// The attachment's bytes cannot be had.
    #[error(transparent)]
    Attachment(#[from] UnreadableAttachment),
    /// No such receipt in this account.
    #[error("there is no such receipt")]
    ReceiptNotFound,
    /// The invoice is no draft any more (I1).
    #[error("the invoice is {current}")]
    NoDraft {
        /// What was wanted.
        wanted: Wanted,
        /// Where it is.
        current: InvoiceState,
        /// The name under which it is or was to be sent, here or elsewhere.
        file_name: String,
        /// Since when it is there.
        since: DateTime<Utc>,
    },
    /// The invoice is neither rejected nor refused by its recipient: there is nothing to copy it for.
    #[error("the invoice is {current} and not rejected")]
    NotRejected {
        /// Where it is.
        current: InvoiceState,
    },
    /// The SdI would refuse the document (I2).
    #[error("the SdI would refuse the document")]
    Refused(Box<Found>),
    /// The draft is not what it was when it was judged, or a name was taken that it was about to get: the write is to be prepared anew.
    #[error("the draft changed while it was judged")]
    Superseded,
    /// Every name of this sender was given.
    #[error("every name of {0} was given")]
    NamesUsedUp(String),
    /// The invoice changed since it was read.
    #[error("the invoice changed since it was read")]
    EtagMismatch {
        /// Its version now.
        current: i64,
    },
    /// A sent file that cannot be read (I2).
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Another sent invoice has this file name (SdI 00002).
    #[error("the file name {name} was used before")]
    FileNameUsed {
        /// The name.
        name: String,
        /// Who has it, once that was looked up.
        by: Option<InTheWay>,
    },
    /// Another file was sent under this name and removed after its time (SdI 00002).
    #[error("the file name {0} is that of a file that was removed")]
    FileNameBuried(String),
    /// Another sent invoice holds the same bytes (I4).
    #[error("the file is stored already")]
    FileStored {
        /// Which one; none when it was stored at this very moment.
        by: Option<InTheWay>,
    },
    /// Documents of an export's part came, changed or went since it was begun.
    #[error("the part changed since it was begun")]
    PartChanged,
    /// Space or the account's state refuses.
    #[error(transparent)]
    Quota(QuotaError),
    /// Fields are missing or wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The request_id was used before.
    #[error(transparent)]
    Reuse(#[from] Reuse),
    /// Not the caller's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

carries_faults!(InvoiceError);
into_status!(InvoiceError);

impl From<ArchiveError> for InvoiceError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::FileNameUsed(name) => Self::FileNameUsed { name, by: None },
            ArchiveError::FileNameBuried(name) => Self::FileNameBuried(name),
            ArchiveError::FileStored => Self::FileStored { by: None },
            ArchiveError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<QuotaError> for InvoiceError {
    /// A fault stays a fault, so that the write is tried again for it.
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Fault(fault) => Self::Fault(fault),
            refused @ (QuotaError::SpaceExhausted { .. } | QuotaError::Expired { .. } | QuotaError::Deleted { .. }) => Self::Quota(refused),
        }
    }
}

impl Refusal for InvoiceError {
    fn refused(&self) -> Refused {
        match self {
            Self::NotFound => {
                Refused::new(ErrorReason::InvoiceNotFound, "this account has no such invoice; list its invoices with ListInvoices")
            }
            Self::AttachmentNotFound(names) => {
                let message = match names.as_slice() {
                    [] => "the invoice has no attachments".to_owned(),
                    names => {
                        const TOLD: usize = 10;
                        let told: Vec<_> = names.iter().zip(1..).take(TOLD).map(|(name, number)| format!("{number}: {name:?}")).collect();
                        let more = names.len().saturating_sub(TOLD);
                        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                        format!("the invoice has no such attachment; it has {}{more}", told.join(", "))
                    }
                };
                Refused::new(ErrorReason::AttachmentNotFound, message).with("attachments", &names.len())
            }
            Self::Attachment(unreadable) => {
                Refused::new(ErrorReason::DocumentUnreadable, format!("{unreadable}; the invoice itself can be downloaded"))
            }
            Self::ReceiptNotFound => {
                Refused::new(ErrorReason::ReceiptNotFound, "this account has no such receipt; list its receipts with ListReceipts")
            }
            Self::NoDraft { wanted, current, file_name, since } => {
                state_refused(*current, no_draft(*wanted, *current, file_name, *since)).with("file_name", file_name)
            }
            Self::NotRejected { current } => {
                let stands = stands(*current);
                let message = format!(
                    "the invoice {stands}: only one that was sent, and that the SdI rejected or its recipient refused, can be copied"
                );
                state_refused(*current, message)
            }
            Self::Refused(found) => document_refused(found),
            Self::Superseded => Fault::Overtaken.refused(),
            Self::NamesUsedUp(sender) => {
                let message = format!("every name from {sender}_00001 to {sender}_ZZZZZ was given; give the draft a file_name of your own");
                Refused::new(ErrorReason::FileNameUsed, message).with("file_name", &format!("{sender}_ZZZZZ"))
            }
            Self::EtagMismatch { current } => etag_mismatch("invoice", current),
            Self::Unreadable(unreadable) => {
                let violations = unreadable.messages().into_iter().map(|description| Violation { field: "file".to_owned(), description });
                Refused::new(ErrorReason::DocumentUnreadable, unreadable.to_string())
                    .with("problem", &unreadable.code())
                    .violations(violations)
            }
            Self::FileNameUsed { name, by } => file_name_used(name, by.as_ref()),
            Self::FileNameBuried(name) => {
                let message = format!(
                    "a file of this account that was removed after its time was named {name}, signed or not; the SdI takes each name once \
                     (00002), so that only that very file comes back under it: choose the next progressive for another one, or make its \
                     draft without file_name and it gets the account's next one when it is queued"
                );
                Refused::new(ErrorReason::FileNameUsed, message).with("file_name", name)
            }
            Self::FileStored { by } => file_stored(by.as_ref()),
            Self::PartChanged => {
                let message = "documents of this part came, changed or went since it was begun; ask for it again from byte 0 \
                               with the token it was asked for first, or with none if it is the first part";
                Refused::new(ErrorReason::PartChanged, message)
            }
            Self::Quota(error) => error.refused(),
            Self::Invalid(error) => error.refused(),
            Self::Reuse(error) => error.refused(),
            Self::Fault(error) => error.refused(),
        }
    }
}

fn state_refused(current: InvoiceState, message: String) -> Refused {
    Refused::new(ErrorReason::InvoiceState, message.clone()).with("state", &current).precondition("INVOICE_STATE", "invoice", message)
}

/// How an invoice stands, to go behind what it is called.
const fn stands(state: InvoiceState) -> &'static str {
    match state {
        InvoiceState::Draft => "is a draft",
        InvoiceState::Queued => "is queued",
        InvoiceState::Sent => "was sent",
        InvoiceState::Delivered => "was delivered",
        InvoiceState::NotDelivered => "was sent and could not be delivered",
        InvoiceState::Rejected => "was rejected by the SdI",
        InvoiceState::Received => "was received",
    }
}

/// Why something that only drafts allow is not done. Who queues what is queued has what it wants; what was issued is put right by another
/// document.
fn no_draft(wanted: Wanted, current: InvoiceState, file_name: &str, since: DateTime<Utc>) -> String {
    use InvoiceState::{Delivered, Draft, NotDelivered, Queued, Received, Rejected, Sent};
    let (stands, since) = (stands(current), to_the_second(since));
    let verb = match wanted {
        Wanted::Changed => "changed",
        Wanted::Deleted => "deleted",
        Wanted::Queued => "queued",
    };
    let no_longer = format!("the invoice {file_name} {stands} and can no longer be {verb}: only drafts can");
    match (current, wanted) {
        (Received, Wanted::Changed | Wanted::Deleted | Wanted::Queued) => {
            format!("the invoice was received from others: only what this account issues can be {verb}, while it is a draft")
        }
        (Queued, Wanted::Queued) => format!("the invoice is queued already, since {since}, as {file_name}: nothing more needs to be done"),
        (Sent | Delivered | NotDelivered, Wanted::Queued) => {
            format!("the invoice {file_name} {stands}: it was sent already, and nothing more needs to be done")
        }
        (Rejected, Wanted::Queued) => format!(
            "the invoice {file_name} was sent already, and the SdI rejected it: make a draft of it with CopyRejectedInvoice, correct \
             that one and queue it"
        ),
        (Rejected, Wanted::Changed | Wanted::Deleted) => {
            format!("{no_longer}; to send it again, make a draft of it with CopyRejectedInvoice and correct that one")
        }
        (Queued | Sent | Delivered | NotDelivered, Wanted::Changed | Wanted::Deleted) => {
            format!("{no_longer}; put right what is wrong in it with a credit note (TD04), and issue it anew if need be")
        }
        (Draft, Wanted::Changed | Wanted::Deleted | Wanted::Queued) => no_longer,
    }
}

fn file_name_used(name: &str, by: Option<&InTheWay>) -> Refused {
    let what_to_do = if by.is_some_and(|by| by.other_was_sent) {
        "one of the two files was not sent under it: compare them; import this one under the name it was sent with, or, if the stored one is \
         a draft that was never sent, delete that and import this one again"
    } else {
        "choose the next progressive; a draft that is made without file_name gets the account's next one when it is queued"
    };
    let message =
        format!("another sent invoice of this account is named {name}{}; the SdI takes each name once (00002): {what_to_do}", which(by));
    naming(by, Refused::new(ErrorReason::FileNameUsed, message).with("file_name", &name))
}

fn file_stored(by: Option<&InTheWay>) -> Refused {
    use InvoiceState::{Delivered, Draft, NotDelivered, Queued, Received, Rejected, Sent};
    let what_to_do = match by {
        None => "list the account's invoices and use that one",
        Some(InTheWay { other_was_sent: true, .. }) => {
            "it would be sent again from here: delete that draft with DeleteSentInvoice, then import this file again"
        }
        Some(by) => match by.state {
            Draft => "use that draft, or delete it with DeleteSentInvoice and repeat this call",
            Queued | Sent | Delivered | NotDelivered | Received => {
                "it needs no second sending: delete this draft with DeleteSentInvoice, or give it another file"
            }
            Rejected => "make a draft of that one with CopyRejectedInvoice, or give this draft another file",
        },
    };
    let message = format!("another sent invoice of this account holds the very same file{}: {what_to_do}", which(by));
    naming(by, Refused::new(ErrorReason::FileStored, message))
}

/// Which invoice is in the way, in words.
fn which(by: Option<&InTheWay>) -> String {
    let told = |by: &InTheWay| format!(" ({}, which {}, stored {})", by.id, stands(by.state), to_the_second(by.stored));
    by.map(told).unwrap_or_default()
}

/// Which invoice is in the way, for programs.
fn naming(by: Option<&InTheWay>, refused: Refused) -> Refused {
    match by {
        Some(by) => refused.with("invoice_id", &by.id).with("state", &by.state).with("direction", &Direction::Sent),
        None => refused,
    }
}

fn to_the_second(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// All for which the SdI would refuse a document; what does not fit into a status is counted there, and told whole by `GetInvoice`.
fn document_refused(found: &Found) -> Refused {
    let count = found.refused().count();
    let (times, volte) = if count == 1 { ("reason", "motivo") } else { ("reasons", "motivi") };
    let (at_least, almeno) = if found.may_be_cut() { ("at least ", "almeno ") } else { ("", "") };
    let message = format!(
        "the SdI would refuse this document for {at_least}{count} {times}: correct it with UpdateSentInvoice; GetInvoice tells all"
    );
    let violations = found.refused().map(|finding| Violation {
        field: format!("{} (line {})", if finding.path.is_empty() { "file" } else { &finding.path }, finding.line),
        description: format!("{}: {}", finding.code, finding.message_en),
    });
    let first = found.refused().next();
    let codes = |message: fn(&crate::pb::spazio::v1::Finding) -> &str| first.map(|first| format!("{}: {}", first.code, message(first)));
    let italian = codes(|finding| &finding.message_it).unwrap_or_default();
    let english = codes(|finding| &finding.message_en).unwrap_or_default();
    Refused::new(ErrorReason::DocumentRefused, message).with("refused_findings", &count).violations(violations).localized(
        format!("Il documento sarebbe scartato dallo SdI per {almeno}{count} {volte}. {italian}"),
        format!("The SdI would refuse the document for {at_least}{count} {times}. {english}"),
    )
}
