//! The SdI's checks of a document's content that the file alone can show, and advice that a good accountant would give.
//!
//! | file | what it finds |
//! |---|---|
//! | `header.rs` | 00313, 00427, 00428: transmission |
//! | `parties.rs` | 00417, 00471, 00472, 00473, 00475, 00476: who deals with whom |
//! | `general.rs` | 00403, 00411, 00415, 00418, 00425, 00437: the document's general data |
//! | `lot.rs` | 00409: the same invoice twice in a lot |
//! | `lines.rs` | 00423, 00438, 00474: lines and their discounts |
//! | `rates.rs` | 00419, 00424, 00443: VAT rates of lines, pension funds and summaries |
//! | `natures.rs` | 00400, 00401, 00413, 00414, 00420, 00429, 00430, 00444, 00445: why no VAT is due |
//! | `summaries.rs` | 00421, 00422: the arithmetic of summaries |
//! | `simplified.rs` | 00400, 00401, 00445, 00460 as they stand for simplified invoices |
//! | `advice.rs`, `identifiers.rs`, `attachments.rs` | advice on dates and totals, numbers with control digits, and files inside |
//! | `control_digits.rs`, `countries.rs` | the arithmetic of control digits, and the countries there are |
//! | `body.rs`, `amounts.rs`, `told.rs` | what all of them read and how they tell |
//!
//! The rules are those of the tax agency's "Elenco dei controlli", version 2.0 of 31 January 2025, which gives them as pseudocode for
//! invoices to administrations, and of the technical specifications for private ones. Where the two or their readers differ, the file says
//! so, and what some reading accepts is not refused: a wrong refusal costs more than a missed one.
//!
//! 00477 (a declaration of intent that is not valid) is not here: only the tax agency's own list can show it. Nor are those of 00300 to
//! 00330 that ask its registers; control digits are told as advice instead. A value that the schema refuses, or that is too large to be
//! computed with, is the schema verdict's matter and makes no finding here.

mod advice;
mod amounts;
mod attachments;
mod body;
mod control_digits;
mod countries;
mod general;
mod header;
mod identifiers;
mod lines;
mod lot;
mod natures;
mod parties;
mod rates;
mod simplified;
mod summaries;
#[cfg(test)]
mod testing;
mod told;

use chrono::NaiveDate;

use super::finding::Finding;
use super::format::Kind;
use super::tree::{Element, Tree};
use body::Body;
pub(super) use countries::is_country;
use parties::Parties;
pub use told::MOST_FINDINGS;
use told::Told;

/// What the SdI would refuse in a file's content if it received it on the day `today`, and what is advised; in the file's order, at most
/// 200.
///
/// A lot is checked invoice by invoice.
pub(super) fn checks(tree: &Tree<'_>, kind: Kind, today: NaiveDate) -> Vec<Finding> {
    let root = tree.root();
    let bodies: Vec<_> = root.all("FatturaElettronicaBody").map(Body::of).collect();
    let parties = root.child("FatturaElettronicaHeader").and_then(|header| Parties::of(header, kind));
    let mut told = Told::default();
    refusals(&mut told, root, kind, parties.as_ref(), &bodies, today);
    // Last, so that no advice takes the place of a refusal when there are too many.
    identifiers::advise(&mut told, root);
    for body in &bodies {
        attachments::advise(&mut told, body.element);
    }
    if kind == Kind::Ordinary {
        for body in &bodies {
            advice::advise(&mut told, body);
        }
    }
    told.in_order()
}

fn refusals(
    told: &mut Told,
    root: Element<'_, '_>,
    kind: Kind,
    parties: Option<&Parties<'_, '_>>,
    bodies: &[Body<'_, '_>],
    today: NaiveDate,
) {
    header::check(told, root, parties);
    if let Some(parties) = parties {
        parties::check(told, parties, bodies);
    }
    lot::check(told, bodies);
    for body in bodies {
        general::check(told, body, today);
        match kind {
            Kind::Ordinary => {
                lines::check(told, body);
                rates::check(told, body);
                natures::check(told, body);
                summaries::check(told, body);
            }
            Kind::Simplified => simplified::check(told, body, parties),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::testing::{BASES, DISCOUNTS, LOT, PRIVATE, RATES, SIMPLIFIED, changed, codes, codes_of_any, findings};
    use super::told::MOST_FINDINGS;

    #[test]
    fn the_base_files_are_free_of_findings() {
        for (place, base) in BASES.iter().enumerate() {
            assert_eq!(codes(base), [""; 0], "file {place}");
        }
    }

    #[test]
    fn findings_are_told_in_the_files_order() {
        let file = changed(&changed(RATES, "<PrezzoTotale>100.00", "<PrezzoTotale>101.00"), ">0000000<", ">AAA111<");
        let file = changed(&file, "<IdCodice>09876543217", "<IdCodice>09876543218");
        let found = findings(&file);
        assert!(found.is_sorted_by_key(|finding| finding.at));
        assert_eq!(codes(&file), ["00427", "VAT_CONTROL_DIGIT", "00423"]);
        assert_eq!(found[2].path, "FatturaElettronicaBody/DatiBeniServizi/DettaglioLinee[1]/PrezzoTotale");
    }

    #[test]
    fn no_more_are_told_than_anyone_would_read() {
        let line = "<DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>x</Descrizione><PrezzoUnitario>1.00</PrezzoUnitario>\
                    <PrezzoTotale>2.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee>";
        let file = changed(PRIVATE, "<DettaglioLinee>", &(line.repeat(1_000) + "<DettaglioLinee>"));
        assert_eq!(codes(&file), ["00423"; MOST_FINDINGS]);
    }

    #[test]
    fn what_the_schema_refuses_is_left_to_it() {
        for (base, from, to) in [
            (PRIVATE, "<PrezzoTotale>100.00", "<PrezzoTotale>107,00"),
            (PRIVATE, "<PrezzoUnitario>100.00", "<PrezzoUnitario>100"),
            (PRIVATE, "<PrezzoUnitario>100.00</PrezzoUnitario>", ""),
            (PRIVATE, "<PrezzoUnitario>100.00", "<Quantita/><PrezzoUnitario>100.00"),
            (PRIVATE, "<AliquotaIVA>22.00", "<AliquotaIVA>22"),
            (PRIVATE, "<Imposta>22.00", "<Imposta>x"),
            (PRIVATE, "<Imposta>22.00</Imposta>", ""),
            (PRIVATE, "<ImponibileImporto>100.00", "<ImponibileImporto>1e9"),
            (PRIVATE, "<Data>2026-03-31", "<Data>2026-31-03"),
            (PRIVATE, "<TipoDocumento>TD01", "<TipoDocumento>TD99"),
            (PRIVATE, "<Numero>12/2026", "<Numero>"),
            (PRIVATE, "<CodiceDestinatario>0000000", "<CodiceDestinatario>0"),
            (RATES, "<Natura>N4</Natura>", "<Natura/>"),
            (DISCOUNTS, "<Percentuale>7.50", "<Percentuale>x"),
            (DISCOUNTS, "<Tipo>MG", "<Tipo>??"),
            (SIMPLIFIED, "<Importo>66.00", "<Importo>6600"),
            (LOT, "<Numero>L-1", "<Nummer>L-1"),
        ] {
            let file = changed(base, from, to).replace("<Nummer>L-1</Numero>", "<Nummer>L-1</Nummer>");
            let found = codes_of_any(&file);
            assert!(found.iter().all(|code| *code == "00444"), "{to}: {found:?}");
        }
    }

    #[test]
    fn a_file_of_nothing_has_nothing_to_be_told() {
        let root = "FatturaElettronica xmlns:p=\"http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2\"";
        for inside in [
            "",
            "<FatturaElettronicaHeader/><FatturaElettronicaBody/>",
            "<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento/></DatiGenerali>\
             <DatiBeniServizi><DettaglioLinee/><DatiRiepilogo/></DatiBeniServizi>\
             <DatiPagamento><DettaglioPagamento/></DatiPagamento></FatturaElettronicaBody>",
        ] {
            assert_eq!(codes_of_any(&format!("<p:{root}>{inside}</p:FatturaElettronica>")), [""; 0]);
        }
    }

    /// Numbers as large as the schemas allow, and what they do not.
    const VALUE: &str = "-?[0-9]{1,12}\\.[0-9]{2,8}|[A-Z0-9.-]{0,16}|99999999999\\.99999999";

    /// The places of a file's values.
    fn values(file: &str) -> Vec<std::ops::Range<usize>> {
        let starts = file.match_indices('>').map(|(at, _)| at + 1);
        starts
            .filter_map(|start| Some(start..start + file[start..].find('<')?))
            .filter(|place| !file[place.clone()].trim().is_empty())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_value_makes_a_check_panic(
            base in proptest::sample::select(&BASES[..]),
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), VALUE), 1..20),
        ) {
            let mut file = base.trim_start_matches('\u{feff}').to_owned();
            for (place, value) in changes {
                let places = values(&file);
                file.replace_range(places[place.index(places.len())].clone(), &value);
            }
            prop_assert!(codes_of_any(&file).len() <= MOST_FINDINGS);
        }
    }
}
