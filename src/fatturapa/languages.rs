//! That each sentence is in its language, whatever is wrong with a file.

use super::finding::{Phrase, Words};
use super::signed::Unopenable;
use super::zip::{InvalidArchive, InvalidEntry};
use super::{Finding, InvalidFile, Judgement, Looks, Unreadable, UnreadableArchive, read_receipt};

const ENGLISH: [&str; 13] = ["the", "is", "must", "of", "be", "not", "with", "and", "has", "there", "here", "for", "or"];
const ITALIAN: [&str; 8] = ["il", "è", "deve", "della", "sono", "non", "che", "correggere"];

/// The day that shows how the format wants days to be written.
const EXAMPLE: &str = "2026-03-16";

impl Words {
    /// Fails where a sentence holds words of the other language, or the Italian one a day that is not written as Italians do. What stands
    /// between quotes comes from the file.
    pub(crate) fn assert_each_in_its_language(&self) {
        for (text, foreign) in [(&self.italian, &ENGLISH[..]), (&self.english, &ITALIAN[..])] {
            let ours: String = text.split('"').step_by(2).collect();
            let strange = ours.split(|letter: char| !letter.is_alphabetic()).find(|word| foreign.contains(word));
            assert_eq!(strange, None, "{text}");
        }
        let italian: String = self.italian.split('"').step_by(2).collect();
        let is_iso = |word: &str| {
            word.len() == EXAMPLE.len()
                && word != EXAMPLE
                && word
                    .bytes()
                    .zip(EXAMPLE.bytes())
                    .all(|(byte, example)| byte == example || (byte.is_ascii_digit() && example.is_ascii_digit()))
        };
        assert!(!italian.split([' ', ',', ':', ';', '(', ')']).any(is_iso), "{italian}");
    }
}

fn told(why: &Unreadable) -> String {
    let words = why.words();
    words.assert_each_in_its_language();
    words.italian
}

#[test]
fn files_cut_off_anywhere_are_told_in_both_languages() {
    let day = "2030-12-31".parse().ok();
    let samples: [&[u8]; 9] = [
        include_bytes!("../../tests/samples/fpr12-everything.xml"),
        include_bytes!("../../tests/samples/fsm10.xml"),
        include_bytes!("../../tests/samples/wrong-content.xml"),
        include_bytes!("../../tests/samples/wrong-root.xml"),
        include_bytes!("../../tests/samples/hostile-undefined-entity.xml"),
        include_bytes!("../../tests/samples/receipt-ns.xml"),
        include_bytes!("../../tests/samples/receipt-at.zip"),
        include_bytes!("../../tests/samples/signed/rsa.xml.p7m"),
        include_bytes!("../../tests/samples/signed/rsa-pem.xml.p7m"),
    ];
    let mut findings = 0;
    for sample in samples {
        for end in (0..=sample.len()).rev().step_by(sample.len() / 60) {
            let file = &sample[..end];
            for Finding { message, .. } in Judgement::of(file, day).findings {
                message.assert_each_in_its_language();
                findings += 1;
            }
            if let Err(why) = read_receipt(file) {
                told(&why);
            }
        }
    }
    assert!(findings > 500, "{findings}");
}

#[test]
fn a_signed_file_that_cannot_be_opened_is_told_in_italian_too() {
    let italian = |file: &[u8]| Judgement::of(file, None).findings[0].message.italian.clone();
    assert_eq!(
        italian(b"\x30\x82\x05"),
        "il file è firmato (.p7m) e non si apre: è danneggiato o troncato e non è ASN.1 (al byte 0: qui il file finisce prima del dovuto); \
         recuperare il file così come lo ha prodotto il programma di firma"
    );
    for why in [
        Unopenable::NotBase64 { character: 6 },
        Unopenable::NotAsn1 { at: 0, problem: Phrase::new("qui", "there"), base64: true },
        Unopenable::TooDeep { at: 80 },
        Unopenable::TooManyElements,
        Unopenable::NotSigned { found: "1.2.3".to_owned() },
        Unopenable::Malformed { part: "ContentInfo" },
        Unopenable::Detached,
        Unopenable::NestedTooDeep,
        Unopenable::TooManySignatures,
        Unopenable::TooManyCertificates,
    ] {
        told(&Unreadable::Signed { why });
    }
}

#[test]
fn an_archive_that_cannot_be_read_is_told_in_italian_too() {
    let cut = read_receipt(b"PK\x03\x04").expect_err("it has no directory");
    assert_eq!(
        told(&cut),
        "il file è un archivio ZIP: è danneggiato: manca l'indice alla fine, forse è stato troncato; scaricare di nuovo la ricevuta dallo \
         SdI, o dal canale da cui è arrivata, e usarla senza modificarla"
    );
    for why in [
        InvalidArchive::TooManyEntries { entries: 17, allowed: 16 },
        InvalidArchive::TooLarge { bytes: 2_001, allowed: 2_000 },
        InvalidArchive::Overlapping,
    ] {
        told(&Unreadable::Archive { why: UnreadableArchive::Invalid(why) });
    }
    for why in [
        InvalidEntry::TooLarge { bytes: 1_001, allowed: 1_000 },
        InvalidEntry::NameTooLong { bytes: 21, allowed: 20 },
        InvalidEntry::Encrypted,
        InvalidEntry::UnsupportedMethod { method: 12 },
        InvalidEntry::Damaged,
    ] {
        let why = Some(InvalidFile { name: "a.xml".to_owned(), why });
        told(&Unreadable::Archive { why: UnreadableArchive::NoMessage { files: 1, why } });
    }
}

#[test]
fn what_is_no_xml_is_told_in_both_languages() {
    for looks in [Looks::Pdf, Looks::Html, Looks::Json, Looks::Zip, Looks::Gzip, Looks::Image, Looks::Mail, Looks::Text, Looks::Binary] {
        for signed in [false, true] {
            told(&Unreadable::NoXml { looks, signed });
        }
    }
    let english = |file: &[u8]| Judgement::of(file, None).findings.remove(0).message.english;
    assert_eq!(english(b"%PDF-1.4"), "the file is a PDF, not an XML file; send the invoice's XML file (.xml or .xml.p7m)");
    assert_eq!(english(b"<!DOCTYPE html><p>"), "the file is an HTML page, not an XML file; send the invoice's XML file (.xml or .xml.p7m)");
    assert_eq!(
        read_receipt(b"{}").expect_err("is none").words(),
        Words::new(
            "il file è un documento JSON, non un file XML; scaricare di nuovo la ricevuta dallo SdI, o dal canale da cui è arrivata, e usarla \
             senza modificarla",
            "the file is a JSON document, not an XML file; get the receipt anew from the SdI, or from the channel that it came through, and \
             leave it unchanged",
        )
    );
}

#[test]
fn what_is_missing_and_wrong_in_a_message_is_told_in_italian_too() {
    let message = "<NotificaEsitoCommittente><Esito>EC03</Esito></NotificaEsitoCommittente>";
    let found = Judgement::of(message.as_bytes(), None).findings;
    assert_eq!(
        found[0].message.italian,
        "IdentificativoSdI manca: aggiungerlo all'elemento alla riga 1, colonna 1; Esito alla riga 1, colonna 27 è \"EC03\": deve essere EC01 \
         (accettata) o EC02 (rifiutata)"
    );
}
