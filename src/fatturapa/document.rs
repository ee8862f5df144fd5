//! A file opened once, and all that is to be said of it.

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDate;

use super::checks::checks;
use super::encoding::decode;
use super::envelope::unwrapped;
use super::finding::{Finding, Severity};
use super::format::{Format, Kind};
use super::looks::Looks;
use super::receipt::{self, ReceiptKind, UnreadableArchive};
use super::reception::Reception;
use super::schema::{Schema, judge};
use super::signed::{self, Form, Signature};
use super::tree::Tree;
use super::unreadable::Unreadable;
use super::xml;
use super::zip::is_zip;

/// A file with its signatures taken off and its encoding dealt with.
#[derive(Debug)]
pub struct Document<'f> {
    text: Cow<'f, str>,
    signatures: Vec<Signature>,
}

impl<'f> Document<'f> {
    /// Opens a file, plain or signed, of at most 5 MB. Whether signatures hold makes no difference to what is inside.
    ///
    /// # Errors
    /// [`Unreadable`], when there is no text to be had.
    pub fn open(file: &'f [u8]) -> Result<Self, Unreadable> {
        let (document, signatures) = unwrapped(file)?;
        if is_zip(&document) && signatures.is_empty() {
            return Err(Unreadable::Archive { why: UnreadableArchive::NotADocument });
        }
        let text = match document {
            Cow::Borrowed(document) => decode(document).map_err(|why| plainly(why, document, false))?,
            Cow::Owned(document) => Cow::Owned(decode(&document).map_err(|why| plainly(why, &document, true))?.into_owned()),
        };
        Ok(Self { text, signatures })
    }

    /// Its elements.
    ///
    /// # Errors
    /// [`Unreadable`], when it is not XML that is read here.
    pub fn tree(&self) -> Result<Tree<'_>, Unreadable> {
        xml::read(&self.text).map_err(|why| plainly(why, self.text.as_bytes(), !self.signatures.is_empty()))
    }

    /// Its signatures: those around the XML (CAdES), outermost first, then those inside it (XAdES). None when it is not signed.
    #[must_use]
    pub fn signatures(&self, tree: &Tree<'_>) -> Vec<Signature> {
        let mut signatures = self.signatures.clone();
        signatures.extend(signed::inside(tree));
        signatures
    }
}

/// Says of a file that is no XML what it is instead, rather than where reading it as XML failed.
fn plainly(why: Unreadable, file: &[u8], signed: bool) -> Unreadable {
    let stopped = matches!(why, Unreadable::NotXml { .. } | Unreadable::DoctypeForbidden { .. } | Unreadable::UndefinedEntity { .. });
    stopped.then(|| Looks::of(file)).flatten().map_or(why, |looks| Unreadable::NoXml { looks, signed })
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// An invoice; without a format if it names none of its family.
    Invoice(Option<Format>),
    /// A message of the SdI.
    Message(ReceiptKind),
    /// Nothing that is known here.
    Unknown,
}

impl FileKind {
    /// The word for programs: `FPR12`, `FPA12`, `FSM10`, `invoice`, the code of a message, or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice(Some(format)) => format.code(),
            Self::Invoice(None) => "invoice",
            Self::Message(kind) => kind.code(),
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All that is to be said of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What it is.
    pub kind: FileKind,
    /// Whether the official schema takes it: of invoices only.
    pub schema_valid: bool,
    /// Its signatures, verified where that can be.
    pub signatures: Vec<Signature>,
    /// What is wrong: where it differs from the schema, then signatures, and content if it was asked for. One for a file that cannot be
    /// read.
    pub findings: Vec<Finding>,
    /// Why it cannot be read, if it cannot.
    pub unreadable: Option<Unreadable>,
}

impl Judgement {
    /// Judges a file by its format's schema, and tells signatures that do not hold; and, if a day is given, all of signatures and content as
    /// the SdI would on that day. Of a message of the SdI it is told whether it can be read.
    ///
    /// Of a signed file it is the document inside that is judged, and places are those in it. Takes time linear in the file's size.
    #[must_use]
    pub fn of(file: &[u8], received: Option<NaiveDate>) -> Self {
        let judged = Document::open(file).and_then(|document| Self::of_tree(&document, &document.tree()?, received.map(Reception::On)));
        judged.unwrap_or_else(Self::of_unreadable)
    }

    /// Whether the file is a signed container around the XML (`.p7m`).
    #[must_use]
    pub fn is_wrapped(&self) -> bool {
        self.signatures.iter().any(|signature| signature.form == Form::Cades)
    }

    /// That of a file that cannot be read: its one finding says why.
    pub(super) fn of_unreadable(why: Unreadable) -> Self {
        Self::unreadable(FileKind::Unknown, Vec::new(), why)
    }

    fn unreadable(kind: FileKind, signatures: Vec<Signature>, why: Unreadable) -> Self {
        Self { kind, schema_valid: false, signatures, findings: vec![Finding::from(&why)], unreadable: Some(why) }
    }

    /// The same of a document whose tree has been read, whether the SdI has still to decide or did long ago.
    ///
    /// # Errors
    /// [`Unreadable`], when it is nothing that is known here.
    pub fn of_tree(document: &Document<'_>, tree: &Tree<'_>, received: Option<Reception>) -> Result<Self, Unreadable> {
        let root = tree.root();
        match (Kind::of(root), ReceiptKind::of(root)) {
            (Ok(family), _) => Ok(Self::invoice(document, tree, family, received)),
            (Err(_), Ok(message)) => Ok(Self::message(document, tree, message)),
            (Err(unreadable), Err(_)) => Err(unreadable),
        }
    }

    fn invoice(document: &Document<'_>, tree: &Tree<'_>, family: Kind, received: Option<Reception>) -> Self {
        let format = tree.root().attribute("versione").and_then(|version| family.format(version).ok());
        let signatures = document.signatures(tree);
        let mut findings = judge(Schema::of(family), tree);
        let schema_valid = findings.is_empty();
        match received {
            None => findings.extend(signed::broken(&signatures)),
            Some(received) => {
                findings.extend(signed::findings(&signatures, received));
                findings.extend(checks(tree, family, received.last_day()));
            }
        }
        Self { kind: FileKind::Invoice(format), schema_valid, signatures, findings, unreadable: None }
    }

    fn message(document: &Document<'_>, tree: &Tree<'_>, message: ReceiptKind) -> Self {
        let (kind, signatures) = (FileKind::Message(message), document.signatures(tree));
        match receipt::receipt(tree.root(), message) {
            Ok(_) => Self { kind, schema_valid: false, signatures, findings: Vec::new(), unreadable: None },
            Err(why) => Self::unreadable(kind, signatures, why),
        }
    }
}

impl From<&Unreadable> for Finding {
    /// That a file cannot be read, and why.
    fn from(why: &Unreadable) -> Self {
        Self { code: why.code(), severity: Severity::Refused, path: String::new(), at: why.position(), message: why.words() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Words;
    use super::super::unreadable::Position;
    use super::*;

    const FPR12: &[u8] = include_bytes!("../../tests/samples/fpr12.xml");

    fn day() -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 11, 24)
    }

    #[test]
    fn a_good_invoice_has_nothing_to_be_said_of_it() {
        let expected = Judgement {
            kind: FileKind::Invoice(Some(Format::Fpr12)),
            schema_valid: true,
            signatures: Vec::new(),
            findings: Vec::new(),
            unreadable: None,
        };
        assert_eq!(Judgement::of(FPR12, day()), expected);
    }

    #[test]
    fn content_is_looked_at_only_when_it_is_asked_for() {
        let file = String::from_utf8_lossy(FPR12).replace("<Imposta>22.00", "<Imposta>23.00");
        let (schema, content) = (Judgement::of(file.as_bytes(), None), Judgement::of(file.as_bytes(), day()));
        assert!(schema.schema_valid && schema.findings.is_empty());
        assert!(content.schema_valid && content.findings.iter().any(|finding| finding.code == "00421"), "{content:?}");
    }

    #[test]
    fn what_cannot_be_read_has_one_finding_with_its_reason() {
        for (file, code) in [(&b""[..], "EMPTY"), (b"<a>", "NOT_XML"), (b"<!DOCTYPE a><a/>", "DOCTYPE_FORBIDDEN"), (b"<a/>", "WRONG_ROOT")]
        {
            let judged = Judgement::of(file, day());
            let codes: Vec<_> = judged.findings.iter().map(|finding| finding.code).collect();
            assert_eq!((judged.schema_valid, judged.kind, codes), (false, FileKind::Unknown, vec![code]));
            assert!(judged.unreadable.is_some());
        }
    }

    #[test]
    fn of_what_may_come_next_not_all_is_said_to_be_missing() {
        let file = String::from_utf8_lossy(FPR12);
        let without = |from: &str, to: &str| {
            let (start, end) = (file.find(from).expect("it is there"), file.find(to).expect("it ends"));
            Judgement::of([&file[..start], &file[end..]].concat().as_bytes(), None).findings
        };
        for (from, to, italian, english) in [
            ("<IdCodice>", "</IdTrasmittente>", "manca IdCodice dopo IdPaese: aggiungerlo", "IdCodice is missing after IdPaese: add it"),
            // RappresentanteFiscale may come between the two, and need not.
            (
                "<CessionarioCommittente>",
                "</FatturaElettronicaHeader>",
                "manca CessionarioCommittente dopo CedentePrestatore: aggiungerlo",
                "CessionarioCommittente is missing after CedentePrestatore: add it",
            ),
            (
                "<Denominazione>",
                "</Anagrafica>",
                "manca uno fra Denominazione, Nome: aggiungerlo",
                "one of Denominazione, Nome is missing: add it",
            ),
        ] {
            let told: Vec<_> = without(from, to).into_iter().map(|finding| finding.message).collect();
            assert_eq!(told, [Words::new(italian, english)]);
        }
    }

    #[test]
    fn what_stands_in_the_wrong_place_and_what_is_wrong_with_a_text_is_told() {
        let file = String::from_utf8_lossy(FPR12);
        for (from, to, english) in [
            ("<Divisa>EUR</Divisa>", "", "Divisa is missing before Data: add it"),
            (
                "<Numero>",
                "<Divisa>EUR</Divisa><Numero>",
                "Divisa is out of order or once too often (what may stand here is Numero): move it up to its place, or take it out",
            ),
            // Alternatives: neither is missing.
            (
                "</Denominazione>",
                "</Denominazione><Nome>A</Nome><Cognome>B</Cognome>",
                "Nome is not allowed here (what may stand here is one of Titolo, CodEORI): take it out",
            ),
            ("<Numero>", "<Num>1</Num><Numero>", "Num is not allowed here (what may stand here is Numero): take it out"),
            (
                "<Numero>12/2026",
                "<Numero>12–2026",
                "is \"12–2026\": must be 1 to 20 ASCII characters; the character – is not allowed, write -",
            ),
            (
                "<Numero>12/2026",
                "<Numero>12\u{3b1}",
                "is \"12\u{3b1}\": must be 1 to 20 ASCII characters; the character \u{3b1} is not allowed",
            ),
            (
                "<Numero>12/2026",
                "<Numero>123456789012345678901",
                "is \"123456789012345678901\": must be 1 to 20 ASCII characters; it has 21",
            ),
        ] {
            let changed = file.replacen(from, to, 1);
            assert_ne!(changed, file);
            let told = Judgement::of(changed.as_bytes(), None).findings;
            let messages: Vec<_> = told.iter().map(|finding| finding.message.english.as_str()).collect();
            assert_eq!(messages, [english]);
            told[0].message.assert_each_in_its_language();
        }
    }

    #[test]
    fn messages_of_the_sdi_are_told_apart() {
        let judged = Judgement::of(include_bytes!("../../tests/samples/receipt-rc.xml"), day());
        assert_eq!((judged.kind.as_str(), judged.schema_valid, judged.findings.len()), ("RC", false, 0));
    }

    #[test]
    fn a_message_that_cannot_be_read_is_told_to_be_one() {
        let judged = Judgement::of(b"\n<RicevutaConsegna><NomeFile>IT01234567897_00001.xml</NomeFile></RicevutaConsegna>", None);
        let english: Vec<_> = judged.findings.iter().map(|finding| finding.message.english.as_str()).collect();
        assert_eq!(
            english,
            ["IdentificativoSdI is missing from the element at line 2, column 1; get the receipt anew from the SdI, or from the channel \
              that it came through, and leave it unchanged"]
        );
        assert_eq!(judged.findings[0].at, Position { line: 2, column: 1 }, "where the sentence says");
        assert_eq!(judged.kind.as_str(), "RC");
        assert!(judged.unreadable.is_some());
    }

    #[test]
    fn a_root_without_a_namespace_is_told_by_its_name_alone() {
        let english = |file: &[u8]| Judgement::of(file, None).findings.remove(0).message.english;
        assert!(english(b"<html/>").starts_with("the file's root element at line 1, column 1 is html: it must be FatturaElettronica or "));
        assert!(english(b"<a xmlns='urn:b'/>").contains(" is {urn:b}a: it must be "));
    }

    #[test]
    fn of_an_invoice_the_namespace_to_be_written_is_told() {
        let start = "<p:FatturaElettronica xmlns:p=\"http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2\" ...>";
        for (file, italian, english) in [
            ("<FatturaElettronica/>", "è senza namespace", "has no namespace"),
            ("<FatturaElettronica xmlns='urn:b'/>", "è nel namespace urn:b", "is in the namespace urn:b"),
        ] {
            let message = Judgement::of(file.as_bytes(), None).findings.remove(0).message;
            message.assert_each_in_its_language();
            assert!(message.italian.contains(italian) && message.italian.ends_with(start), "{}", message.italian);
            assert!(message.english.contains(english) && message.english.ends_with(start), "{}", message.english);
        }
    }

    #[test]
    fn a_message_in_the_place_of_an_invoice_and_the_reverse_are_told_to_be_that() {
        let message = crate::fatturapa::read(include_bytes!("../../tests/samples/receipt-ns.xml")).expect_err("it is none").words();
        assert_eq!(message.english, "the file is a message of the SdI (NotificaScarto), not an invoice; record it as a receipt");
        message.assert_each_in_its_language();
        let invoice = receipt::read_receipt(FPR12).expect_err("it is none").words();
        assert_eq!(invoice.italian, "il file è una fattura (FatturaElettronica), non un messaggio dello SdI; registrarla come fattura");
        invoice.assert_each_in_its_language();
    }

    #[test]
    fn an_archive_is_told_to_be_one() {
        let judged = Judgement::of(include_bytes!("../../tests/samples/receipt-at.zip"), None);
        let finding = &judged.findings[0];
        assert_eq!((finding.code, judged.findings.len()), ("ARCHIVE", 1));
        assert_eq!(finding.message.english, "the file is a ZIP archive; unpack it and take the files in it one by one");
    }
}
