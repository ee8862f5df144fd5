//! The document's general data: date, number, withholding, discounts on the whole.

use chrono::NaiveDate;

use super::body::Body;
use super::told::{Told, words};
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::finding::italian_day;
use crate::fatturapa::tree::Element;
use crate::fatturapa::unreadable::excerpt;
use crate::fatturapa::values;

/// All checks of this file.
pub(super) fn check(told: &mut Told, body: &Body<'_, '_>, today: NaiveDate) {
    let Some(general) = body.general else { return };
    dated_in_the_future(told, body, general, today);
    number_without_digit(told, general);
    note_before_its_invoice(told, body, general);
    withholding_without_data(told, general, "00415", "2.1.1.7.6", body.funds());
    withholding_without_data(told, general, "00411", "2.2.1.13", body.lines());
    for discount in general.all("ScontoMaggiorazione") {
        if discount_of_nothing(discount) {
            tell_discount_of_nothing(told, "00437", "2.1.1.8", discount);
        }
    }
}

/// 00403: a document is not from the future.
fn dated_in_the_future(told: &mut Told, body: &Body<'_, '_>, general: Element<'_, '_>, today: NaiveDate) {
    let (Some(date), Some(element)) = (body.date, general.child("Data")) else { return };
    if date > today {
        told.refused("00403", element, || {
            let (it_date, it_today) = (italian_day(date), italian_day(today));
            words!(
                "[2.1.1.3] Data è {it_date}, successiva alla data di ricezione {it_today}: correggere la data, oppure inviare non \
                 prima di quel giorno",
                "[2.1.1.3] Data is {date}, after the day of receipt {today}: correct the date, or send it from {date} on"
            )
        });
    }
}

/// 00425: a number has a digit.
fn number_without_digit(told: &mut Told, general: Element<'_, '_>) {
    let Some(element) = general.child("Numero") else { return };
    let number = element.text().trim();
    if !number.is_empty() && !number.bytes().any(|byte| byte.is_ascii_digit()) {
        let number = excerpt(number);
        told.refused("00425", element, || {
            words!(
                "[2.1.1.4] Numero \"{number}\" non contiene cifre: deve contenerne almeno una, da 0 a 9",
                "[2.1.1.4] Numero \"{number}\" has no digit: it must have at least one, from 0 to 9"
            )
        });
    }
}

/// 00418: a credit note is not older than the invoice it refers to. The rule names TD04 alone.
fn note_before_its_invoice(told: &mut Told, body: &Body<'_, '_>, general: Element<'_, '_>) {
    let (Some(DocumentType::CreditNote), Some(date), Some(element)) = (body.document_type, body.date, general.child("Data")) else {
        return;
    };
    let linked = body.element.all("DatiGenerali").flat_map(|data| data.all("DatiFattureCollegate"));
    let dates = linked.filter_map(|linked| linked.text_at("Data").and_then(|text| values::date(text).ok()));
    if let Some(later) = dates.filter(|linked| *linked > date).max() {
        told.refused("00418", element, || {
            let (it_date, it_later) = (italian_day(date), italian_day(later));
            words!(
                "[2.1.1.3] Data della nota di credito è {it_date}, prima della fattura collegata [2.1.6.3] datata {it_later}: correggere \
                 una delle due date",
                "[2.1.1.3] Data of the credit note is {date}, before the linked invoice [2.1.6.3] of {later}: correct one of the two dates"
            )
        });
    }
}

/// 00411, 00415: where lines or pension funds are subject to withholding, the document tells the withholding. Told once for each kind.
fn withholding_without_data<'d, 't>(
    told: &mut Told,
    general: Element<'d, 't>,
    code: &'static str,
    number: &str,
    mut subject: impl Iterator<Item = Element<'d, 't>>,
) {
    let withheld = |element: Element<'d, 't>| element.child("Ritenuta").filter(|element| element.text().trim() == "SI");
    if general.child("DatiRitenuta").is_none()
        && let Some(element) = subject.find_map(withheld)
    {
        told.refused(code, element, || {
            words!(
                "[{number}] Ritenuta è SI, ma il documento non ha [2.1.1.5] DatiRitenuta: aggiungerli con tipo, importo, aliquota e \
                 causale, oppure togliere Ritenuta",
                "[{number}] Ritenuta is SI, but the document has no [2.1.1.5] DatiRitenuta: add it with type, amount, rate and reason, \
                 or take Ritenuta out"
            )
        });
    }
}

/// Whether a discount or increase says neither how much per cent nor how much.
pub(super) fn discount_of_nothing(discount: Element<'_, '_>) -> bool {
    discount.text_at("Tipo").is_some() && discount.child("Percentuale").is_none() && discount.child("Importo").is_none()
}

/// 00437, 00438: tells it.
pub(super) fn tell_discount_of_nothing(told: &mut Told, code: &'static str, number: &str, discount: Element<'_, '_>) {
    told.refused(code, discount, || {
        words!(
            "[{number}] ScontoMaggiorazione non ha né [{number}.2] Percentuale né [{number}.3] Importo: indicare quanto, oppure toglierlo",
            "[{number}] ScontoMaggiorazione has neither [{number}.2] Percentuale nor [{number}.3] Importo: say how much, or take it out"
        )
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DISCOUNTS, FEE, LOT, PRIVATE, REVERSE_CHARGE, changed, refused};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_document_is_not_from_the_future() {
        assert_eq!(refused(&changed(PRIVATE, "<Data>2026-03-31", "<Data>2026-07-31")), NOTHING);
        assert_eq!(refused(&changed(PRIVATE, "<Data>2026-03-31", "<Data>2026-08-01")), ["00403"]);
        assert_eq!(refused(&changed(PRIVATE, "<Data>2026-03-31", "<Data>2026-08-01+02:00")), ["00403"]);
    }

    #[test]
    fn a_number_has_a_digit() {
        assert_eq!(refused(&changed(PRIVATE, "<Numero>12/2026", "<Numero>XII")), ["00425"]);
        assert_eq!(refused(&changed(PRIVATE, "<Numero>12/2026", "<Numero>A0")), NOTHING);
    }

    #[test]
    fn a_credit_note_is_not_older_than_its_invoice() {
        let linked = "<Data>2026-05-11</Data>\n      </DatiFattureCollegate>";
        let on = |day: &str| changed(LOT, linked, &linked.replace("2026-05-11", day));
        assert_eq!(refused(&on("2026-05-12")), NOTHING);
        assert_eq!(refused(&on("2026-05-13")), ["00418"]);
        assert_eq!(refused(&changed(REVERSE_CHARGE, "<Data>2026-04-30", "<Data>2026-05-30")), NOTHING);
    }

    #[test]
    fn withholding_is_told_where_something_is_subject_to_it() {
        let start = FEE.find("<DatiRitenuta>").expect("withholding");
        let end = FEE.find("</DatiRitenuta>").expect("withholding") + "</DatiRitenuta>".len();
        let without = changed(FEE, &FEE[start..end], "");
        assert_eq!(refused(&without), ["00411"]);
        let of_fund = |base: &str| changed(base, "</AliquotaIVA>\n        </DatiCassa", "</AliquotaIVA><Ritenuta>SI</Ritenuta></DatiCassa");
        assert_eq!(refused(&of_fund(FEE)), NOTHING);
        assert_eq!(
            refused(&changed(&of_fund(&without), "<Ritenuta>SI</Ritenuta>\n      </DettaglioLinee>", "</DettaglioLinee>")),
            ["00415"]
        );
    }

    #[test]
    fn a_discount_on_the_whole_says_how_much() {
        assert_eq!(refused(&changed(DISCOUNTS, "<Importo>33.56</Importo>", "")), ["00437"]);
        assert_eq!(refused(&changed(DISCOUNTS, "<Importo>33.56</Importo>", "<Percentuale>1.00</Percentuale>")), NOTHING);
    }
}
