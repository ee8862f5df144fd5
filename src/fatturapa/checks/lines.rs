//! Lines: the arithmetic of prices and discounts.

use rust_decimal::Decimal;

use super::amounts::{CENT, number_at, number_of, number_or, per_cent, shown, to_cents, within};
use super::body::Body;
use super::general::{discount_of_nothing, tell_discount_of_nothing};
use super::told::{Told, words};
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::tree::Element;

/// All checks of this file.
pub(super) fn check(told: &mut Told, body: &Body<'_, '_>) {
    for line in body.lines() {
        for discount in line.all("ScontoMaggiorazione").filter(|discount| discount_of_nothing(*discount)) {
            tell_discount_of_nothing(told, "00438", "2.2.1.10", discount);
        }
        total_is_not_price_times_quantity(told, line);
        if body.document_type == Some(DocumentType::PlafondExceeded) {
            rate_of_nothing(told, line);
        }
    }
}

/// 00474: whoever exceeds the plafond owes VAT on every line.
fn rate_of_nothing(told: &mut Told, line: Element<'_, '_>) {
    let Some(element) = line.child("AliquotaIVA").filter(|rate| number_of(*rate) == Some(Decimal::ZERO)) else { return };
    told.refused("00474", element, || {
        words!(
            "[2.2.1.12] AliquotaIVA è 0,00, ma con [2.1.1.1] TipoDocumento TD21 ogni linea deve avere l'IVA: indicare l'aliquota dovuta",
            "[2.2.1.12] AliquotaIVA is 0.00, but with [2.1.1.1] TipoDocumento TD21 every line must bear VAT: give the rate that is due"
        )
    });
}

/// How a discount is read where readers differ.
#[derive(Clone, Copy)]
enum Reading {
    /// As the specification has it: an amount counts as it stands, and before a percentage beside it.
    ToTheLetter,
    /// As validators that follow the SdI's own answers have it: an amount below zero counts without its sign, and one of zero not at all.
    Forgiving,
}

/// 00423: the line's total is the unit price, with discounts and increases in their order, times the quantity (1 if there is none).
///
/// A percentage is of the price as the discounts before it have left it, and nothing is rounded on the way: the specification's own example
/// has 500.00 less 8.50, 5.15 and 3.00 per cent, times 100, be 42092.05875. An amount is of the unit price, not of the line.
///
/// The tolerance is a cent. From the exact product, says the specification, and a total 0.0112 away was once refused; others round the
/// product to cents first, or allow nearly two cents. What either of the first two readings accepts is not refused.
fn total_is_not_price_times_quantity(told: &mut Told, line: Element<'_, '_>) {
    let Some(element) = line.child("PrezzoTotale") else { return };
    let (Some(total), Some(quantity)) = (number_of(element), number_or(line, "Quantita", Decimal::ONE)) else { return };
    let expected = |reading| price(line, reading)?.checked_mul(quantity);
    let (Some(exact), Some(forgiving)) = (expected(Reading::ToTheLetter), expected(Reading::Forgiving)) else { return };
    let fits = |expected: Decimal| within(CENT, total, expected) || within(CENT, total, to_cents(expected));
    if fits(exact) || fits(forgiving) {
        return;
    }
    told.refused("00423", element, || {
        let (total, expected, quantity) = (shown(total), shown(exact), shown(quantity));
        let price = price(line, Reading::ToTheLetter).map(shown).unwrap_or_default();
        words!(
            total, price, quantity, expected =>
            "[2.2.1.11] PrezzoTotale è {total}, ma [2.2.1.9] PrezzoUnitario con sconti e maggiorazioni [2.2.1.10] è {price} e per \
             [2.2.1.5] Quantita {quantity} fa {expected} (tolleranza 0,01): correggere il totale, o il prezzo (fino a 8 decimali), la \
             quantità o gli sconti",
            "[2.2.1.11] PrezzoTotale is {total}, but [2.2.1.9] PrezzoUnitario with discounts and increases [2.2.1.10] is {price}, which \
             times [2.2.1.5] Quantita {quantity} makes {expected} (tolerance 0.01): correct the total, or the price (up to 8 decimals), \
             the quantity or the discounts"
        )
    });
}

/// The unit price after all discounts and increases; none if one cannot be read, or it grows too large. Beyond 28 digits it is rounded, far
/// below what the tolerance would notice.
fn price(line: Element<'_, '_>, reading: Reading) -> Option<Decimal> {
    let unit = number_at(line, "PrezzoUnitario")?;
    line.all("ScontoMaggiorazione").try_fold(unit, |price, discount| {
        let amount = amount(discount, price, reading)?;
        match discount.text_at("Tipo")? {
            "SC" => price.checked_sub(amount),
            "MG" => price.checked_add(amount),
            _ => None,
        }
    })
}

/// How much a discount or increase is of a price.
fn amount(discount: Element<'_, '_>, price: Decimal, reading: Reading) -> Option<Decimal> {
    let amount = discount.child("Importo").map(number_of);
    let share = discount.child("Percentuale").map(|share| per_cent(price, number_of(share)?));
    match reading {
        Reading::ToTheLetter => amount.or(share).unwrap_or(Some(Decimal::ZERO)),
        Reading::Forgiving => match (amount, share) {
            (Some(Some(amount)), Some(share)) if amount.is_zero() => share,
            (Some(amount), _) => amount.map(|amount| amount.abs()),
            (None, Some(share)) => share,
            (None, None) => Some(Decimal::ZERO),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DISCOUNTS, PLAFOND, PRIVATE, changed, findings, refused};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_total_may_be_a_cent_off() {
        for (base, from, to, found) in [
            (PRIVATE, "<PrezzoTotale>100.00", "<PrezzoTotale>100.01", &[][..]),
            (PRIVATE, "<PrezzoTotale>100.00", "<PrezzoTotale>99.99", &[]),
            (PRIVATE, "<PrezzoTotale>100.00", "<PrezzoTotale>100.01000001", &["00423"]),
            (PRIVATE, "<PrezzoTotale>100.00", "<PrezzoTotale>100.02", &["00423"]),
            (PRIVATE, "<PrezzoTotale>100.00", "<PrezzoTotale>99.98", &["00423"]),
            (PRIVATE, "<PrezzoUnitario>100.00", "<Quantita>1.00</Quantita><PrezzoUnitario>100.00", &[]),
            (PRIVATE, "<PrezzoUnitario>100.00", "<Quantita>2.00</Quantita><PrezzoUnitario>100.00", &["00423"]),
            (PRIVATE, "<PrezzoUnitario>100.00", "<Quantita>0.00</Quantita><PrezzoUnitario>100.00", &["00423"]),
            // 22633.00 times 0.02437 is 551.56621: 551.58 is further than a cent from it, but not from it rounded.
            (DISCOUNTS, "<PrezzoTotale>551.56621", "<PrezzoTotale>551.58", &[]),
            (DISCOUNTS, "<PrezzoTotale>551.56621", "<PrezzoTotale>551.581", &["00423"]),
        ] {
            assert_eq!(refused(&changed(base, from, to)), found, "{to}");
        }
    }

    #[test]
    fn discounts_are_taken_off_in_their_order() {
        for (from, to, found) in [
            // 400.00 less 7.50 and 6.15 per cent, plus 2.25 per cent, times 100, is 35505.80125.
            ("<PrezzoTotale>35505.80", "<PrezzoTotale>35505.81", &[][..]),
            ("<PrezzoTotale>35505.80", "<PrezzoTotale>35505.82", &["00423"]),
            ("<PrezzoTotale>35505.80", "<PrezzoTotale>35505.78", &["00423"]),
            ("<Tipo>MG", "<Tipo>SC", &["00423"]),
            ("<Percentuale>7.50", "<Percentuale>7.51", &["00423"]),
            // An amount counts before the percentage beside it, and is of the unit price.
            ("<Percentuale>50.00", "<Percentuale>51.00", &[]),
            ("<Importo>20.00</Importo>", "", &["00423"]),
            ("<Importo>20.00", "<Importo>20.01", &["00423"]),
            ("<Importo>20.00</Importo>", "<Importo>0.00</Importo>", &["00423"]),
            // Readers differ in amounts below zero, and in amounts of zero.
            ("<Importo>20.00", "<Importo>-20.00", &[]),
            ("<Percentuale>50.00</Percentuale>\n          <Importo>20.00", "<Percentuale>5.00</Percentuale><Importo>0.00", &[]),
        ] {
            assert_eq!(refused(&changed(DISCOUNTS, from, to)), found, "{to}");
        }
    }

    #[test]
    fn an_amount_of_zero_may_count_before_a_percentage() {
        let nothing_off = changed(DISCOUNTS, "<Importo>20.00", "<Importo>0.00");
        let file = changed(&nothing_off, "<PrezzoTotale>37810.00", "<PrezzoTotale>39800.00");
        assert_eq!(refused(&file), ["00422"]);
    }

    #[test]
    fn a_discount_on_a_line_says_how_much() {
        let of_nothing = "<ScontoMaggiorazione><Tipo>SC</Tipo></ScontoMaggiorazione><PrezzoTotale>35505.80";
        assert_eq!(refused(&changed(DISCOUNTS, "<PrezzoTotale>35505.80", of_nothing)), ["00438"]);
    }

    #[test]
    fn an_exceeded_plafond_bears_vat_on_every_line() {
        let free = "<AliquotaIVA>0.00</AliquotaIVA><Natura>N4</Natura>";
        let line = changed(PLAFOND, "<AliquotaIVA>10.00</AliquotaIVA>", free);
        let both = changed(&line, "<AliquotaIVA>10.00</AliquotaIVA>", free);
        let file = changed(&both, "<Imposta>10.00", "<Imposta>0.00");
        assert_eq!(refused(&file), ["00474"]);
        assert_eq!(refused(&changed(&file, "TD21", "TD27")), NOTHING);
    }

    #[test]
    fn the_message_tells_the_numbers() {
        let found = findings(&changed(DISCOUNTS, "<PrezzoTotale>35505.80", "<PrezzoTotale>35505.90"));
        assert_eq!(found[0].path, "FatturaElettronicaBody/DatiBeniServizi/DettaglioLinee[1]/PrezzoTotale");
        assert_eq!(
            found[0].message.english,
            "[2.2.1.11] PrezzoTotale is 35505.90, but [2.2.1.9] PrezzoUnitario with discounts and increases [2.2.1.10] is 355.0580125, \
             which times [2.2.1.5] Quantita 100.00 makes 35505.80125 (tolerance 0.01): correct the total, or the price (up to 8 decimals), \
             the quantity or the discounts"
        );
        assert_eq!(
            found[0].message.italian,
            "[2.2.1.11] PrezzoTotale è 35.505,90, ma [2.2.1.9] PrezzoUnitario con sconti e maggiorazioni [2.2.1.10] è 355,0580125 e per \
             [2.2.1.5] Quantita 100,00 fa 35.505,80125 (tolleranza 0,01): correggere il totale, o il prezzo (fino a 8 decimali), la \
             quantità o gli sconti"
        );
    }
}
