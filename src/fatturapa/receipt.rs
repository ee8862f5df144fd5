//! The SdI's messages about an invoice (ricevute): what happened to it after it was sent (I1).
//!
//! There are two families, for invoices to administrations and to private parties, with other root elements for the
//! same meaning. Namespaces differ between channels and years, so messages are told apart by their root's local name.

use super::encoding::decode;
use super::reading::{Found, Reading};
use super::unreadable::{Unreadable, excerpt};
use super::values::{self, Parsed};
use super::xml::{Element, Root, Xml};

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

    fn of(root: &Root<'_>) -> Result<Self, Unreadable> {
        match root.element.name {
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
                at: root.element.at,
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
    let text = decode(file)?;
    let (xml, root) = Xml::open(&text)?;
    let kind = ReceiptKind::of(&root)?;
    let root = root.element;
    let mut reading = Reading::new(xml);
    let mut sdi_identifier = Found::Nothing;
    let mut file_name = Found::Nothing;
    let mut received = Found::Nothing;
    let mut delivered = Found::Nothing;
    let mut outcome = Found::Nothing;
    let mut description = Found::Nothing;
    let mut errors = Vec::new();
    while let Some(child) = reading.child_of(&root)? {
        match child.name {
            "IdentificativoSdI" => sdi_identifier = reading.value(&child, values::text)?,
            "NomeFile" => file_name = reading.value(&child, values::text)?,
            "DataOraRicezione" => received = reading.value(&child, values::text)?,
            "DataOraConsegna" => delivered = reading.value(&child, values::text)?,
            "Descrizione" => description = reading.value(&child, values::text)?,
            "EsitoCommittente" if kind == ReceiptKind::Outcome => {
                outcome = read_outcome(&mut reading, &child, &mut description)?.into();
            }
            "ListaErrori" if kind == ReceiptKind::Rejected => read_errors(&mut reading, &child, &mut errors)?,
            _ => {}
        }
    }
    let sdi_identifier = reading.required_at_root(sdi_identifier, &root, "IdentificativoSdI");
    let file_name = reading.required_at_root(file_name, &root, "NomeFile");
    let outcome = match kind {
        ReceiptKind::Outcome => reading.required_at_root(outcome, &root, "EsitoCommittente"),
        ReceiptKind::Delivered
        | ReceiptKind::Rejected
        | ReceiptKind::NotDelivered
        | ReceiptKind::TermPassed
        | ReceiptKind::Attestation
        | ReceiptKind::Metadata => None,
    };
    let receipt = sdi_identifier.zip(file_name).map(|(sdi_identifier, file_name)| Receipt {
        kind,
        sdi_identifier,
        file_name,
        received: received.value(),
        delivered: delivered.value(),
        outcome,
        description: description.value(),
        errors,
    });
    reading.xml.finish()?;
    reading.problems.unless_any(receipt)
}

fn read_outcome<'a>(reading: &mut Reading<'a>, parent: &Element<'a>, reason: &mut Found<String>) -> Result<Option<Outcome>, Unreadable> {
    let mut outcome = Found::Nothing;
    while let Some(child) = reading.child_of(parent)? {
        match child.name {
            "Esito" => outcome = reading.value(&child, parse_outcome)?,
            "Descrizione" => *reason = reading.value(&child, values::text)?,
            _ => {}
        }
    }
    Ok(reading.required(outcome, parent, "Esito"))
}

fn parse_outcome(text: &str) -> Parsed<Outcome> {
    match text {
        "EC01" => Ok(Outcome::Accepted),
        "EC02" => Ok(Outcome::Refused),
        _ => Err("EC01 (accepted) or EC02 (refused)"),
    }
}

fn read_errors<'a>(reading: &mut Reading<'a>, list: &Element<'a>, errors: &mut Vec<RejectionReason>) -> Result<(), Unreadable> {
    while let Some(error) = reading.child_of(list)? {
        if error.name != "Errore" {
            continue;
        }
        let mut code = Found::Nothing;
        let mut description = Found::Nothing;
        while let Some(child) = reading.child_of(&error)? {
            match child.name {
                "Codice" => code = reading.value(&child, values::text)?,
                "Descrizione" => description = reading.value(&child, |text| Ok(text.to_owned()))?,
                _ => {}
            }
        }
        let code = reading.required(code, &error, "Codice");
        let description = description.value().unwrap_or_default();
        errors.extend(code.map(|code| RejectionReason { code, description }));
    }
    Ok(())
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
