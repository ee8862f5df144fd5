//! An invoice file at first depth: who issues it to whom, its type, number, date and total.
//!
//! Only what is listed in [`Invoice`] is looked at, in the first of its bodies, and what a list cannot do without is demanded. All that a
//! file says, with nothing demanded, is [`Content`](super::Content)'s.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::document::Document;
use super::document_type::DocumentType;
use super::format::{Format, Kind};
use super::party::{Party, read_buyer, read_seller};
use super::reading::Reading;
use super::tree::{Element, Tree};
use super::unreadable::{Problem, Unreadable, excerpt};
use super::values;

/// What is read of an invoice file. All but `format`, `seller`, `buyer`, `documents` and `texts` is that of its first
/// body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The format of the file.
    pub format: Format,
    /// Who issues it (CedentePrestatore).
    pub seller: Party,
    /// Whom it is issued to (CessionarioCommittente).
    pub buyer: Party,
    /// How many invoices the file holds (FatturaElettronicaBody): at least 1.
    pub documents: usize,
    /// What kind of document it is (TipoDocumento).
    pub document_type: DocumentType,
    /// The invoice's own number (Numero), 1 to 20 characters.
    pub number: String,
    /// The invoice's date (Data).
    pub date: NaiveDate,
    /// The currency's code (Divisa).
    pub currency: String,
    /// ImportoTotaleDocumento; without it the sum of taxable amounts and taxes of the summaries (DatiRiepilogo), in
    /// simplified invoices the sum of Importo. `None` if the document has none of these.
    pub total: Option<Decimal>,
    /// What its reasons (Causale) and lines (Descrizione) say, for those who search: the first 40 of all its bodies.
    pub texts: Vec<String>,
}

/// More texts say nothing that somebody would search for.
const MAX_TEXTS: usize = 40;

/// Reads an invoice file: FPR12, FPA12 or FSM10, plain or signed, at most 5 MB (I2). Whether signatures hold makes no difference here:
/// see [`Judgement`](super::Judgement).
///
/// # Errors
/// [`Unreadable`], with every missing or wrong element among those read.
pub fn read(file: &[u8]) -> Result<Invoice, Unreadable> {
    let document = Document::open(file)?;
    read_tree(&document.tree()?)
}

/// The same of a file whose tree has been read.
pub(super) fn read_tree(tree: &Tree<'_>) -> Result<Invoice, Unreadable> {
    invoice(tree, Kind::of(tree.root())?)
}

/// What a file says of its first invoice.
fn invoice(tree: &Tree<'_>, kind: Kind) -> Result<Invoice, Unreadable> {
    let root = tree.root();
    let mut reading = Reading::default();
    let format = format_of(&mut reading, root, kind);
    let parties = reading.element(root, "FatturaElettronicaHeader").and_then(|header| read_header(&mut reading, header, kind));
    let first = reading.element(root, "FatturaElettronicaBody").and_then(|body| read_body(&mut reading, body, kind));
    let documents = root.all("FatturaElettronicaBody").count();
    let invoice = format.zip(parties).zip(first).map(|((format, (seller, buyer)), (general, total))| Invoice {
        format,
        seller,
        buyer,
        documents,
        document_type: general.document_type,
        number: general.number,
        date: general.date,
        currency: general.currency,
        total,
        texts: texts_of(root),
    });
    reading.unless_any(invoice)
}

fn format_of(reading: &mut Reading, root: Element<'_, '_>, kind: Kind) -> Option<Format> {
    let path = || "@versione".to_owned();
    let Some(version) = root.attribute("versione") else {
        reading.add(|| Problem::Missing { path: path(), at: root.position() });
        return None;
    };
    let note = |allowed| reading.add(|| Problem::Invalid { path: path(), found: excerpt(version), allowed, at: root.position() });
    kind.format(version).map_err(note).ok()
}

/// The seller and the buyer.
fn read_header(reading: &mut Reading, header: Element<'_, '_>, kind: Kind) -> Option<(Party, Party)> {
    let seller = reading.element(header, "CedentePrestatore").and_then(|seller| read_seller(reading, seller, kind));
    let buyer = reading.element(header, "CessionarioCommittente").and_then(|buyer| read_buyer(reading, buyer, kind));
    seller.zip(buyer)
}

/// What DatiGeneraliDocumento says.
struct General {
    document_type: DocumentType,
    number: String,
    date: NaiveDate,
    currency: String,
    total: Option<Decimal>,
}

/// The general data of a body, and its total.
fn read_body(reading: &mut Reading, body: Element<'_, '_>, kind: Kind) -> Option<(General, Option<Decimal>)> {
    let general = reading.element(body, "DatiGenerali/DatiGeneraliDocumento").and_then(|general| read_general(reading, general, kind));
    let sum = sum_of(reading, body);
    general.map(|general| {
        let total = general.total.or(sum);
        (general, total)
    })
}

fn read_general(reading: &mut Reading, parent: Element<'_, '_>, kind: Kind) -> Option<General> {
    let document_type = reading.required(parent, "TipoDocumento", |code| kind.document_type(code));
    let currency = reading.required(parent, "Divisa", values::currency);
    let date = reading.required(parent, "Data", values::date);
    let number = reading.required(parent, "Numero", values::number);
    let total = reading.optional(parent, "ImportoTotaleDocumento", values::amount);
    Some(General { document_type: document_type?, number: number?, date: date?, currency: currency?, total })
}

/// The sum of taxable amounts and taxes of the summaries in an ordinary invoice, of Importo in a simplified one.
fn sum_of(reading: &mut Reading, body: Element<'_, '_>) -> Option<Decimal> {
    let goods = || body.all("DatiBeniServizi");
    let summaries = goods().flat_map(|goods| goods.all("DatiRiepilogo"));
    let of_summaries = summaries.flat_map(Element::children).filter(|part| matches!(part.name(), "ImponibileImporto" | "Imposta"));
    let amounts = goods().flat_map(|goods| goods.all("Importo")).chain(of_summaries);
    let mut sum = None;
    for element in amounts {
        if let Some(amount) = reading.value(element, values::amount) {
            sum = Some(sum.unwrap_or_default() + amount);
        }
    }
    sum
}

/// Reasons first, in each body. A simplified invoice has no lines: each DatiBeniServizi is one.
fn texts_of(root: Element<'_, '_>) -> Vec<String> {
    let texts = root.all("FatturaElettronicaBody").flat_map(|body| {
        let reasons = body.at("DatiGenerali/DatiGeneraliDocumento").into_iter().flat_map(|general| general.all("Causale"));
        let lines = body.all("DatiBeniServizi").flat_map(|goods| std::iter::once(goods).chain(goods.all("DettaglioLinee")));
        reasons.chain(lines.flat_map(|line| line.all("Descrizione")))
    });
    let texts = texts.map(|element| element.text().trim().to_owned()).filter(|text| !text.is_empty());
    texts.take(MAX_TEXTS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FPR12: &[u8] = include_bytes!("../../tests/samples/fpr12.xml");

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    }

    fn party(name: &str, vat: Option<&str>, fiscal_code: Option<&str>) -> Party {
        Party { name: name.to_owned(), vat: vat.map(str::to_owned), fiscal_code: fiscal_code.map(str::to_owned) }
    }

    fn coffee_shop() -> Party {
        party("Caffè & Più S.r.l.", Some("IT01234567897"), Some("01234567897"))
    }

    fn maria() -> Party {
        party("Maria Rossi", None, Some("RSSMRA80A01H501U"))
    }

    #[test]
    fn an_invoice_to_a_private_party_is_read() {
        let expected = Invoice {
            format: Format::Fpr12,
            seller: coffee_shop(),
            buyer: maria(),
            documents: 1,
            document_type: DocumentType::Invoice,
            number: "12/2026".to_owned(),
            date: day(2026, 3, 31),
            currency: "EUR".to_owned(),
            total: Some(Decimal::new(12_200, 2)),
            texts: vec!["Caffè torrefatto in grani".to_owned()],
        };
        assert_eq!(read(FPR12), Ok(expected));
    }

    #[test]
    fn of_a_lot_the_first_invoice_is_read_and_its_total_added_up_when_not_stated() {
        let expected = Invoice {
            format: Format::Fpa12,
            seller: coffee_shop(),
            buyer: party("Comune di Esempio", Some("IT09876543217"), Some("80012345676")),
            documents: 2,
            document_type: DocumentType::Invoice,
            number: "A-1".to_owned(),
            date: day(2026, 4, 1),
            currency: "EUR".to_owned(),
            total: Some(Decimal::new(27_500, 2)),
            texts: vec!["Manutenzione".to_owned(), "Storno".to_owned()],
        };
        assert_eq!(read(include_bytes!("../../tests/samples/fpa12-lot.xml")), Ok(expected));
    }

    #[test]
    fn a_simplified_invoice_adds_up_its_amounts_and_may_leave_its_buyer_without_a_name() {
        let expected = Invoice {
            format: Format::Fsm10,
            seller: party("Trattoria da Gigi S.n.c.", Some("IT01234567897"), None),
            buyer: party("", Some("IT09876543217"), None),
            documents: 1,
            document_type: DocumentType::SimplifiedInvoice,
            number: "S15".to_owned(),
            date: day(2026, 7, 15),
            currency: "EUR".to_owned(),
            total: Some(Decimal::new(9_040, 2)),
            texts: vec!["Pranzo di lavoro".to_owned(), "Vino da asporto".to_owned()],
        };
        assert_eq!(read(include_bytes!("../../tests/samples/fsm10.xml")), Ok(expected));
    }

    #[test]
    fn other_encodings_a_default_namespace_cdata_and_references_make_no_difference() {
        let latin = read(include_bytes!("../../tests/samples/fpr12-iso-8859-1.xml")).expect("readable");
        assert_eq!(latin.seller, party("Niccolò D'Andrè", Some("IT01234567897"), None));
        assert_eq!(latin.buyer, party("Müller & Söhne GmbH", Some("DE123456789"), None));
        assert_eq!((latin.number.as_str(), latin.date), ("P/7", day(2026, 5, 5)));
        assert_eq!(latin.document_type, DocumentType::Fee);
        assert_eq!(latin.total, Some(Decimal::new(122_000, 2)));

        let windows = read(include_bytes!("../../tests/samples/fpr12-windows-1252.xml")).expect("readable");
        assert_eq!(windows.seller.name, "L’Officina S.r.l.");
        assert_eq!((windows.buyer, windows.number.as_str(), windows.date), (maria(), "13/2026", day(2026, 6, 30)));
        assert_eq!(windows.total, Some(Decimal::new(9_760, 2)));
    }

    #[test]
    fn everything_missing_or_wrong_is_told_at_once() {
        let unreadable = read(include_bytes!("../../tests/samples/wrong-content.xml")).expect_err("unreadable");
        assert_eq!(unreadable.code(), "CONTENT");
        assert_eq!(
            unreadable.messages(),
            [
                r#"@versione at line 2, column 1 is "FPR1": it must be FPR12 or FPA12"#,
                "FatturaElettronicaHeader/CedentePrestatore/DatiAnagrafici/IdFiscaleIVA/IdPaese at line 16, column 11 is \"it\": \
                 it must be two capital letters (ISO 3166-1), for example IT",
                "FatturaElettronicaHeader/CedentePrestatore/DatiAnagrafici/IdFiscaleIVA/IdCodice is missing: \
                 add it to the element at line 15, column 9",
                "FatturaElettronicaHeader/CessionarioCommittente/DatiAnagrafici/Anagrafica/Denominazione is missing: \
                 add it to the element at line 33, column 5",
                "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento/TipoDocumento at line 53, column 9 is \"TD10\": \
                 it must be one of TD01 to TD06 and TD16 to TD29",
                "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento/Data at line 55, column 9 is \"31/03/2026\": \
                 it must be a day from 1970-01-01 on, written YYYY-MM-DD",
                "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento/Numero is missing: \
                 add it to the element at line 52, column 7",
                "FatturaElettronicaBody/DatiBeniServizi/DatiRiepilogo/Imposta at line 70, column 9 is \"22,00\": \
                 it must be an amount of 1 to 11 digits, a dot and 2 decimals, for example 122.00",
            ]
        );
    }

    #[test]
    fn files_that_are_no_invoices_are_told_apart() {
        for (file, code) in [
            (&include_bytes!("../../tests/samples/wrong-root.xml")[..], "WRONG_ROOT"),
            (include_bytes!("../../tests/samples/receipt-rc.xml"), "WRONG_ROOT"),
            (include_bytes!("../../tests/samples/old-format.xml"), "OLD_FORMAT"),
            (include_bytes!("../../tests/samples/truncated.xml"), "NOT_XML"),
            (include_bytes!("../../tests/samples/hostile-billion-laughs.xml"), "DOCTYPE_FORBIDDEN"),
            (include_bytes!("../../tests/samples/hostile-external-entity.xml"), "DOCTYPE_FORBIDDEN"),
            (include_bytes!("../../tests/samples/hostile-quadratic-blow-up.xml"), "DOCTYPE_FORBIDDEN"),
            (include_bytes!("../../tests/samples/hostile-undefined-entity.xml"), "UNDEFINED_ENTITY"),
            (b"", "EMPTY"),
            (b"invoice", "NOT_XML"),
            (b"\x30\x80\x06", "SIGNED"),
        ] {
            assert_eq!(read(file).map_err(|unreadable| unreadable.code()), Err(code), "{}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn no_more_problems_are_told_than_the_sdi_tells() {
        let summary = "<DatiRiepilogo><Imposta>x</Imposta></DatiRiepilogo>";
        let file = String::from_utf8_lossy(FPR12).replace("<DatiRiepilogo>", &(summary.repeat(1_000) + "<DatiRiepilogo>"));
        assert_eq!(read(file.as_bytes()).expect_err("unreadable").messages().len(), Unreadable::MAX_PROBLEMS);
    }

    #[test]
    fn line_ends_in_a_value_are_blanks() {
        let file = String::from_utf8_lossy(FPR12).replace("<Numero>12/2026", "<Numero>\n12\r\n\t2026 ");
        assert_eq!(read(file.as_bytes()).map(|invoice| invoice.number), Ok("12  2026".to_owned()));
    }

    #[test]
    fn elements_of_other_namespaces_are_passed_over() {
        let stranger = "<x:Numero xmlns:x=\"urn:x\">99</x:Numero></DatiGeneraliDocumento>";
        let file = String::from_utf8_lossy(FPR12).replace("</DatiGeneraliDocumento>", stranger);
        assert_eq!(read(file.as_bytes()), read(FPR12));
    }

    proptest! {
        #[test]
        fn no_mutation_of_a_file_panics(changes in proptest::collection::vec((0..FPR12.len(), any::<u8>(), 0_usize..40), 1..8)) {
            let mut file = FPR12.to_vec();
            for (place, byte, removed) in changes {
                let place = place.min(file.len() - 1);
                let end = (place + removed).min(file.len());
                file.splice(place..end, [byte]);
            }
            let _ = read(&file);
        }

        #[test]
        fn a_file_cut_off_anywhere_is_refused(length in 0..FPR12.len() - 2) {
            prop_assert!(read(&FPR12[..length]).is_err());
        }
    }
}
