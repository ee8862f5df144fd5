//! The SdI's messages about an invoice (ricevute): what happened to it after it was sent (I1).
//!
//! | file | what it holds |
//! |---|---|
//! | `kind.rs` | [`ReceiptKind`]: which message it is |
//! | `archived.rs` | messages in ZIP archives |
//!
//! There are two families, for invoices to administrations and to private parties, with other root elements for the
//! same meaning. Namespaces differ between channels and years, so messages are told apart by their root's local name. Only what a message
//! of its kind cannot do without is demanded.

mod archived;
mod kind;
#[cfg(test)]
mod tests;

pub use archived::{InvalidFile, UnreadableArchive};
pub use kind::ReceiptKind;
pub(super) use kind::{PRIVATE_NOT_DELIVERED, PRIVATE_REJECTED};

use super::document::Document;
use super::finding::Phrase;
use super::reading::Reading;
use super::tree::Element;
use super::unreadable::Unreadable;
use super::values::{self, Parsed};
use super::zip;

/// The administration's answer to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// EC01: accepted.
    Accepted,
    /// EC02: refused.
    Refused,
}

/// One reason for which the SdI refused an invoice, or a buyer's answer to one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RejectionReason {
    /// The SdI's code, for example `00423`; of a buyer's answer `EN00` (not in form) or `EN01` (not admissible).
    pub code: String,
    /// What it says. Empty if the message has no words for it.
    pub description: String,
    /// What the SdI suggests to do (Suggerimento).
    pub suggestion: Option<String>,
}

/// Whom an invoice was sent to (Destinatario).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The office's or channel's code.
    pub code: String,
    /// Its name.
    pub description: Option<String>,
}

/// The one invoice of a lot that a message speaks of (RiferimentoFattura).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceReference {
    /// The invoice's number (NumeroFattura).
    pub number: String,
    /// The year of its date, as written (AnnoFattura).
    pub year: Option<String>,
    /// Which one it is of the lot, from 1, as written (PosizioneFattura).
    pub position: Option<String>,
}

/// The archive in which an invoice's file reached the SdI (RiferimentoArchivio).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveReference {
    /// The SdI's identifier of the archive.
    pub sdi_identifier: Option<String>,
    /// The archive's file name.
    pub file_name: Option<String>,
}

/// What is read of a message. Times are as they are written in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What it says.
    pub kind: ReceiptKind,
    /// The SdI's identifier of the invoice (IdentificativoSdI).
    pub sdi_identifier: String,
    /// The name of the invoice's file (NomeFile), by which the message finds its invoice: always there in the kinds that
    /// [name it](ReceiptKind::names_file).
    pub file_name: Option<String>,
    /// The digest of the invoice's file (Hash, HashFileOriginale): SHA-256 in hexadecimal digits, unless the message means another.
    pub hash: Option<String>,
    /// The SdI's identifier of the message itself (MessageId).
    pub message_id: Option<String>,
    /// The buyer's identifier of its answer (MessageIdCommittente).
    pub buyer_message_id: Option<String>,
    /// When the SdI received the invoice (DataOraRicezione).
    pub received: Option<String>,
    /// When it was delivered (DataOraConsegna).
    pub delivered: Option<String>,
    /// When it was put at the buyer's disposal in the tax agency's area (DataMessaADisposizione).
    pub available: Option<String>,
    /// Whom it was sent to (Destinatario); of a [`Metadata`](ReceiptKind::Metadata) the code alone (CodiceDestinatario).
    pub recipient: Option<Recipient>,
    /// The invoice's format (Formato): in a [`Metadata`](ReceiptKind::Metadata) only.
    pub format: Option<String>,
    /// The one invoice of a lot that it speaks of; all if it names none.
    pub invoice: Option<InvoiceReference>,
    /// The archive in which the file reached the SdI.
    pub archive: Option<ArchiveReference>,
    /// The administration's answer: in an [`Outcome`](ReceiptKind::Outcome) and a [`BuyerOutcome`](ReceiptKind::BuyerOutcome) only, and
    /// always there.
    pub outcome: Option<Outcome>,
    /// What the message says in words (Descrizione); of an answer the administration's reason.
    pub description: Option<String>,
    /// What else it says (Note).
    pub note: Option<String>,
    /// Why the SdI refused the invoice, in a [`Rejected`](ReceiptKind::Rejected), or the answer, in a
    /// [`BuyerOutcomeRejected`](ReceiptKind::BuyerOutcomeRejected).
    pub errors: Vec<RejectionReason>,
}

/// Reads a message of the SdI: plain, signed, or the only one in a ZIP archive, where the invoice may be beside it. The limits are those of
/// [`read`](super::read) and [`Limits::MESSAGE`](zip::Limits::MESSAGE).
///
/// # Errors
/// [`Unreadable`], with every missing or wrong element among those that a message of its kind cannot do without.
pub fn read_receipt(file: &[u8]) -> Result<Receipt, Unreadable> {
    if zip::is_zip(file) {
        return archived::read(file).map_err(Unreadable::of_message);
    }
    let document = Document::open(file).map_err(Unreadable::of_message)?;
    let tree = document.tree().map_err(Unreadable::of_message)?;
    receipt(tree.root(), ReceiptKind::of(tree.root())?)
}

/// What a message of this kind says.
pub(super) fn receipt(root: Element<'_, '_>, kind: ReceiptKind) -> Result<Receipt, Unreadable> {
    let mut reading = Reading::default();
    let sdi_identifier = reading.required(root, "IdentificativoSdI", values::text);
    let named = if kind.names_file() { reading.required(root, "NomeFile", values::text).map(Some) } else { Some(text(root, "NomeFile")) };
    let answer = answer(&mut reading, root, kind);
    let outcome = answer.and_then(|answer| reading.required(answer, "Esito", parse_outcome));
    let told = |path| answer.and_then(|answer| text(answer, path)).or_else(|| text(root, path));
    let receipt = sdi_identifier.zip(named).map(|(sdi_identifier, file_name)| Receipt {
        kind,
        sdi_identifier,
        file_name,
        hash: text(root, "Hash").or_else(|| text(root, "HashFileOriginale")),
        message_id: text(root, "MessageId"),
        buyer_message_id: told("MessageIdCommittente"),
        received: text(root, "DataOraRicezione"),
        delivered: text(root, "DataOraConsegna"),
        available: text(root, "DataMessaADisposizione"),
        recipient: recipient(root),
        format: text(root, "Formato"),
        invoice: answer.and_then(invoice).or_else(|| invoice(root)),
        archive: root.child("RiferimentoArchivio").map(archive),
        outcome,
        description: told("Descrizione"),
        note: text(root, "Note"),
        errors: errors(&mut reading, root, kind),
    });
    reading.unless_any(receipt).map_err(|why| match kind {
        // The buyer's own program writes this one.
        ReceiptKind::BuyerOutcome => why,
        ReceiptKind::Delivered
        | ReceiptKind::Rejected
        | ReceiptKind::NotDelivered
        | ReceiptKind::Outcome
        | ReceiptKind::TermPassed
        | ReceiptKind::Attestation
        | ReceiptKind::Metadata
        | ReceiptKind::BuyerOutcomeRejected => why.of_message(),
    })
}

/// The element that holds a buyer's answer, in the kinds that have one.
fn answer<'d, 't>(reading: &mut Reading, root: Element<'d, 't>, kind: ReceiptKind) -> Option<Element<'d, 't>> {
    match kind {
        ReceiptKind::Outcome => reading.element(root, "EsitoCommittente"),
        ReceiptKind::BuyerOutcome => Some(root),
        ReceiptKind::Delivered
        | ReceiptKind::Rejected
        | ReceiptKind::NotDelivered
        | ReceiptKind::TermPassed
        | ReceiptKind::Attestation
        | ReceiptKind::Metadata
        | ReceiptKind::BuyerOutcomeRejected => None,
    }
}

fn parse_outcome(text: &str) -> Parsed<Outcome> {
    match text {
        "EC01" => Ok(Outcome::Accepted),
        "EC02" => Ok(Outcome::Refused),
        _ => Err(Phrase::new("EC01 (accettata) o EC02 (rifiutata)", "EC01 (accepted) or EC02 (refused)")),
    }
}

/// A text that a message can do without.
fn text(parent: Element<'_, '_>, path: &str) -> Option<String> {
    parent.text_at(path).map(str::to_owned)
}

fn recipient(root: Element<'_, '_>) -> Option<Recipient> {
    let code = text(root, "Destinatario/Codice").or_else(|| text(root, "CodiceDestinatario"))?;
    Some(Recipient { code, description: text(root, "Destinatario/Descrizione") })
}

fn invoice(parent: Element<'_, '_>) -> Option<InvoiceReference> {
    let reference = parent.child("RiferimentoFattura")?;
    let (year, position) = (text(reference, "AnnoFattura"), text(reference, "PosizioneFattura"));
    Some(InvoiceReference { number: text(reference, "NumeroFattura")?, year, position })
}

fn archive(reference: Element<'_, '_>) -> ArchiveReference {
    ArchiveReference { sdi_identifier: text(reference, "IdentificativoSdI"), file_name: text(reference, "NomeFile") }
}

fn errors(reading: &mut Reading, root: Element<'_, '_>, kind: ReceiptKind) -> Vec<RejectionReason> {
    match kind {
        ReceiptKind::Rejected => {
            let errors = root.all("ListaErrori").flat_map(|list| list.all("Errore"));
            errors.filter_map(|error| reason(reading, error)).collect()
        }
        ReceiptKind::BuyerOutcomeRejected => {
            text(root, "Scarto").map(|code| RejectionReason { code, ..RejectionReason::default() }).into_iter().collect()
        }
        ReceiptKind::Delivered
        | ReceiptKind::NotDelivered
        | ReceiptKind::Outcome
        | ReceiptKind::TermPassed
        | ReceiptKind::Attestation
        | ReceiptKind::Metadata
        | ReceiptKind::BuyerOutcome => Vec::new(),
    }
}

fn reason(reading: &mut Reading, error: Element<'_, '_>) -> Option<RejectionReason> {
    let code = reading.required(error, "Codice", values::text)?;
    Some(RejectionReason { code, description: text(error, "Descrizione").unwrap_or_default(), suggestion: text(error, "Suggerimento") })
}
