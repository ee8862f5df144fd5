//! Lots: no invoice is in one twice.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};

use super::body::Body;
use super::told::{Told, words};
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::unreadable::excerpt;

/// The places of invoices with one number, in one year, before the one that is looked at; counted from 1.
#[derive(Default)]
struct Seen {
    /// The first of all.
    first: Option<usize>,
    /// The first that is numbered by the year, as all are but those under Art73.
    by_year: Option<usize>,
    /// The first of each day.
    by_day: HashMap<NaiveDate, usize>,
}

/// 00409: the seller is the same, so number and year tell invoices apart; under Art73, number and day. A credit note may have the number of
/// an invoice. The specification for administrations names TD04; simplified credit notes are taken the same way.
pub(super) fn check(told: &mut Told, bodies: &[Body<'_, '_>]) {
    let mut lot: HashMap<(&str, i32, bool), Seen> = HashMap::new();
    for (place, body) in (1..).zip(bodies) {
        let (Some(general), Some(date), Some(kind)) = (body.general, body.date, body.document_type) else { continue };
        let Some(element) = general.child("Numero") else { continue };
        let number = element.text().trim();
        let credit_note = matches!(kind, DocumentType::CreditNote | DocumentType::SimplifiedCreditNote);
        let by_day = general.text_at("Art73") == Some("SI");
        let seen = lot.entry((number, date.year(), credit_note)).or_default();
        let earlier = if by_day { seen.by_year.or_else(|| seen.by_day.get(&date).copied()) } else { seen.first };
        if let Some(earlier) = earlier {
            let (number, year) = (excerpt(number), date.year());
            told.refused("00409", element, || {
                words!(
                    "[2.1.1.4] Numero \"{number}\" del {year} è già quello della fattura {earlier} del lotto: dare un altro numero, oppure \
                     togliere il doppione",
                    "[2.1.1.4] Numero \"{number}\" of {year} is already that of invoice {earlier} of the lot: give another number, or take \
                     the copy out"
                )
            });
        }
        seen.first.get_or_insert(place);
        if !by_day {
            seen.by_year.get_or_insert(place);
        }
        seen.by_day.entry(date).or_insert(place);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ADMINISTRATION, LOT, changed, changed_after, findings, refused};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn no_invoice_is_in_a_lot_twice() {
        assert_eq!(refused(&changed(LOT, "<Numero>L-2", "<Numero>L-1")), ["00409"]);
        // A number of the year before, now of the same year.
        assert_eq!(refused(&changed(LOT, "<Data>2025-05-13", "<Data>2026-05-13")), ["00409"]);
        // A debit note counts as an invoice.
        let debit_note = changed(&changed(LOT, "<TipoDocumento>TD04", "<TipoDocumento>TD05"), "<Data>2026-05-11</Data>\n      </D", "</D");
        assert_eq!(refused(&debit_note), ["00409"]);
        assert_eq!(refused(&changed(ADMINISTRATION, "<Numero>A-2", "<Numero>A-1")), NOTHING);
    }

    #[test]
    fn two_credit_notes_differ_too() {
        let two = changed_after(LOT, "<Numero>L-1</Numero>", "<TipoDocumento>TD01", "<TipoDocumento>TD04");
        assert_eq!(refused(&changed(&two, "<Numero>L-2", "<Numero>L-1")), ["00409"]);
    }

    #[test]
    fn under_article_73_the_day_tells_invoices_apart() {
        assert_eq!(refused(&changed(LOT, "<Data>2026-05-15", "<Data>2026-05-14")), ["00409"]);
        assert_eq!(refused(&changed(LOT, "<Art73>SI</Art73>", "")), ["00409"]);
        assert_eq!(refused(&changed_after(LOT, "2026-05-15", "<Art73>SI</Art73>", "")), ["00409"]);
    }

    #[test]
    fn the_later_one_is_told_with_the_place_of_the_earlier() {
        let found = findings(&changed(LOT, "<Numero>L-2", "<Numero>L-1"));
        assert_eq!(found[0].path, "FatturaElettronicaBody[3]/DatiGenerali/DatiGeneraliDocumento/Numero");
        assert!(found[0].message.english.contains("that of invoice 1 of the lot"), "{}", found[0].message.english);
    }
}
