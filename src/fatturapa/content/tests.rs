//! Whatever a file holds is found in what is read of it, once.

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::record::Part;
use super::*;
use crate::fatturapa::tree::{Element, is_signature};
use crate::fatturapa::{DocumentType, read};

const ORDINARY: &str = include_str!("../../../tests/samples/fpr12-everything.xml");
const SIMPLIFIED: &str = include_str!("../../../tests/samples/fsm10-everything.xml");
const LOT: &str = include_str!("../../../tests/samples/fpa12-lot.xml");

/// Every sample that is an invoice.
fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    let files = std::fs::read_dir(folder).expect("the samples are there").map(|entry| entry.expect("a file").path());
    let mut samples: Vec<_> = files
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("readable")))
        .filter(|(_, file)| Content::read(file).is_ok())
        .collect();
    samples.sort();
    assert!(samples.len() > 12, "{}", samples.len());
    samples
}

fn content(file: &str) -> Content {
    Content::read(file.as_bytes()).expect("an invoice")
}

/// Every text of a file, sorted, but for signatures and what only programs need.
fn texts_of_file(file: &[u8]) -> Vec<String> {
    fn inside(element: Element<'_, '_>, texts: &mut Vec<String>) {
        texts.push(element.text().trim().to_owned());
        let attributes = element.attributes();
        let told = attributes.filter(|attribute| !element.namespace_of(attribute).is_some_and(|space| space.ends_with("-instance")));
        texts.extend(told.map(|attribute| attribute.value.trim().to_owned()));
        for child in element.children().filter(|child| element.parent().is_some() || !is_signature(*child)) {
            inside(child, texts);
        }
    }
    let document = Document::open(file).expect("opens");
    let mut texts = Vec::new();
    inside(document.tree().expect("a tree").root(), &mut texts);
    in_order(texts)
}

/// Every text of what was read, sorted.
fn texts_of(content: &Content) -> Vec<String> {
    let mut texts: Vec<String> = content.software.iter().cloned().collect();
    let mut add = |text: &str| texts.push(text.trim().to_owned());
    if let Some(format) = &content.format {
        add(&format.text);
    }
    content.header.texts(&mut add);
    content.bodies.iter().for_each(|body| body.texts(&mut add));
    if let Some(rest) = &content.rest {
        rest.each(&mut |_, text| add(text));
    }
    in_order(texts)
}

fn in_order(mut texts: Vec<String>) -> Vec<String> {
    texts.retain(|text| !text.is_empty());
    texts.sort_unstable();
    texts
}

fn rest_of(content: &Content) -> Vec<String> {
    let mut rest = Vec::new();
    content.rest.iter().for_each(|unplaced| unplaced.each(&mut |path, text| rest.push(format!("{path} = {text}"))));
    rest
}

#[test]
fn every_text_of_every_sample_is_found_once_in_what_is_read() {
    for (path, file) in samples() {
        let content = Content::read(&file).expect("an invoice");
        assert_eq!(texts_of(&content), texts_of_file(&file), "{path}");
    }
}

#[test]
fn everything_that_the_formats_have_has_its_place() {
    for (path, file) in samples() {
        let judged = crate::fatturapa::Judgement::of(&file, None);
        if judged.schema_valid {
            assert_eq!(rest_of(&Content::read(&file).expect("an invoice")), [""; 0], "{path}");
        }
    }
}

#[test]
fn an_ordinary_invoice_is_read_under_its_names() {
    let content = content(ORDINARY);
    let header = &content.header;
    let seller = header.seller.as_ref().expect("a seller");
    assert_eq!(content.format.as_ref().and_then(|format| format.value), Some(Format::Fpr12));
    assert_eq!(seller.name().as_deref(), Some("Studio Tecnico Bianchi & Neri"));
    assert_eq!(seller.vat.as_ref().and_then(FiscalId::full).as_deref(), Some("IT01234567897"));
    assert_eq!(seller.profession.as_ref().and_then(|entry| entry.since.as_ref()?.value), NaiveDate::from_ymd_opt(1999, 6, 14));
    assert_eq!(header.representative.as_ref().and_then(|party| party.name()).as_deref(), Some("Luigi Verdi"));
    let buyer = header.buyer.as_ref().expect("a buyer");
    assert_eq!(buyer.representative.as_ref().and_then(|party| party.name()).as_deref(), Some("Rappresentanze Riunite S.r.l."));

    let body = &content.bodies[0];
    assert_eq!(body.document_type.as_ref().and_then(|kind| kind.value), Some(DocumentType::DeferredInvoice));
    assert_eq!(body.total(), Some(Decimal::new(437_853, 2)));
    assert_eq!(body.orders[0].lines.iter().filter_map(|line| line.value).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((body.orders[0].cup.as_deref(), body.orders[0].cig.as_deref()), (Some("123abc"), Some("456def")));
    assert_eq!(body.lines[0].discounts.len(), 2);
    assert_eq!(body.lines[1].unit_price.as_ref().map(|price| price.text.as_str()), Some("0.0421"));
    let payment = &body.payments[0].payments[0];
    assert_eq!(payment.iban.as_deref(), Some("IT60X0542811101000000123456"));
    assert_eq!(payment.due.as_ref().and_then(|due| due.value), NaiveDate::from_ymd_opt(2026, 10, 30));
    let attachment = &body.attachments[0];
    assert_eq!(attachment.content(1_000).as_deref(), Ok("Rapporto fotografico delle banchine.\n".as_bytes()));
}

#[test]
fn a_simplified_invoice_is_read_under_the_same_names() {
    let content = content(SIMPLIFIED);
    let seller = content.header.seller.as_ref().expect("a seller");
    assert_eq!((seller.name().as_deref(), seller.tax_regime.as_deref()), (Some("Gianni Bianchi"), Some("RF19")));
    assert_eq!(seller.representative.as_ref().and_then(|party| party.name()).as_deref(), Some("Luigi Verdi"));
    let buyer = content.header.buyer.as_ref().expect("a buyer");
    assert_eq!(buyer.address.as_ref().and_then(|address| address.town.as_deref()), Some("Firenze"));
    let body = &content.bodies[0];
    assert_eq!(body.total(), Some(Decimal::new(2_740, 2)));
    assert_eq!(body.virtual_stamp.as_deref(), Some("SI"));
    assert_eq!(body.corrected_invoice.as_ref().and_then(|invoice| invoice.number.as_deref()), Some("S15"));
    assert_eq!(body.simplified_lines[1].nature.as_deref(), Some("N1"));
    assert!(body.lines.is_empty() && body.summaries.is_empty());
}

#[test]
fn every_document_of_a_lot_is_read() {
    let content = content(LOT);
    assert_eq!(content.bodies.iter().filter_map(|body| body.number.as_deref()).collect::<Vec<_>>(), ["A-1", "A-2"]);
}

#[test]
fn what_a_list_shows_is_the_same_in_both_readings() {
    for (path, file) in samples() {
        let Ok(first) = read(&file) else { continue };
        let content = Content::read(&file).expect("an invoice");
        let body = &content.bodies[0];
        let of = |party: &Option<Party>| party.as_ref().and_then(Party::name).unwrap_or_default();
        assert_eq!((of(&content.header.seller), of(&content.header.buyer)), (first.seller.name, first.buyer.name), "{path}");
        assert_eq!(body.number.as_ref(), Some(&first.number), "{path}");
        assert_eq!(body.date.as_ref().and_then(|date| date.value), Some(first.date), "{path}");
        assert_eq!(body.total(), first.total, "{path}");
        assert_eq!(content.bodies.len(), first.documents, "{path}");
    }
}

#[test]
fn what_has_no_place_is_told_with_its_path() {
    let file = ORDINARY
        .replace("<Art73>SI</Art73>", "<Art73 a=\"1\">SI<b>2</b></Art73><Art73>NO</Art73>loose")
        .replace("<DatiVeicoli>", "<x:DatiVeicoli xmlns:x=\"urn:x\"><Data>2026-01-01</Data></x:DatiVeicoli><DatiVeicoli>");
    let general = "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento";
    assert_eq!(
        rest_of(&content(&file)),
        [
            format!("{general} = loose"),
            format!("{general}/Art73[1]/@a = 1"),
            format!("{general}/Art73[1]/b = 2"),
            format!("{general}/Art73[2] = NO"),
            "FatturaElettronicaBody/DatiVeicoli[1]/Data = 2026-01-01".to_owned(),
        ]
    );
}

#[test]
fn a_value_that_cannot_be_read_is_kept_and_makes_no_total() {
    let file = ORDINARY.replace("<ImportoTotaleDocumento>4378.53", "<ImportoTotaleDocumento>4378,53");
    let content = content(&file);
    let total = content.bodies[0].stated_total.as_ref().expect("it is stated");
    assert_eq!((total.text.as_str(), total.value, content.bodies[0].total()), ("4378,53", None, None));
}

#[test]
fn people_find_an_invoice_by_its_words() {
    let text = content(ORDINARY).search_text();
    for word in ["Cantiere Navale", "IT03456789017", "2026/0318", "Bricola in rovere", "7A1B2C3D4E", "DDT/551", "rapporto-banchine.pdf"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(content(SIMPLIFIED).search_text().contains("Vino da asporto"));
    assert!(text.len() < ORDINARY.len());
}

#[test]
fn what_is_no_invoice_is_refused() {
    let code = |file: &[u8]| Content::read(file).expect_err("refused").code();
    assert_eq!(code(include_bytes!("../../../tests/samples/receipt-rc.xml")), "WRONG_ROOT");
    assert_eq!(code(include_bytes!("../../../tests/samples/old-format.xml")), "OLD_FORMAT");
    assert_eq!(code(b""), "EMPTY");
}

proptest! {
    /// Tags are renamed, doubled and taken away wherever they stand; whatever is still XML loses nothing.
    #[test]
    fn nothing_is_lost_of_a_file_that_was_changed(
        simplified in any::<bool>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), 0..4_u8), 1..6),
    ) {
        let mut file = if simplified { SIMPLIFIED } else { ORDINARY }.to_owned();
        for (one, other, change) in changes {
            let lines: Vec<_> = file.lines().collect();
            let leaves: Vec<_> = (0..lines.len()).filter(|at| lines[*at].contains("</") && !lines[*at].trim_start().starts_with("</")).collect();
            let (at, to) = (*one.get(&leaves), *other.get(&leaves));
            let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            match change {
                0 => changed[at].push_str(lines[to]),
                1 => changed.swap(at, to),
                2 => changed[at] = format!("<New>{}</New>", lines[to]),
                _ => changed[at] = lines[at].replace("</", "text</"),
            }
            file = changed.join("\n");
        }
        prop_assert_eq!(texts_of(&content(&file)), texts_of_file(file.as_bytes()));
    }
}
