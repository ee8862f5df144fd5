//! The SdI's messages about made-up invoices.

use chrono::{DateTime, Utc};

use super::draw::SplitMix;
use super::sheet::Sheet;
use crate::fatturapa::{InvalidFileName, ReceiptKind, SdiFileName};

/// A message of the SdI out of thin air.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedReceipt {
    /// The message's file name.
    pub file_name: String,
    /// The message, in UTF-8.
    pub bytes: Vec<u8>,
    /// The SdI's identifier of the invoice: the same in every message about one file name.
    pub sdi_identifier: String,
}

/// The SdI's message of this kind about the invoice file `sent`, as of `at`.
///
/// Kinds that private parties get are in that family; those that only exist for administrations are in theirs, and every answer accepts. A
/// rejection gives SdI 00404 as its reason, that of an answer EN01.
///
/// # Errors
/// [`InvalidFileName`] if `sent` is not a name that the SdI takes.
pub fn receipt(kind: ReceiptKind, sent: &str, at: DateTime<Utc>) -> Result<GeneratedReceipt, InvalidFileName> {
    const PRIVATE: &str = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fattura/messaggi/v1.0";
    const ADMINISTRATION: &str = "http://www.fatturapa.gov.it/sdi/messaggi/v1.0";
    let name: SdiFileName = sent.parse()?;
    let (root, namespace) = match kind {
        ReceiptKind::Delivered => ("RicevutaConsegna", PRIVATE),
        ReceiptKind::Rejected => ("RicevutaScarto", PRIVATE),
        ReceiptKind::NotDelivered => ("RicevutaImpossibilitaRecapito", PRIVATE),
        ReceiptKind::Metadata => ("FileMetadati", PRIVATE),
        ReceiptKind::Outcome => ("NotificaEsito", ADMINISTRATION),
        ReceiptKind::TermPassed => ("NotificaDecorrenzaTermini", ADMINISTRATION),
        ReceiptKind::Attestation => ("AttestazioneTrasmissioneFattura", ADMINISTRATION),
        ReceiptKind::BuyerOutcome => ("NotificaEsitoCommittente", ADMINISTRATION),
        ReceiptKind::BuyerOutcomeRejected => ("ScartoEsitoCommittente", ADMINISTRATION),
    };
    let sdi_identifier = sdi_identifier(sent);
    let time = at.format("%Y-%m-%dT%H:%M:%S.000Z");
    let mut sheet = Sheet::new();
    sheet.open(&format!(r#"m:{root} versione="1.0" xmlns:m="{namespace}""#));
    sheet.leaf("IdentificativoSdI", &sdi_identifier);
    if kind.names_file() {
        sheet.leaf("NomeFile", sent);
    }
    match kind {
        ReceiptKind::Delivered => {
            sheet.leaf("DataOraRicezione", &time);
            sheet.leaf("DataOraConsegna", &time);
        }
        ReceiptKind::Rejected => {
            sheet.leaf("DataOraRicezione", &time);
            write_rejection(&mut sheet);
        }
        ReceiptKind::NotDelivered | ReceiptKind::Attestation => sheet.leaf("DataOraRicezione", &time),
        ReceiptKind::Outcome => {
            sheet.open("EsitoCommittente");
            sheet.leaf("IdentificativoSdI", &sdi_identifier);
            sheet.leaf("Esito", "EC01");
            sheet.close("EsitoCommittente");
        }
        ReceiptKind::TermPassed => sheet.leaf("Descrizione", "Sono trascorsi 15 giorni senza un esito del committente"),
        ReceiptKind::Metadata => {
            sheet.leaf("CodiceDestinatario", "0000000");
            sheet.leaf("Formato", "FPR12");
        }
        ReceiptKind::BuyerOutcome => sheet.leaf("Esito", "EC01"),
        ReceiptKind::BuyerOutcomeRejected => sheet.leaf("Scarto", "EN01"),
    }
    sheet.leaf("MessageId", &sdi_identifier);
    sheet.close(&format!("m:{root}"));
    Ok(GeneratedReceipt { file_name: name.receipt(kind, 1), bytes: sheet.into_bytes(), sdi_identifier })
}

fn write_rejection(sheet: &mut Sheet) {
    sheet.open("ListaErrori");
    sheet.open("Errore");
    sheet.leaf("Codice", "00404");
    sheet.leaf("Descrizione", "Fattura duplicata");
    sheet.close("Errore");
    sheet.close("ListaErrori");
}

/// Ten digits worked out from the name, so that all messages about one file agree.
fn sdi_identifier(file_name: &str) -> String {
    let mixed = file_name.bytes().fold(0, |mixed, byte| SplitMix(mixed ^ u64::from(byte)).next());
    format!("{:010}", mixed % 10_000_000_000)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::fatturapa::{Outcome, read_receipt};

    #[test]
    fn every_kind_of_receipt_reads_back_as_what_it_is() {
        let at = NaiveDate::from_ymd_opt(2026, 11, 23).and_then(|day| day.and_hms_opt(10, 30, 0)).expect("a time").and_utc();
        for kind in ReceiptKind::ALL {
            let generated = receipt(kind, "IT01234567897_0000A.xml.p7m", at).expect("a good name");
            let read = read_receipt(&generated.bytes).expect("a readable receipt");
            assert_eq!(read.kind, kind);
            assert_eq!(read.file_name.as_deref(), kind.names_file().then_some("IT01234567897_0000A.xml.p7m"));
            assert_eq!(read.sdi_identifier, generated.sdi_identifier);
            assert_eq!(generated.file_name, format!("IT01234567897_0000A_{}_001.xml", kind.code()));
            let answers = matches!(kind, ReceiptKind::Outcome | ReceiptKind::BuyerOutcome);
            assert_eq!(read.outcome, answers.then_some(Outcome::Accepted));
            let refuses = matches!(kind, ReceiptKind::Rejected | ReceiptKind::BuyerOutcomeRejected);
            assert_eq!(!read.errors.is_empty(), refuses);
        }
        assert!(receipt(ReceiptKind::Delivered, "invoice.xml", at).is_err());
    }
}
