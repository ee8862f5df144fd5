//! Summaries: taxable amounts and taxes.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::amounts::{CENT, number_at, number_of, number_or, per_cent, shown, sum, to_cents, within};
use super::body::{Body, Place, Rated};
use super::told::{Told, words};
use crate::fatturapa::tree::Element;

/// The taxable amount may be so far from its parts: one euro.
const EURO: Decimal = Decimal::ONE;

/// All checks of this file.
pub(super) fn check(told: &mut Told, body: &Body<'_, '_>) {
    for summary in body.summaries() {
        tax_is_not_rate_times_taxable(told, summary);
    }
    taxable_is_not_the_sum_of_its_parts(told, body);
}

/// 00421: the tax is the rate times the taxable amount, rounded to cents, give or take one.
fn tax_is_not_rate_times_taxable(told: &mut Told, summary: Element<'_, '_>) {
    let (Some(rate), Some(taxable)) = (number_at(summary, "AliquotaIVA"), number_at(summary, "ImponibileImporto")) else { return };
    let (Some(element), Some(expected)) = (summary.child("Imposta"), per_cent(taxable, rate).map(to_cents)) else { return };
    let Some(tax) = number_of(element).filter(|tax| !within(CENT, *tax, expected)) else { return };
    told.refused("00421", element, || {
        let (tax, expected, rate, taxable) = (shown(tax), shown(expected), shown(rate), shown(taxable));
        words!(
            tax, rate, taxable, expected =>
            "[2.2.2.6] Imposta è {tax}, ma [2.2.2.1] AliquotaIVA {rate} per [2.2.2.5] ImponibileImporto {taxable} / 100 fa {expected} \
             (tolleranza 0,01): correggere l'imposta, o l'aliquota o l'imponibile",
            "[2.2.2.6] Imposta is {tax}, but [2.2.2.1] AliquotaIVA {rate} times [2.2.2.5] ImponibileImporto {taxable} / 100 makes \
             {expected} (tolerance 0.01): correct the tax, or the rate or the taxable amount"
        )
    });
}

/// What lines, pension funds and summaries of one rate (and nature) amount to; none where a number cannot be read or is too large.
struct Parts<'d, 't> {
    lines: Option<Decimal>,
    funds: Option<Decimal>,
    rounding: Option<Decimal>,
    taxable: Option<Decimal>,
    /// Whether there is a line or fund.
    summed_up: bool,
    /// The first summary.
    summary: Option<Element<'d, 't>>,
}

impl<'d, 't> Parts<'d, 't> {
    const NOTHING: Self = Self {
        lines: Some(Decimal::ZERO),
        funds: Some(Decimal::ZERO),
        rounding: Some(Decimal::ZERO),
        taxable: Some(Decimal::ZERO),
        summed_up: false,
        summary: None,
    };

    fn add(&mut self, Rated { element, place }: Rated<'d, 't>) {
        let add = |to: &mut Option<Decimal>, number| *to = sum([*to, number]);
        self.summed_up |= place != Place::Summary;
        match place {
            Place::Line => add(&mut self.lines, number_at(element, "PrezzoTotale")),
            Place::Fund => add(&mut self.funds, number_at(element, "ImportoContributoCassa")),
            Place::Summary => {
                add(&mut self.taxable, number_at(element, "ImponibileImporto"));
                add(&mut self.rounding, number_or(element, "Arrotondamento", Decimal::ZERO));
                self.summary.get_or_insert(element);
            }
        }
    }

    /// Where the summaries say what they should not, what they say and what they should say.
    fn difference(&self) -> Option<(Element<'d, 't>, Decimal, Decimal)> {
        let element = self.summary.filter(|_| self.summed_up)?.child("ImponibileImporto")?;
        let expected = sum([self.lines, self.funds, self.rounding])?;
        let found = self.taxable?;
        (!within(EURO, found, expected)).then_some((element, found, expected))
    }
}

/// 00422: for each rate, the taxable amounts of its summaries together are the lines' totals, the pension funds' contributions and the
/// summaries' roundings, give or take a euro.
///
/// The rule goes by rate alone. Where a rate of zero has several natures, their sums may be mixed up within it without the SdI noticing:
/// that is advice (NATURE_TOTAL). A rate without summary, or a summary without lines, is 00443's matter, not told twice. Discounts on the
/// whole document are no part of it. ENASARCO (TC07) is a withholding rather than a fund, yet the rule makes no exception for it: the tax
/// agency has it told in AltriDatiGestionali.
fn taxable_is_not_the_sum_of_its_parts(told: &mut Told, body: &Body<'_, '_>) {
    let mut rates: BTreeMap<Decimal, Parts<'_, '_>> = BTreeMap::new();
    let mut natures: BTreeMap<(Decimal, Option<&str>), Parts<'_, '_>> = BTreeMap::new();
    for rated in body.rated() {
        // With a rate that cannot be read nobody knows whose part the amount is.
        let Some(rate) = rated.rate() else { return };
        rates.entry(rate).or_insert(Parts::NOTHING).add(rated);
        natures.entry((rate, rated.nature())).or_insert(Parts::NOTHING).add(rated);
    }
    for (rate, parts) in &rates {
        tell_taxable(told, *rate, parts);
    }
    for ((rate, nature), parts) in &natures {
        if rates.get(rate).is_some_and(|rate| rate.difference().is_none()) {
            advise_nature(told, nature.unwrap_or_default(), parts);
        }
    }
}

fn tell_taxable(told: &mut Told, rate: Decimal, parts: &Parts<'_, '_>) {
    let Some((element, found, expected)) = parts.difference() else { return };
    told.refused("00422", element, || {
        let (rate, found, expected) = (shown(rate), shown(found), shown(expected));
        let [lines, funds, rounding] = [parts.lines, parts.funds, parts.rounding].map(|part| part.map(shown).unwrap_or_default());
        words!(
            rate, found, lines, funds, rounding, expected =>
            "[2.2.2.5] ImponibileImporto con aliquota {rate} è in tutto {found}, ma linee [2.2.1.11] {lines} + casse previdenziali \
             [2.1.1.7.3] {funds} + arrotondamenti [2.2.2.4] {rounding} fa {expected} (tolleranza 1,00): correggere l'imponibile o le \
             linee",
            "[2.2.2.5] ImponibileImporto with the rate {rate} is {found} altogether, but lines [2.2.1.11] {lines} + pension funds \
             [2.1.1.7.3] {funds} + roundings [2.2.2.4] {rounding} makes {expected} (tolerance 1.00): correct the taxable amount or the \
             lines"
        )
    });
}

fn advise_nature(told: &mut Told, nature: &str, parts: &Parts<'_, '_>) {
    let Some((element, found, expected)) = parts.difference() else { return };
    told.advised("NATURE_TOTAL", element, || {
        let (found, expected) = (shown(found), shown(expected));
        words!(
            found, expected =>
            "[2.2.2.5] ImponibileImporto con natura {nature} è in tutto {found}, ma linee, casse previdenziali e arrotondamenti con quella \
             natura fanno {expected}: il SdI confronta solo il totale dell'aliquota, ma distribuirlo secondo le nature",
            "[2.2.2.5] ImponibileImporto with the nature {nature} is {found} altogether, but lines, pension funds and roundings with that \
             nature make {expected}: the SdI compares the rate's total only, but divide it by natures"
        )
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DISCOUNTS, FEE, PRIVATE, RATES, changed, codes, findings, refused};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_tax_may_be_a_cent_off() {
        for (tax, found) in [("22.01", &[][..]), ("21.99", &[]), ("22.02", &["00421"]), ("21.98", &["00421"]), ("-22.00", &["00421"])] {
            assert_eq!(refused(&changed(PRIVATE, "<Imposta>22.00", &format!("<Imposta>{tax}"))), found, "{tax}");
        }
    }

    #[test]
    fn a_tax_is_rounded_half_up() {
        let of = |taxable: &str, tax: &str| {
            refused(&changed(
                &changed(PRIVATE, "<ImponibileImporto>100.00", &format!("<ImponibileImporto>{taxable}")),
                "<Imposta>22.00",
                &format!("<Imposta>{tax}"),
            ))
        };
        // 22 per cent of 100.25 is 22.055, rounded 22.06.
        for (tax, found) in [("22.04", &["00421"][..]), ("22.05", &[]), ("22.07", &[]), ("22.08", &["00421"])] {
            assert_eq!(of("100.25", tax), found, "{tax}");
        }
    }

    #[test]
    fn a_taxable_amount_may_be_a_euro_off() {
        let of = |taxable: &str, tax: &str| {
            refused(&changed(
                &changed(FEE, "<ImponibileImporto>1560.00", &format!("<ImponibileImporto>{taxable}")),
                "<Imposta>343.20",
                &format!("<Imposta>{tax}"),
            ))
        };
        assert_eq!(of("1561.00", "343.42"), NOTHING);
        assert_eq!(of("1559.00", "342.98"), NOTHING);
        assert_eq!(of("1561.01", "343.42"), ["00422"]);
        assert_eq!(of("1558.99", "342.98"), ["00422"]);
    }

    #[test]
    fn funds_and_roundings_are_parts_of_a_taxable_amount() {
        assert_eq!(refused(&changed(FEE, "<ImportoContributoCassa>60.00", "<ImportoContributoCassa>62.00")), ["00422"]);
        assert_eq!(refused(&changed(DISCOUNTS, "<Arrotondamento>0.63", "<Arrotondamento>-0.36")), NOTHING);
        assert_eq!(refused(&changed(DISCOUNTS, "<Arrotondamento>0.63", "<Arrotondamento>-0.37")), ["00422"]);
    }

    #[test]
    fn summaries_of_one_rate_are_added_up() {
        let half = "<ImponibileImporto>50.00</ImponibileImporto><Imposta>11.00</Imposta></DatiRiepilogo>";
        let halves = format!("{half}<DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA>{half}");
        let whole = "<ImponibileImporto>100.00</ImponibileImporto>\n        <Imposta>22.00</Imposta>\n      </DatiRiepilogo>";
        assert_eq!(codes(&changed(PRIVATE, whole, &halves)), NOTHING);
        assert_eq!(refused(&changed(PRIVATE, whole, half)), ["00422"]);
    }

    #[test]
    fn sums_mixed_up_between_natures_are_advised_against() {
        let mixed = changed(
            &changed(RATES, "<ImponibileImporto>60.00", "<ImponibileImporto>58.00"),
            "<ImponibileImporto>33.00",
            "<ImponibileImporto>35.00",
        );
        assert_eq!(codes(&mixed), ["NATURE_TOTAL", "NATURE_TOTAL"]);
        let wrong = changed(RATES, "<ImponibileImporto>60.00", "<ImponibileImporto>58.00");
        assert_eq!(refused(&wrong), ["00422"]);
        assert!(!codes(&wrong).contains(&"NATURE_TOTAL"));
    }

    #[test]
    fn the_message_tells_the_parts() {
        let found = findings(&changed(FEE, "<ImponibileImporto>1560.00", "<ImponibileImporto>1500.00"));
        let found = found.iter().find(|found| found.code == "00422").expect("found");
        assert_eq!(
            found.message.english,
            "[2.2.2.5] ImponibileImporto with the rate 22.00 is 1500.00 altogether, but lines [2.2.1.11] 1500.00 + pension funds \
             [2.1.1.7.3] 60.00 + roundings [2.2.2.4] 0.00 makes 1560.00 (tolerance 1.00): correct the taxable amount or the lines"
        );
    }
}
