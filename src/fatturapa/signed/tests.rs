//! What opening signed files promises.

use data_encoding::BASE64;
use proptest::prelude::*;

use super::made::{Made, Person, element, in_ber};
use super::*;
use crate::fatturapa::{Document, Finding, Invoice, Judgement, Reception, Unreadable, Words, read, read_receipt, unwrapped};

/// The schema's verdict of what is inside a file.
fn verdict(file: &[u8]) -> Vec<Finding> {
    Judgement::of(file, None).findings
}

fn signatures(file: &[u8]) -> Result<Vec<Signature>, Unreadable> {
    let document = Document::open(file)?;
    let tree = document.tree()?;
    Ok(document.signatures(&tree))
}

const INVOICE: &[u8] = include_bytes!("../../../tests/samples/fpr12.xml");

const RSA: &[u8] = include_bytes!("../../../tests/samples/signed/rsa.xml.p7m");
const NESTED: &[u8] = include_bytes!("../../../tests/samples/signed/rsa-nested.xml.p7m");
const TWO_SIGNERS: &[u8] = include_bytes!("../../../tests/samples/signed/two-signers.xml.p7m");

fn integrity_of(file: &[u8]) -> Vec<Integrity> {
    open(file).expect("opens").signatures.into_iter().map(|signature| signature.integrity).collect()
}

fn not_verified(why: Unverified) -> Integrity {
    Integrity::NotVerified { why }
}

const DOCUMENT_TAMPERED: Integrity = Integrity::Tampered { what: Tampering::Document };
const SIGNATURE_TAMPERED: Integrity = Integrity::Tampered { what: Tampering::Signature };

/// Base64 in lines, as mail programs make it.
fn in_lines(file: &[u8]) -> Vec<u8> {
    BASE64.encode(file).as_bytes().chunks(64).flat_map(|line| [line, b"\r\n"].concat()).collect()
}

/// The file with another byte, the first time that some bytes occur.
fn with_byte_after(file: &[u8], place: &[u8], byte: u8) -> Vec<u8> {
    let at = file.windows(place.len()).position(|window| window == place).expect("occurs") + place.len();
    let mut file = file.to_vec();
    assert_ne!(file[at], byte);
    file[at] = byte;
    file
}

#[test]
fn a_document_and_its_signer_are_read_in_der_in_ber_and_in_base64() {
    let maria = Person::maria();
    let der = Made::new(&maria, INVOICE).der();
    let pem = [b"-----BEGIN PKCS7-----\n", &in_lines(&der)[..], b"-----END PKCS7-----\n"].concat();
    let padded = [&der[..], b"\0\0\r\n"].concat();
    for file in [&der, &in_ber(&der), &BASE64.encode(&der).into_bytes(), &in_lines(&in_ber(&der)), &pem, &padded] {
        let opened = open(file).expect("opens");
        assert!(opened.content == INVOICE);
        let expected = Signature {
            form: Form::Cades,
            signer: Signer {
                common_name: Some("Maria Rossi".to_owned()),
                organization: Some("Caffè & Più S.r.l.".to_owned()),
                serial_number: Some("TINIT-RSSMRA80A01H501U".to_owned()),
                fiscal_code: Some("RSSMRA80A01H501U".to_owned()),
                country: Some("IT".to_owned()),
            },
            issuer: Some("Maria Rossi".to_owned()),
            not_before: "2025-01-01T00:00:00Z".parse().ok(),
            not_after: "2028-01-01T00:00:00Z".parse().ok(),
            signing_time: "2026-03-31T09:00:00Z".parse().ok(),
            algorithm: "ECDSA with SHA-256".to_owned(),
            on_sha1: false,
            integrity: Integrity::Verified,
            trust: Trust::NotChecked,
        };
        assert_eq!(opened.signatures, [expected]);
    }
}

#[test]
fn the_files_of_another_program_are_verified_whatever_the_algorithm() {
    for (file, algorithm) in [
        (RSA, "RSA with SHA-256"),
        (include_bytes!("../../../tests/samples/signed/rsa-streamed.xml.p7m"), "RSA with SHA-256"),
        (include_bytes!("../../../tests/samples/signed/rsa-pem.xml.p7m"), "RSA with SHA-256"),
        (include_bytes!("../../../tests/samples/signed/rsa-no-attributes.xml.p7m"), "RSA with SHA-256"),
        (include_bytes!("../../../tests/samples/signed/rsa-key-identifier.xml.p7m"), "RSA with SHA-512"),
        (include_bytes!("../../../tests/samples/signed/rsa-sha1.xml.p7m"), "RSA with SHA-1"),
        (include_bytes!("../../../tests/samples/signed/rsa-pss.xml.p7m"), "RSA-PSS with SHA-384"),
    ] {
        let opened = open(file).expect("opens");
        assert!(opened.content == INVOICE, "{algorithm}");
        let [signature] = &opened.signatures[..] else { panic!("one signature") };
        assert_eq!((signature.algorithm.as_str(), &signature.integrity), (algorithm, &Integrity::Verified));
        assert_eq!(signature.on_sha1, algorithm.ends_with("SHA-1"));
        assert_eq!(signature.signer.fiscal_code.as_deref(), Some("RSSMRA80A01H501U"));
    }
    let two = open(TWO_SIGNERS).expect("opens").signatures;
    let told: Vec<_> = two.iter().map(|signature| (signature.algorithm.as_str(), &signature.integrity)).collect();
    assert_eq!(told, [("ECDSA with SHA-384", &Integrity::Verified), ("RSA with SHA-384", &Integrity::Verified)]);
}

#[test]
fn short_keys_and_unusual_parameters_are_not_verified() {
    let short = include_bytes!("../../../tests/samples/signed/rsa-1024.xml.p7m");
    assert_eq!(integrity_of(short), [not_verified(Unverified::KeyLength { bits: 1024 })]);
    let long_salt = include_bytes!("../../../tests/samples/signed/rsa-pss-long-salt.xml.p7m");
    let algorithm = Words::new("RSA-PSS con parametri insoliti", "RSA-PSS with unusual parameters");
    assert_eq!(integrity_of(long_salt), [not_verified(Unverified::UnknownAlgorithm { algorithm })]);
}

#[test]
fn a_changed_document_is_told_and_given_all_the_same() {
    let maria = Person::maria();
    let changed = Made { signed: Some(b"<a>1</a>"), ..Made::new(&maria, b"<a>2</a>") };
    assert_eq!(integrity_of(&changed.der()), [DOCUMENT_TAMPERED]);
    assert_eq!(open(&changed.der()).map(|opened| opened.content), Ok(b"<a>2</a>".to_vec()));
    let without_attributes = Made { attributes: None, ..changed };
    assert_eq!(integrity_of(&without_attributes.der()), [SIGNATURE_TAMPERED]);

    let rsa = with_byte_after(RSA, b"<ImportoTotaleDocumento>", b'9');
    assert_eq!(integrity_of(&rsa), [DOCUMENT_TAMPERED]);
    assert_eq!(integrity_of(&with_byte_after(TWO_SIGNERS, b"<ImportoTotaleDocumento>", b'9')), [DOCUMENT_TAMPERED, DOCUMENT_TAMPERED]);
}

#[test]
fn a_changed_signature_is_told() {
    for file in [RSA, TWO_SIGNERS, &Made::new(&Person::maria(), INVOICE).der(), &Made::new(&Person::maria_on_p384(), INVOICE).der()] {
        let mut changed = file.to_vec();
        *changed.last_mut().expect("has bytes") ^= 1;
        assert_eq!(integrity_of(&changed).last(), Some(&SIGNATURE_TAMPERED));
    }
    // The day of signing, the 25th, is put off by a day.
    assert_eq!(integrity_of(&with_byte_after(RSA, b"\x01\x09\x05\x31\x0F\x17\x0D26112", b'6')), [SIGNATURE_TAMPERED]);
}

#[test]
fn a_signature_by_another_key_or_over_another_kind_of_content_does_not_hold() {
    let (maria, other) = (Person::maria(), Person::maria());
    let forged = Made { certificates: vec![other.certificate().to_vec()], ..Made::new(&maria, INVOICE) };
    assert_eq!(integrity_of(&forged.der()), [SIGNATURE_TAMPERED]);
    let of_other_kind = Made { signed_type: &[0x2A, 0x03, 0x04], ..Made::new(&maria, INVOICE) };
    assert_eq!(integrity_of(&of_other_kind.der()), [SIGNATURE_TAMPERED]);
}

#[test]
fn signatures_without_attributes_and_on_either_curve_are_verified() {
    let (maria, on_p384) = (Person::maria(), Person::maria_on_p384());
    for person in [&maria, &on_p384] {
        assert_eq!(integrity_of(&Made::new(person, INVOICE).der()), [Integrity::Verified]);
        assert_eq!(integrity_of(&Made { attributes: None, ..Made::new(person, INVOICE) }.der()), [Integrity::Verified]);
    }
}

#[test]
fn attributes_in_the_wrong_order_are_verified_whether_signed_as_sent_or_as_der_demands() {
    let maria = Person::maria();
    for signed_as_sent in [true, false] {
        let made = Made { attributes: Some([2, 0, 1]), signed_as_sent, ..Made::new(&maria, INVOICE) };
        assert_eq!(integrity_of(&made.der()), [Integrity::Verified]);
    }
}

#[test]
fn an_issuer_is_recognised_in_another_alphabet_and_case() {
    let maria = Person::maria();
    let pair = |kind: u8, tag: u8, value: &str| {
        element(0x31, &[&element(0x30, &[&element(0x06, &[&[0x55, 0x04, kind]]), &element(tag, &[value.as_bytes()])])])
    };
    let name = |common_name: &str| {
        let rest = [pair(6, 0x13, "it"), pair(10, 0x0C, " Caffè &  Più S.r.l."), pair(5, 0x13, "TINIT-RSSMRA80A01H501U")];
        Some(element(0x30, &[&pair(3, 0x13, common_name), &rest.concat()]))
    };
    let same = Made { issuer: name("MARIA ROSSI"), ..Made::new(&maria, INVOICE) };
    assert_eq!(integrity_of(&same.der()), [Integrity::Verified]);
    let another = Made { issuer: name("Mario Rossi"), ..Made::new(&maria, INVOICE) };
    assert_eq!(integrity_of(&another.der()), [not_verified(Unverified::NoCertificate)]);
}

#[test]
fn a_missing_or_damaged_certificate_hides_neither_the_document_nor_that_it_was_changed() {
    let maria = Person::maria();
    let too_long = with_byte_after(maria.certificate(), b"\x30\x82", 0x7F);
    let without_validity = with_byte_after(maria.certificate(), b"\x17\x0D", b'x');
    for (certificates, why) in [
        (vec![], Unverified::NoCertificate),
        (vec![too_long], Unverified::UnreadableCertificate),
        (vec![without_validity], Unverified::UnreadableCertificate),
    ] {
        let mut made = Made { certificates, ..Made::new(&maria, INVOICE) };
        let opened = open(&made.der()).expect("opens");
        assert!(opened.content == INVOICE);
        assert_eq!(opened.signatures[0].integrity, not_verified(why));
        assert_eq!(opened.signatures[0].issuer.as_deref(), Some("Maria Rossi"));
        made.signed = Some(b"<a/>");
        assert_eq!(integrity_of(&made.der()), [DOCUMENT_TAMPERED]);
    }
}

#[test]
fn certificates_that_are_none_of_the_signers_are_passed_over() {
    let maria = Person::maria();
    let attribute_certificate = element(0xA1, &[&element(0x02, &[&[1]])]);
    let mut made = Made { certificates: vec![attribute_certificate, maria.certificate().to_vec()], ..Made::new(&maria, INVOICE) };
    assert_eq!(integrity_of(&made.der()), [Integrity::Verified]);
    made.certificates.pop();
    assert_eq!(integrity_of(&made.der()), [not_verified(Unverified::NoCertificate)]);
}

#[test]
fn nobody_is_told_as_nobody() {
    let maria = Person::maria();
    let unsigned = Made { signers: 0, ..Made::new(&maria, INVOICE) };
    assert_eq!(integrity_of(&unsigned.der()), [not_verified(Unverified::NoSigner)]);
}

#[test]
fn signatures_around_signatures_are_told_outermost_first() {
    let (maria, on_p384) = (Person::maria(), Person::maria_on_p384());
    let inner = in_lines(&in_ber(&Made { signed: Some(b"<a/>"), ..Made::new(&maria, INVOICE) }.der()));
    let opened = open(&Made::new(&on_p384, &inner).der()).expect("opens");
    assert!(opened.content == INVOICE);
    let told: Vec<_> = opened.signatures.iter().map(|signature| (signature.algorithm.as_str(), &signature.integrity)).collect();
    assert_eq!(told, [("ECDSA with SHA-384", &Integrity::Verified), ("ECDSA with SHA-256", &DOCUMENT_TAMPERED)]);
    assert_eq!(integrity_of(NESTED), [Integrity::Verified, Integrity::Verified]);
}

#[test]
fn depth_signers_and_certificates_have_limits() {
    let maria = Person::maria();
    let mut file = INVOICE.to_vec();
    for _ in 0..MAX_NESTED {
        file = Made::new(&maria, &file).der();
    }
    assert_eq!(integrity_of(&file), vec![Integrity::Verified; MAX_NESTED]);
    assert_eq!(open(&Made::new(&maria, &file).der()), Err(Unopenable::NestedTooDeep));

    let signed = |signers| Made { signers, ..Made::new(&maria, INVOICE) }.der();
    assert_eq!(integrity_of(&signed(MAX_SIGNATURES)), vec![Integrity::Verified; MAX_SIGNATURES]);
    assert_eq!(open(&signed(MAX_SIGNATURES + 1)), Err(Unopenable::TooManySignatures));
    let in_two_layers = Made { signers: 5, ..Made::new(&maria, &signed(4)) }.der();
    assert_eq!(open(&in_two_layers), Err(Unopenable::TooManySignatures));
    let by_nobody = Made { signers: 0, ..Made::new(&maria, &signed(MAX_SIGNATURES)) }.der();
    assert_eq!(open(&by_nobody), Err(Unopenable::TooManySignatures));

    let certified = |count| Made { certificates: vec![maria.certificate().to_vec(); count], ..Made::new(&maria, INVOICE) }.der();
    assert_eq!(integrity_of(&certified(MAX_CERTIFICATES)), [Integrity::Verified]);
    assert_eq!(open(&certified(MAX_CERTIFICATES + 1)), Err(Unopenable::TooManyCertificates));
}

#[test]
fn no_more_than_four_times_the_largest_document_is_digested() {
    let maria = Person::maria();
    let document = vec![b'x'; crate::fatturapa::MAX_FILE_BYTES - 10_000];
    let signed = |attributes| Made { signers: 5, attributes, ..Made::new(&maria, &document) }.der();
    assert_eq!(integrity_of(&signed(Some([0, 1, 2]))), vec![Integrity::Verified; 5]);
    let too_much = vec![not_verified(Unverified::TooMuchWork)];
    assert_eq!(integrity_of(&signed(None)), [vec![Integrity::Verified; 4], too_much].concat());
}

#[test]
fn what_is_no_signed_document_is_told_apart() {
    let detached = include_bytes!("../../../tests/samples/signed/detached.xml.p7m");
    assert_eq!(open(detached), Err(Unopenable::Detached));
    let enveloped = with_byte_after(RSA, b"\x2A\x86\x48\x86\xF7\x0D\x01\x07", 3);
    assert_eq!(open(&enveloped), Err(Unopenable::NotSigned { found: "1.2.840.113549.1.7.3".to_owned() }));
    assert_eq!(open(b"\x30\x81\x03\x02\x01\x05"), Err(Unopenable::Malformed { part: "ContentInfo" }));
    assert!(matches!(open(&RSA[..3_000]), Err(Unopenable::NotAsn1 { at: 0, base64: false, .. })));
    let mut text = BASE64.encode(RSA).into_bytes();
    assert!(matches!(open(&BASE64.encode(&RSA[..3_000]).into_bytes()), Err(Unopenable::NotAsn1 { at: 0, base64: true, .. })));
    text[999] = b'*';
    assert_eq!(open(&text), Err(Unopenable::NotBase64 { character: 1_000 }));
    assert!(is_signed(&text), "a fault does not make it a text");
}

#[test]
fn a_signed_invoice_is_read_and_judged_like_a_plain_one() {
    let maria = Person::maria();
    let signed = |content: &[u8]| in_ber(&Made::new(&maria, content).der());
    assert_eq!(read(&signed(INVOICE)), read(INVOICE));
    let wrong = include_bytes!("../../../tests/samples/wrong-content.xml");
    assert!(!verdict(wrong).is_empty());
    assert_eq!(verdict(&signed(wrong)), verdict(wrong));
    assert_eq!(read(&signed(wrong)), read(wrong));
    assert_eq!(read(&signed(b"")), Err(Unreadable::Empty));
    let receipt = include_bytes!("../../../tests/samples/receipt-rc.xml");
    assert_eq!(crate::fatturapa::read_receipt(&signed(receipt)), crate::fatturapa::read_receipt(receipt));
}

#[test]
fn a_signed_file_that_cannot_be_opened_says_why() {
    let refused = read(include_bytes!("../../../tests/samples/signed/detached.xml.p7m")).expect_err("is refused");
    assert_eq!(refused.code(), "SIGNED");
    assert!(refused.to_string().starts_with("the file is signed (.p7m) and cannot be opened: the signature is detached"), "{refused}");
    let too_large = vec![0x30; crate::fatturapa::MAX_FILE_BYTES + 1];
    assert_eq!(read(&too_large), Err::<Invoice, _>(Unreadable::TooLarge { bytes: too_large.len() }));
    assert!(unwrapped(INVOICE).is_ok_and(|(document, signatures)| *document == *INVOICE && signatures.is_empty()));
}

#[test]
fn what_was_signed_in_an_invoices_place_is_told() {
    let signed = |content: &[u8]| read(&Made::new(&Person::maria(), content).der()).expect_err("is no invoice").to_string();
    let advice = "not an XML file; sign the invoice's XML file and send that";
    assert_eq!(signed(b"%PDF-1.7\n"), format!("inside the signature is a PDF, {advice}"));
    assert_eq!(signed(b"PK\x03\x04"), format!("inside the signature is a ZIP archive, {advice}"));
    assert_eq!(signed(b"Fattura n. 12"), format!("inside the signature is plain text, {advice}"));
}

#[test]
fn an_expired_certificate_is_found_on_the_day_that_is_asked_for() {
    let told = signatures(&Made::new(&Person::maria(), INVOICE).der()).expect("opens");
    let codes = |day: &str| -> Vec<_> {
        findings(&told, Reception::On(day.parse().expect("a day"))).iter().map(|finding: &Finding| finding.code).collect()
    };
    assert_eq!(codes("2026-03-31"), [""; 0]);
    assert_eq!(codes("2028-01-01"), [""; 0]);
    assert_eq!(codes("2028-01-02"), ["00100"]);
}

#[test]
fn a_signature_inside_the_xml_is_told_as_there_and_not_verified() {
    let maria = Person::maria();
    let xades = |certificate: &str| {
        let signature = format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:SignatureMethod \
             Algorithm=\"urn:rsa\"/></ds:SignedInfo><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{certificate}\n</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo><ds:Object><x:SigningTime xmlns:x=\"urn:xades\">2026-03-31T11:00:00+02:00</x:SigningTime>\
             </ds:Object></ds:Signature></p:FatturaElettronica>"
        );
        String::from_utf8_lossy(INVOICE).replace("</p:FatturaElettronica>", &signature)
    };
    let file = xades(&String::from_utf8_lossy(&in_lines(maria.certificate())));
    assert_eq!(read(file.as_bytes()), read(INVOICE));
    let told = signatures(&Made::new(&maria, file.as_bytes()).der()).expect("opens");
    let [around, inside] = &told[..] else { panic!("two signatures: {told:?}") };
    assert_eq!((&around.form, &around.integrity), (&Form::Cades, &Integrity::Verified));
    assert!(matches!(&inside.form, Form::Xades { path, at } if path == "Signature" && at.line > 70), "{inside:?}");
    assert_eq!(inside.integrity, not_verified(Unverified::Xades));
    assert_eq!(inside.signer, around.signer);
    assert_eq!((inside.not_after, inside.signing_time), (around.not_after, around.signing_time));
    assert_eq!(inside.algorithm, "urn:rsa");

    let without = signatures(xades("no certificate").as_bytes()).expect("is XML");
    assert_eq!(without[0].signer, Signer::default());
    assert_eq!(signatures(INVOICE), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = open(&bytes);
        bytes.splice(0..0, *b"\x30\x80");
        let _ = open(&bytes);
    }

    #[test]
    fn no_mutation_of_a_signed_file_panics_and_none_is_verified_over_another_document(
        which in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..3), 1..6),
    ) {
        let streamed = &include_bytes!("../../../tests/samples/signed/rsa-streamed.xml.p7m")[..];
        let mut file = [RSA, NESTED, TWO_SIGNERS, streamed][which].to_vec();
        for (place, byte, removed) in changes {
            let place = place.index(file.len());
            let end = (place + removed).min(file.len());
            file.splice(place..end, [byte]);
        }
        if let Ok(opened) = open(&file) {
            let verified = opened.signatures.iter().all(|signature| signature.integrity == Integrity::Verified);
            prop_assert!(!verified || opened.content == INVOICE);
        }
        let _ = signatures(&file);
    }
}

#[test]
fn a_signed_message_of_the_sdi_is_read_like_a_plain_one() {
    let message = include_bytes!("../../../tests/samples/receipt-ec.xml");
    let signed = Made::new(&Person::maria(), message).der();
    assert_eq!(read_receipt(&signed), read_receipt(message));
    assert!(read_receipt(&signed).is_ok());
}
