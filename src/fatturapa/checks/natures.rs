//! Natures: why no VAT is due, and where that must be said.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::body::{Body, Place, Rated};
use super::told::{Told, words};
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::tree::Element;
use crate::fatturapa::unreadable::excerpt;

/// The natures that must be told in detail, as N2.1 and the like.
const IN_DETAIL: [&str; 3] = ["N2", "N3", "N6"];

/// All checks of this file.
pub(super) fn check(told: &mut Told, body: &Body<'_, '_>) {
    for rated in body.rated() {
        let (missing, present) = match rated.place {
            Place::Fund => ("00413", "00414"),
            Place::Line => ("00400", "00401"),
            Place::Summary => ("00429", "00430"),
        };
        // A supplement for a reverse charge says both: the rate, and the nature that the seller's invoice had. Pension funds are not
        // exempted.
        let may_have_both = body.document_type == Some(DocumentType::DomesticReverseCharge) && rated.place != Place::Fund;
        let numbers = (rated.place.rate_number(), rated.place.nature_number());
        nature_missing(told, missing, rated.element, rated.rate(), numbers);
        if !may_have_both {
            nature_beside_a_rate(told, present, rated.nature_element(), rated.rate(), numbers);
        }
        without_detail(told, body.date, rated.nature_element(), rated.place.nature_number());
    }
    for summary in body.summaries() {
        reverse_charge_with_split_payment(told, summary);
    }
    nature_on_one_side_only(told, body);
}

/// 00400, 00413, 00429: what bears no VAT says why.
pub(super) fn nature_missing(told: &mut Told, code: &'static str, element: Element<'_, '_>, rate: Option<Decimal>, numbers: (&str, &str)) {
    if rate == Some(Decimal::ZERO) && element.child("Natura").is_none() {
        let (of_rate, of_nature) = numbers;
        told.refused(code, element, || {
            words!(
                "l'aliquota {of_rate} è 0,00, ma manca {of_nature} Natura: indicare il motivo per cui l'IVA non è dovuta (Natura), per \
                 esempio N4, oppure l'aliquota",
                "the rate {of_rate} is 0.00, but {of_nature} Natura is missing: add why no VAT is due, for example N4, or give the rate"
            )
        });
    }
}

/// 00401, 00414, 00430: what bears VAT gives no reason for not bearing it.
pub(super) fn nature_beside_a_rate(
    told: &mut Told,
    code: &'static str,
    nature: Option<Element<'_, '_>>,
    rate: Option<Decimal>,
    numbers: (&str, &str),
) {
    let (Some(element), Some(rate)) = (nature, rate) else { return };
    let nature = excerpt(element.text().trim());
    if rate != Decimal::ZERO && !nature.is_empty() {
        let ((of_rate, of_nature), rate) = (numbers, super::amounts::shown(rate));
        told.refused(code, element, || {
            words!(
                rate =>
                "{of_nature} Natura è {nature}, ma l'aliquota {of_rate} è {rate}: togliere Natura, oppure indicare l'aliquota 0,00",
                "{of_nature} Natura is {nature}, but the rate {of_rate} is {rate}: take Natura out, or give the rate 0.00"
            )
        });
    }
}

/// 00445: since 2021 some natures must be told in detail.
pub(super) fn without_detail(told: &mut Told, date: Option<NaiveDate>, nature: Option<Element<'_, '_>>, number: &str) {
    let since = NaiveDate::from_ymd_opt(2021, 1, 1);
    let Some(element) = nature.filter(|nature| IN_DETAIL.contains(&nature.text().trim())) else { return };
    if date >= since && since.is_some() {
        let nature = element.text().trim();
        told.refused("00445", element, || {
            words!(
                "{number} Natura è {nature}, che dal 2021 non è più ammessa: indicare quella di dettaglio, {nature}.1 o seguenti",
                "{number} Natura is {nature}, which is not allowed any more since 2021: give the detailed one, {nature}.1 or one of the \
                 next"
            )
        });
    }
}

/// 00420: with split payment the customer pays the VAT for the seller, with a reverse charge the seller charges none.
fn reverse_charge_with_split_payment(told: &mut Told, summary: Element<'_, '_>) {
    let split = summary.text_at("EsigibilitaIVA") == Some("S");
    let reverse = summary.child("Natura").filter(|nature| nature.text().trim().starts_with("N6"));
    if let (true, Some(element)) = (split, reverse) {
        let nature = excerpt(element.text().trim());
        told.refused("00420", element, || {
            words!(
                "[2.2.2.2] Natura è {nature} (inversione contabile), ma [2.2.2.7] EsigibilitaIVA è S (scissione dei pagamenti): le due \
                 cose si escludono, togliere quella sbagliata",
                "[2.2.2.2] Natura is {nature} (reverse charge), but [2.2.2.7] EsigibilitaIVA is S (split payment): they exclude each \
                 other, take the wrong one out"
            )
        });
    }
}

/// 00444: every nature of lines and pension funds has a summary, and every summary's nature a line or fund; as for rates (00443).
fn nature_on_one_side_only(told: &mut Told, body: &Body<'_, '_>) {
    let summaries = body.summaries().map(|element| Rated { element, place: Place::Summary });
    let (summed_up, summaries) = (by_nature(body.summed_up()), by_nature(summaries));
    for (nature, rated) in summed_up.iter().filter(|(nature, _)| !summaries.contains_key(*nature)) {
        let Some(element) = rated.nature_element() else { continue };
        let (number, nature) = (rated.place.nature_number(), excerpt(nature));
        told.refused("00444", element, || {
            words!(
                "{number} Natura {nature} non è in nessun riepilogo [2.2.2.2]: aggiungere il suo [2.2.2] DatiRiepilogo, o correggere la \
                 natura",
                "{number} Natura {nature} is in no summary [2.2.2.2]: add its [2.2.2] DatiRiepilogo, or correct the nature"
            )
        });
    }
    for (nature, summary) in summaries.iter().filter(|(nature, _)| !summed_up.contains_key(*nature)) {
        let Some(element) = summary.nature_element() else { continue };
        let nature = excerpt(nature);
        told.refused("00444", element, || {
            words!(
                "[2.2.2.2] Natura {nature} non corrisponde a nessuna linea [2.2.1.14] o cassa previdenziale [2.1.1.7.7]: togliere il riepilogo, o \
                 correggere la natura",
                "[2.2.2.2] Natura {nature} belongs to no line [2.2.1.14] or pension fund [2.1.1.7.7]: take the summary out, or correct the \
                 nature"
            )
        });
    }
}

/// The first element with each nature.
fn by_nature<'d, 't>(rated: impl Iterator<Item = Rated<'d, 't>>) -> BTreeMap<&'d str, Rated<'d, 't>> {
    let mut firsts = BTreeMap::new();
    for rated in rated {
        if let Some(nature) = rated.nature() {
            firsts.entry(nature).or_insert(rated);
        }
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FEE, RATES, REVERSE_CHARGE, changed, changed_after, refused};

    const NOTHING: [&str; 0] = [];
    const LINE: &str = "<DettaglioLinee><NumeroLinea>9</NumeroLinea><Descrizione>Omaggio</Descrizione><PrezzoUnitario>0.00</PrezzoUnitario>\
                        <PrezzoTotale>0.00</PrezzoTotale><AliquotaIVA>0.00</AliquotaIVA></DettaglioLinee><DatiRiepilogo>";
    const SUMMARY: &str = "<DatiRiepilogo><AliquotaIVA>0.00</AliquotaIVA><ImponibileImporto>0.00</ImponibileImporto>\
                           <Imposta>0.00</Imposta></DatiRiepilogo>\
                           <DatiRiepilogo>";
    const FUND: &str = "<DatiCassaPrevidenziale><TipoCassa>TC22</TipoCassa><AlCassa>4.00</AlCassa>\
                    <ImportoContributoCassa>0.00</ImportoContributoCassa>\
                        <AliquotaIVA>0.00</AliquotaIVA></DatiCassaPrevidenziale><DatiCassaPrevidenziale>";

    #[test]
    fn what_bears_no_vat_says_why() {
        for (base, from, without, code) in [
            (RATES, "<DatiRiepilogo>", LINE, "00400"),
            (RATES, "<DatiRiepilogo>", SUMMARY, "00429"),
            (FEE, "<DatiCassaPrevidenziale>", FUND, "00413"),
        ] {
            assert_eq!(refused(&changed(base, from, without)), [code]);
            let with = without.replace(
                "0.00</AliquotaIVA>",
                if base == FEE { "0.00</AliquotaIVA><Natura>N1</Natura>" } else { "0.00</AliquotaIVA><Natura>N4</Natura>" },
            );
            assert_eq!(refused(&changed(base, from, &with)), NOTHING);
        }
    }

    #[test]
    fn what_bears_vat_does_not() {
        for (base, marker, nature, code) in [
            (RATES, "<DettaglioLinee>", "N4", "00401"),
            (RATES, "<DatiRiepilogo>", "N4", "00430"),
            (FEE, "<DatiCassaPrevidenziale>", "N1", "00414"),
        ] {
            let to = format!("22.00</AliquotaIVA><Natura>{nature}</Natura>");
            assert_eq!(refused(&changed_after(base, marker, "22.00</AliquotaIVA>", &to)), [code]);
        }
    }

    #[test]
    fn a_supplement_for_a_reverse_charge_may_say_both() {
        assert_eq!(refused(&changed(REVERSE_CHARGE, "TD16", "TD01")), ["00401", "00401", "00430", "00430"]);
        let fund = "<DatiCassaPrevidenziale><TipoCassa>TC22</TipoCassa><AlCassa>4.00</AlCassa>\
                    <ImportoContributoCassa>0.00</ImportoContributoCassa>\
                    <AliquotaIVA>22.00</AliquotaIVA><Natura>N6.7</Natura></DatiCassaPrevidenziale><ImportoTotaleDocumento>";
        assert_eq!(refused(&changed(REVERSE_CHARGE, "<ImportoTotaleDocumento>", fund)), ["00414"]);
    }

    #[test]
    fn split_payment_and_reverse_charge_exclude_each_other() {
        let summary = |chargeability: &str| {
            changed(
                REVERSE_CHARGE,
                "<Imposta>66.00</Imposta>",
                &format!("<Imposta>66.00</Imposta><EsigibilitaIVA>{chargeability}</EsigibilitaIVA>"),
            )
        };
        assert_eq!(refused(&summary("S")), ["00420"]);
        assert_eq!(refused(&summary("I")), NOTHING);
        assert_eq!(refused(&summary("D")), NOTHING);
    }

    #[test]
    fn natures_of_lines_and_summaries_are_the_same() {
        assert_eq!(refused(&changed_after(RATES, "<DatiRiepilogo>", "<Natura>N4", "<Natura>N5")), ["00444", "00444"]);
        assert_eq!(refused(&changed(FEE, "<Natura>N2.2", "<Natura>N4")), ["00444", "00444"]);
        let other = SUMMARY.replace("</AliquotaIVA>", "</AliquotaIVA><Natura>N5</Natura>");
        assert_eq!(refused(&changed(RATES, "<DatiRiepilogo>", &other)), ["00444"]);
    }

    #[test]
    fn since_2021_natures_are_told_in_detail() {
        let without_detail = RATES.replace("<Natura>N3.1", "<Natura>N3");
        assert_eq!(refused(&without_detail), ["00445", "00445"]);
        assert_eq!(refused(&changed(&without_detail, "<Data>2026-05-04", "<Data>2021-01-01")), ["00445", "00445"]);
        assert_eq!(refused(&changed(&without_detail, "<Data>2026-05-04", "<Data>2020-12-31")), NOTHING);
        assert_eq!(refused(&FEE.replace("<Natura>N2.2", "<Natura>N2")), ["00445", "00445"]);
        assert_eq!(refused(&REVERSE_CHARGE.replace("<Natura>N6.1", "<Natura>N6")), ["00445", "00445"]);
    }
}
