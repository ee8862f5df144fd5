//! The SdI's messages about an invoice (ricevute): what happened to it after it was sent (I1).
//!
//! There are two families, for invoices to administrations and to private parties, with other root elements for the
//! same meaning. Namespaces differ between channels and years, so messages are told apart by their root's local name.

use super::document::Document;
use super::reading::Reading;
use super::tree::Element;
use super::unreadable::{Unreadable, excerpt};
use super::values::{self, Parsed};

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptKind {
    /// RC: delivered.
    Delivered,
    /// NS: refused by the SdI; the invoice counts as not issued, and five days are left to send it again.
    Rejected,
    /// MC: could not be delivered; kept for the buyer in the tax agency's area.
    NotDelivered,
    /// NE: the administration accepted or refused it.
    Outcome,
    /// DT: fifteen days have passed without an answer of the administration.
    TermPassed,
    /// AT: could not be delivered to the administration, and this attests that it was sent.
    Attestation,
    /// MT: metadata that come with a received invoice.
    Metadata,
}

impl ReceiptKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Delivered, Self::Rejected, Self::NotDelivered, Self::Outcome, Self::TermPassed, Self::Attestation, Self::Metadata];

    /// The SdI's code, as it stands in the message's file name: `RC`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delivered => "RC",
            Self::Rejected => "NS",
            Self::NotDelivered => "MC",
            Self::Outcome => "NE",
            Self::TermPassed => "DT",
            Self::Attestation => "AT",
            Self::Metadata => "MT",
        }
    }

    pub(super) fn of(root: Element<'_, '_>) -> Result<Self, Unreadable> {
        match root.name() {
            "RicevutaConsegna" => Ok(Self::Delivered),
            "NotificaScarto" | "RicevutaScarto" => Ok(Self::Rejected),
            "NotificaMancataConsegna" | "RicevutaImpossibilitaRecapito" => Ok(Self::NotDelivered),
            "NotificaEsito" => Ok(Self::Outcome),
            "NotificaDecorrenzaTermini" => Ok(Self::TermPassed),
            "AttestazioneTrasmissioneFattura" => Ok(Self::Attestation),
            "MetadatiInvioFile" | "FileMetadati" => Ok(Self::Metadata),
            name => Err(Unreadable::WrongRoot {
                found: excerpt(name),
                allowed: "one of the SdI's messages RC, NS, MC, NE, DT, AT, MT",
                at: root.position(),
            }),
        }
    }
}

/// The administration's answer to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// EC01: accepted.
    Accepted,
    /// EC02: refused.
    Refused,
}

/// One reason for which the SdI refused an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionReason {
    /// The SdI's code, for example `00423`.
    pub code: String,
    /// What it says. Empty if the message has no words for it.
    pub description: String,
}

/// What is read of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What it says.
    pub kind: ReceiptKind,
    /// The SdI's identifier of the invoice (IdentificativoSdI).
    pub sdi_identifier: String,
    /// The name of the invoice's file (NomeFile), by which the message finds its invoice.
    pub file_name: String,
    /// When the SdI received the invoice (DataOraRicezione), as written in the message.
    pub received: Option<String>,
    /// When it was delivered (DataOraConsegna), as written in the message.
    pub delivered: Option<String>,
    /// The administration's answer: in an [`Outcome`](ReceiptKind::Outcome) only, and always there.
    pub outcome: Option<Outcome>,
    /// What the message says in words (Descrizione); of an [`Outcome`](ReceiptKind::Outcome) the administration's reason.
    pub description: Option<String>,
    /// Why the SdI refused the invoice: in a [`Rejected`](ReceiptKind::Rejected) only.
    pub errors: Vec<RejectionReason>,
}

/// Reads a message of the SdI. The limits are those of [`read`](super::read).
///
/// # Errors
/// [`Unreadable`], with every missing or wrong element among those read.
pub fn read_receipt(file: &[u8]) -> Result<Receipt, Unreadable> {
    let document = Document::open(file)?;
    let tree = document.tree()?;
    let root = tree.root();
    let kind = ReceiptKind::of(root)?;
    let mut reading = Reading::default();
    let sdi_identifier = reading.required(root, "IdentificativoSdI", values::text);
    let file_name = reading.required(root, "NomeFile", values::text);
    let received = reading.optional(root, "DataOraRicezione", values::text);
    let delivered = reading.optional(root, "DataOraConsegna", values::text);
    let mut description = reading.optional(root, "Descrizione", values::text);
    let mut outcome = None;
    if kind == ReceiptKind::Outcome
        && let Some(answer) = reading.element(root, "EsitoCommittente")
    {
        outcome = reading.required(answer, "Esito", parse_outcome);
        description = reading.optional(answer, "Descrizione", values::text).or(description);
    }
    let errors = if kind == ReceiptKind::Rejected { read_errors(&mut reading, root) } else { Vec::new() };
    let receipt = sdi_identifier.zip(file_name).map(|(sdi_identifier, file_name)| Receipt {
        kind,
        sdi_identifier,
        file_name,
        received,
        delivered,
        outcome,
        description,
        errors,
    });
    reading.unless_any(receipt)
}

fn parse_outcome(text: &str) -> Parsed<Outcome> {
    match text {
        "EC01" => Ok(Outcome::Accepted),
        "EC02" => Ok(Outcome::Refused),
        _ => Err("EC01 (accepted) or EC02 (refused)"),
    }
}

fn read_errors(reading: &mut Reading, root: Element<'_, '_>) -> Vec<RejectionReason> {
    let mut errors = Vec::new();
    for error in root.all("ListaErrori").flat_map(|list| list.all("Errore")) {
        let description = error.text_at("Descrizione").unwrap_or_default().to_owned();
        errors.extend(reading.required(error, "Codice", values::text).map(|code| RejectionReason { code, description }));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all sample messages have in common.
    fn about_the_sample(kind: ReceiptKind) -> Receipt {
        Receipt {
            kind,
            sdi_identifier: "7012345678".to_owned(),
            file_name: "IT01234567897_00001.xml".to_owned(),
            received: None,
            delivered: None,
            outcome: None,
            description: None,
            errors: Vec::new(),
        }
    }

    const RECEIVED: &str = "2026-03-31T10:15:00.000+02:00";

    fn reason(code: &str, description: &str) -> RejectionReason {
        RejectionReason { code: code.to_owned(), description: description.to_owned() }
    }

    #[test]
    fn a_delivery_tells_when_the_file_was_received_and_delivered() {
        let delivered = Some("2026-03-31T10:17:30.000+02:00".to_owned());
        let expected = Receipt { received: Some(RECEIVED.to_owned()), delivered, ..about_the_sample(ReceiptKind::Delivered) };
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-rc.xml")), Ok(expected));
    }

    #[test]
    fn a_rejection_tells_its_reasons_and_is_not_taken_in_by_the_archive_it_refers_to() {
        let errors = vec![reason("00423", "2.2.1.11 PrezzoTotale non calcolato secondo le regole"), reason("00404", "")];
        let expected = Receipt { received: Some(RECEIVED.to_owned()), errors, ..about_the_sample(ReceiptKind::Rejected) };
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-ns.xml")), Ok(expected));

        let errors = vec![reason("00417", "Manca l'identificativo del cessionario")];
        let expected = Receipt { received: Some(RECEIVED.to_owned()), errors, ..about_the_sample(ReceiptKind::Rejected) };
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-ns-private.xml")), Ok(expected));
    }

    #[test]
    fn an_outcome_tells_whether_the_invoice_was_accepted_and_why_not() {
        let expected = Receipt {
            outcome: Some(Outcome::Refused),
            description: Some("Importo non concordato".to_owned()),
            ..about_the_sample(ReceiptKind::Outcome)
        };
        let file = include_bytes!("../../tests/samples/receipt-ne.xml");
        assert_eq!(read_receipt(file), Ok(expected));

        let accepted = String::from_utf8_lossy(file).replace("EC02", "EC01");
        assert_eq!(read_receipt(accepted.as_bytes()).map(|receipt| receipt.outcome), Ok(Some(Outcome::Accepted)));
        let neither = String::from_utf8_lossy(file).replace("EC02", "EC03");
        assert_eq!(
            read_receipt(neither.as_bytes()).expect_err("unreadable").messages(),
            ["EsitoCommittente/Esito at line 8, column 5 is \"EC03\": it must be EC01 (accepted) or EC02 (refused)"]
        );
    }

    #[test]
    fn the_other_messages_tell_which_file_they_are_about() {
        let words = |text: &str| Some(text.to_owned());
        let not_delivered = Receipt {
            received: Some(RECEIVED.to_owned()),
            description: words("Casella piena"),
            ..about_the_sample(ReceiptKind::NotDelivered)
        };
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-mc.xml")), Ok(not_delivered));
        let term = Receipt { description: words("Termini decorsi"), ..about_the_sample(ReceiptKind::TermPassed) };
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-dt.xml")), Ok(term));
        let attestation = Receipt { received: Some(RECEIVED.to_owned()), ..about_the_sample(ReceiptKind::Attestation) };
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-at.xml")), Ok(attestation));
        let metadata = about_the_sample(ReceiptKind::Metadata);
        assert_eq!(read_receipt(include_bytes!("../../tests/samples/receipt-mt.xml")), Ok(metadata));
    }

    #[test]
    fn what_is_no_message_of_the_sdi_is_refused() {
        let code = |file: &[u8]| read_receipt(file).expect_err("refused").code();
        assert_eq!(code(include_bytes!("../../tests/samples/fpr12.xml")), "WRONG_ROOT");
        assert_eq!(code(include_bytes!("../../tests/samples/hostile-billion-laughs.xml")), "DOCTYPE_FORBIDDEN");
        assert_eq!(code(b"<RicevutaConsegna/>"), "CONTENT");
        assert_eq!(code(b"<RicevutaConsegna>"), "NOT_XML");
    }
}
