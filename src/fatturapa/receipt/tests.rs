//! Messages of both families.

use super::*;
use crate::fatturapa::Words;
use crate::fatturapa::zip::made::{Made, archive, deflated, stored};

const AT: &[u8] = include_bytes!("../../../tests/samples/receipt-at.xml");

/// What all sample messages have in common.
fn about_the_sample(kind: ReceiptKind) -> Receipt {
    Receipt {
        kind,
        sdi_identifier: "7012345678".to_owned(),
        file_name: words("IT01234567897_00001.xml"),
        hash: None,
        message_id: words("9012345"),
        buyer_message_id: None,
        received: None,
        delivered: None,
        available: None,
        recipient: None,
        format: None,
        invoice: None,
        archive: None,
        outcome: None,
        description: None,
        note: None,
        errors: Vec::new(),
    }
}

fn words<'t>(text: impl Into<Option<&'t str>>) -> Option<String> {
    text.into().map(str::to_owned)
}

fn recipient(code: &str, description: Option<&str>) -> Recipient {
    Recipient { code: code.to_owned(), description: words(description) }
}

const RECEIVED: &str = "2026-03-31T10:15:00.000+02:00";

fn reason(code: &str, description: &str) -> RejectionReason {
    RejectionReason { code: code.to_owned(), description: description.to_owned(), suggestion: None }
}

/// What is to be done about a receipt that cannot be read.
const ANEW: &str = "get the receipt anew from the SdI, or from the channel that it came through, and leave it unchanged";

#[test]
fn a_delivery_tells_when_the_file_was_received_and_delivered() {
    let expected = Receipt {
        received: words(RECEIVED),
        delivered: words("2026-03-31T10:17:30.000+02:00"),
        recipient: Some(recipient("AAA111", Some("Comune di Esempio"))),
        ..about_the_sample(ReceiptKind::Delivered)
    };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-rc.xml")), Ok(expected));
}

#[test]
fn a_rejection_tells_its_reasons_and_is_not_taken_in_by_the_archive_it_refers_to() {
    let suggestion = words("Verificare il calcolo");
    let first = RejectionReason { suggestion, ..reason("00423", "2.2.1.11 PrezzoTotale non calcolato secondo le regole") };
    let errors = vec![first, reason("00404", "")];
    let archive = Some(ArchiveReference { sdi_identifier: words("100"), file_name: words("IT01234567897_00009.zip") });
    let expected = Receipt { received: words(RECEIVED), archive, errors, ..about_the_sample(ReceiptKind::Rejected) };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-ns.xml")), Ok(expected));

    let errors = vec![reason("00417", "Manca l'identificativo del cessionario")];
    let expected = Receipt { received: words(RECEIVED), errors, ..about_the_sample(ReceiptKind::Rejected) };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-ns-private.xml")), Ok(expected));
}

#[test]
fn an_outcome_tells_whether_the_invoice_was_accepted_and_why_not() {
    let expected =
        Receipt { outcome: Some(Outcome::Refused), description: words("Importo non concordato"), ..about_the_sample(ReceiptKind::Outcome) };
    let file = include_bytes!("../../../tests/samples/receipt-ne.xml");
    assert_eq!(read_receipt(file), Ok(expected));

    let accepted = String::from_utf8_lossy(file).replace("EC02", "EC01");
    assert_eq!(read_receipt(accepted.as_bytes()).map(|receipt| receipt.outcome), Ok(Some(Outcome::Accepted)));
    let neither = String::from_utf8_lossy(file).replace("EC02", "EC03");
    assert_eq!(
        read_receipt(neither.as_bytes()).expect_err("unreadable").messages(),
        [format!("EsitoCommittente/Esito at line 8, column 5 is \"EC03\": it must be EC01 (accepted) or EC02 (refused); {ANEW}")]
    );
}

#[test]
fn the_other_messages_tell_which_file_they_are_about() {
    let not_delivered =
        Receipt { received: words(RECEIVED), description: words("Casella piena"), ..about_the_sample(ReceiptKind::NotDelivered) };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-mc.xml")), Ok(not_delivered));
    let term = Receipt { description: words("Termini decorsi"), ..about_the_sample(ReceiptKind::TermPassed) };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-dt.xml")), Ok(term));
    assert_eq!(read_receipt(AT), Ok(attestation()));
    let metadata =
        Receipt { recipient: Some(recipient("0000000", None)), format: words("FPR12"), ..about_the_sample(ReceiptKind::Metadata) };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-mt.xml")), Ok(metadata));
}

fn attestation() -> Receipt {
    let recipient = Some(recipient("AAA111", Some("Comune di Esempio")));
    Receipt { received: words(RECEIVED), recipient, ..about_the_sample(ReceiptKind::Attestation) }
}

#[test]
fn what_buyer_and_sdi_say_to_each_other_names_the_invoice_and_no_file() {
    let invoice = InvoiceReference { number: "12/2026".to_owned(), year: words("2026"), position: words("1") };
    let answer = Receipt {
        file_name: None,
        message_id: None,
        buyer_message_id: words("PROT-2026-118"),
        invoice: Some(invoice.clone()),
        outcome: Some(Outcome::Refused),
        description: words("Codice CIG mancante"),
        ..about_the_sample(ReceiptKind::BuyerOutcome)
    };
    let file = include_bytes!("../../../tests/samples/receipt-ec.xml");
    assert_eq!(read_receipt(file), Ok(answer));
    let refused = Receipt {
        file_name: None,
        buyer_message_id: words("PROT-2026-118"),
        invoice: Some(InvoiceReference { position: None, ..invoice }),
        note: words("Esito oltre il termine di quindici giorni"),
        errors: vec![reason("EN01", "")],
        ..about_the_sample(ReceiptKind::BuyerOutcomeRejected)
    };
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-se.xml")), Ok(refused));

    let silent = String::from_utf8_lossy(file).replace("<Esito>EC02</Esito>", "");
    // The buyer's own program wrote it, and can be put right.
    let told = read_receipt(silent.as_bytes()).expect_err("unreadable").to_string();
    assert_eq!(told, "Esito is missing: add it to the element at line 2, column 1");
}

#[test]
fn an_outcome_names_the_invoice_of_a_lot_and_private_messages_carry_a_digest() {
    let reference = "<RiferimentoFattura><NumeroFattura>A-2</NumeroFattura></RiferimentoFattura><Esito>";
    let file = include_str!("../../../tests/samples/receipt-ne.xml").replace("<Esito>", reference);
    let invoice = read_receipt(file.as_bytes()).expect("readable").invoice;
    assert_eq!(invoice, Some(InvoiceReference { number: "A-2".to_owned(), year: None, position: None }));

    let disposal = "<Hash>0a1b</Hash><DataMessaADisposizione>2026-04-01</DataMessaADisposizione><Descrizione>";
    let file = include_str!("../../../tests/samples/receipt-mc.xml").replace("<Descrizione>", disposal);
    let read = read_receipt(file.as_bytes()).expect("readable");
    assert_eq!((read.hash, read.available), (words("0a1b"), words("2026-04-01")));
}

#[test]
fn what_a_message_can_do_without_may_be_empty_or_long() {
    let file = include_str!("../../../tests/samples/receipt-dt.xml");
    let empty = file.replace("Termini decorsi", "");
    assert_eq!(read_receipt(empty.as_bytes()).map(|read| read.description), Ok(None));
    let long = "x".repeat(5_000);
    let file = file.replace("Termini decorsi", &long);
    assert_eq!(read_receipt(file.as_bytes()).map(|read| read.description), Ok(Some(long)));
}

#[test]
fn a_signature_inside_a_message_says_nothing_of_the_invoice() {
    let signature = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:Object><NomeFile>other.xml</NomeFile><Hash>ff</Hash>\
        </ds:Object></ds:Signature><ds:Hash xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">ff</ds:Hash>";
    let file = String::from_utf8_lossy(AT).replace("<IdentificativoSdI>", &format!("{signature}<IdentificativoSdI>"));
    assert_eq!(read_receipt(file.as_bytes()), Ok(attestation()));
}

#[test]
fn a_message_is_found_in_an_archive_beside_its_invoice() {
    assert_eq!(read_receipt(include_bytes!("../../../tests/samples/receipt-at.zip")), Ok(attestation()));
    let signed = include_bytes!("../../../tests/samples/signed/rsa.xml.p7m");
    for files in [
        vec![stored("IT01234567897_00001.xml.p7m", signed), deflated("IT01234567897_00001_AT_001.xml", AT)],
        vec![deflated("IT01234567897_00001_AT_001.xml", AT), stored("leggimi.txt", b"..."), Made { flags: 1, ..stored("x", b"") }],
    ] {
        assert_eq!(read_receipt(&archive(&files)), Ok(attestation()));
    }
}

#[test]
fn an_archive_without_one_message_is_told_of() {
    let told = |files: &[Made]| read_receipt(&archive(files)).expect_err("refused").to_string();
    let encrypted = Made { flags: 1, ..stored("at.xml", AT) };
    for (files, expected) in [
        (vec![], format!("the file is a ZIP archive: it holds no message of the SdI that can be read (files in it: 0); {ANEW}")),
        (
            vec![encrypted],
            format!(
                "the file is a ZIP archive: it holds no message of the SdI that can be read (files in it: 1): at.xml: it is encrypted; {ANEW}"
            ),
        ),
        (
            vec![stored("a.xml", AT), stored("b.xml", AT)],
            "the file is a ZIP archive: there are several messages of the SdI in it; unpack it and send the receipts one by one".to_owned(),
        ),
        (
            vec![stored("a.zip", &archive(&[stored("a.xml", AT)]))],
            format!("the file is a ZIP archive: it holds no message of the SdI that can be read (files in it: 1); {ANEW}"),
        ),
    ] {
        assert_eq!(told(&files), expected);
    }
    let cut = read_receipt(&archive(&[stored("a.xml", AT)])[..40]).expect_err("refused");
    assert_eq!(cut.code(), "ARCHIVE");
    let damaged = "the file is a ZIP archive: it is damaged: its directory is not at its end, it may have been cut off";
    assert_eq!(cut.to_string(), format!("{damaged}; {ANEW}"));
    let incomplete = stored("a.xml", b"<RicevutaConsegna><NomeFile>x</NomeFile></RicevutaConsegna>");
    assert_eq!(told(&[incomplete]), format!("IdentificativoSdI is missing from the element at line 1, column 1; {ANEW}"));
}

#[test]
fn nobody_is_told_to_mend_what_the_sdi_wrote() {
    let told = |file: &[u8]| read_receipt(file).expect_err("unreadable").words();
    let declared = b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>";
    for file in [&b""[..], b"{}", b"\x30\x80\x06", declared, b"<a>\xE8</a>", b"<!DOCTYPE a><a/>", b"<a>&nbsp;</a>", b"<RicevutaConsegna/>"]
    {
        let Words { italian, english } = told(file);
        assert!(english.ends_with(ANEW), "{english}");
        assert!(italian.ends_with("e usarla senza modificarla"), "{italian}");
        for advice in ["add it", "save", "sign it", "take it out", "write", "send"] {
            assert!(!english.contains(advice), "{english}");
        }
    }
}

#[test]
fn what_is_no_message_of_the_sdi_is_refused() {
    let code = |file: &[u8]| read_receipt(file).expect_err("refused").code();
    assert_eq!(code(include_bytes!("../../../tests/samples/fpr12.xml")), "WRONG_ROOT");
    assert_eq!(code(include_bytes!("../../../tests/samples/hostile-billion-laughs.xml")), "DOCTYPE_FORBIDDEN");
    assert_eq!(code(b"<RicevutaConsegna/>"), "CONTENT");
    assert_eq!(code(b"<RicevutaConsegna>"), "NOT_XML");
}
