//! VAT rates, and whether lines and pension funds on one side and summaries on the other have the same.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::amounts::shown;
use super::body::{Body, Place, Rated};
use super::told::{Told, words};

/// All checks of this file.
pub(super) fn check(told: &mut Told, body: &Body<'_, '_>) {
    for rated in body.rated() {
        fraction_for_per_cent(told, rated);
    }
    // With a rate that cannot be read nobody knows which one is missing.
    if let (Some(summed_up), Some(summaries)) = (by_rate(body.summed_up()), by_rate(summaries(body))) {
        fewer_summaries_than_rates(told, body, &summed_up);
        rate_on_one_side_only(told, &summed_up, &summaries);
    }
}

fn summaries<'d, 't>(body: &Body<'d, 't>) -> impl Iterator<Item = Rated<'d, 't>> {
    body.summaries().map(|element| Rated { element, place: Place::Summary })
}

/// The first element with each rate; none if a rate cannot be read.
fn by_rate<'d, 't>(mut rated: impl Iterator<Item = Rated<'d, 't>>) -> Option<BTreeMap<Decimal, Rated<'d, 't>>> {
    rated.try_fold(BTreeMap::new(), |mut firsts, rated| {
        firsts.entry(rated.rate()?).or_insert(rated);
        Some(firsts)
    })
}

/// 00424: 22 per cent is written 22.00, not 0.22.
fn fraction_for_per_cent(told: &mut Told, rated: Rated<'_, '_>) {
    let (Some(rate), Some(element)) = (rated.rate(), rated.rate_element()) else { return };
    if rate > Decimal::ZERO && rate < Decimal::ONE {
        let (number, found, meant) = (rated.place.rate_number(), shown(rate), shown(rate * Decimal::ONE_HUNDRED));
        told.refused("00424", element, || {
            words!(
                found, meant =>
                "{number} AliquotaIVA è {found}: l'aliquota va indicata in percentuale, per esempio {meant}",
                "{number} AliquotaIVA is {found}: the rate must be given in per cent, for example {meant}"
            )
        });
    }
}

/// 00419: there are at least as many summaries as different rates of lines and pension funds. The rule only counts; which rate has no
/// summary is told as 00443, which always comes along.
fn fewer_summaries_than_rates(told: &mut Told, body: &Body<'_, '_>, summed_up: &BTreeMap<Decimal, Rated<'_, '_>>) {
    let count = body.summaries().count();
    let Some(goods) = body.element.child("DatiBeniServizi") else { return };
    if count < summed_up.len() {
        let (rates, listed) = (summed_up.len(), list(summed_up));
        told.refused("00419", goods, || {
            words!(
                listed =>
                "linee [2.2.1.12] e casse previdenziali [2.1.1.7.5] hanno {rates} aliquote IVA ({listed}), ma la fattura ha solo {count} [2.2.2] \
                 DatiRiepilogo: aggiungere un riepilogo per ogni aliquota che non ne ha",
                "lines [2.2.1.12] and pension funds [2.1.1.7.5] have {rates} VAT rates ({listed}), but the invoice has only {count} [2.2.2] \
                 DatiRiepilogo: add a summary for each rate that has none"
            )
        });
    }
}

/// 00443: every rate of lines and pension funds has a summary, and every summary a line or fund.
///
/// The specification's pseudocode has the first half only; a summary of 22.00 and 0.00 euro beside lines of 0.00 alone was refused by the
/// SdI with this code, and validators have refused it since.
fn rate_on_one_side_only(told: &mut Told, summed_up: &BTreeMap<Decimal, Rated<'_, '_>>, summaries: &BTreeMap<Decimal, Rated<'_, '_>>) {
    for (rate, rated) in summed_up.iter().filter(|(rate, _)| !summaries.contains_key(rate)) {
        let Some(element) = rated.rate_element() else { continue };
        let (number, rate, listed) = (rated.place.rate_number(), shown(*rate), list(summaries));
        told.refused("00443", element, || {
            words!(
                rate, listed =>
                "{number} AliquotaIVA {rate} non è in nessun riepilogo [2.2.2.1] (ci sono: {listed}): aggiungere il suo [2.2.2] \
                 DatiRiepilogo, o correggere l'aliquota",
                "{number} AliquotaIVA {rate} is in no summary [2.2.2.1] (there are: {listed}): add its [2.2.2] DatiRiepilogo, or correct \
                 the rate"
            )
        });
    }
    for (rate, summary) in summaries.iter().filter(|(rate, _)| !summed_up.contains_key(rate)) {
        let Some(element) = summary.rate_element() else { continue };
        let (rate, listed) = (shown(*rate), list(summed_up));
        told.refused("00443", element, || {
            words!(
                rate, listed =>
                "[2.2.2.1] AliquotaIVA {rate} non corrisponde a nessuna linea [2.2.1.12] o cassa previdenziale [2.1.1.7.5] (ci sono: {listed}): \
                 togliere il riepilogo, o correggere l'aliquota",
                "[2.2.2.1] AliquotaIVA {rate} belongs to no line [2.2.1.12] or pension fund [2.1.1.7.5] (there are: {listed}): take the summary \
                 out, or correct the rate"
            )
        });
    }
}

/// Rates in words, the first few of them.
fn list(rates: &BTreeMap<Decimal, Rated<'_, '_>>) -> String {
    const TOLD: usize = 10;
    let mut listed: Vec<_> = rates.keys().take(TOLD).map(|rate| shown(*rate)).collect();
    if rates.len() > TOLD {
        listed.push("...".to_owned());
    }
    listed.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FEE, PLAFOND, RATES, changed, changed_after, refused};

    const NOTHING: [&str; 0] = [];

    /// A summary of nothing.
    fn with_summary(rate: &str) -> String {
        let summary = format!(
            "<DatiRiepilogo><AliquotaIVA>{rate}</AliquotaIVA><ImponibileImporto>0.00</ImponibileImporto>\
             <Imposta>0.00</Imposta></DatiRiepilogo>"
        );
        changed(RATES, "<DatiRiepilogo>", &(summary + "<DatiRiepilogo>"))
    }

    fn without_last_summary(base: &str) -> String {
        let (start, end) = (base.rfind("<DatiRiepilogo>").expect("one"), base.rfind("</DatiRiepilogo>").expect("one"));
        changed(base, &base[start..end + "</DatiRiepilogo>".len()], "")
    }

    #[test]
    fn rates_are_in_per_cent() {
        let of = |rate: &str, tax: &str| {
            changed(&RATES.replace("<AliquotaIVA>4.00", &format!("<AliquotaIVA>{rate}")), "<Imposta>2.00", &format!("<Imposta>{tax}"))
        };
        assert_eq!(refused(&of("0.04", "0.02")), ["00424", "00424"]);
        assert_eq!(refused(&of("0.99", "0.50")), ["00424", "00424"]);
        assert_eq!(refused(&of("1.00", "0.50")), NOTHING);
        assert_eq!(refused(&changed(FEE, "<AliquotaIVA>22.00", "<AliquotaIVA>0.22"))[..2], ["00424", "00443"]);
    }

    #[test]
    fn every_rate_has_a_summary() {
        assert_eq!(refused(&changed_after(RATES, "Tazze", "<AliquotaIVA>22.00", "<AliquotaIVA>5.00")), ["00443", "00443"]);
        assert_eq!(refused(&changed(FEE, "<AliquotaIVA>22.00", "<AliquotaIVA>10.00")), ["00443", "00422"]);
    }

    #[test]
    fn every_summary_has_a_line() {
        assert_eq!(refused(&with_summary("5.00")), ["00443"]);
        assert_eq!(refused(&with_summary("22.00")), NOTHING);
    }

    #[test]
    fn fewer_summaries_than_rates_are_counted_and_the_rate_without_one_is_told_too() {
        assert_eq!(refused(&without_last_summary(PLAFOND)), ["00419", "00443"]);
        // Five summaries for four rates: one may be missing without the counts telling.
        let start = RATES.find("<DatiRiepilogo>\n        <AliquotaIVA>4.00").expect("one");
        let end = start + RATES[start..].find("</DatiRiepilogo>").expect("its end") + "</DatiRiepilogo>".len();
        assert_eq!(refused(&changed(RATES, &RATES[start..end], "")), ["00443"]);
    }
}
