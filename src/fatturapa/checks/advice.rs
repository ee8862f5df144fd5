//! Advice on dates and totals: what the SdI does not look at, and a good accountant does.

use rust_decimal::Decimal;

use super::amounts::{CENT, number_at, number_of, number_or, per_cent, shown, sum, within};
use super::body::Body;
use super::told::{Told, words};
use crate::fatturapa::finding::italian_day;
use crate::fatturapa::tree::Element;
use crate::fatturapa::values;

/// All advice of this file.
pub(super) fn advise(told: &mut Told, body: &Body<'_, '_>) {
    for line in body.lines() {
        period_ends_before_it_starts(told, line);
    }
    due_before_the_document(told, body);
    if let Some(sums) = Sums::of(body) {
        total_of_the_document(told, body, &sums);
        payments_do_not_add_up(told, body, &sums);
    }
}

/// PERIOD_ENDS_BEFORE_START.
fn period_ends_before_it_starts(told: &mut Told, line: Element<'_, '_>) {
    let day = |name| line.text_at(name).and_then(|text| values::date(text).ok());
    let (Some(start), Some(end), Some(element)) = (day("DataInizioPeriodo"), day("DataFinePeriodo"), line.child("DataFinePeriodo")) else {
        return;
    };
    if end < start {
        told.advised("PERIOD_ENDS_BEFORE_START", element, || {
            let (it_end, it_start) = (italian_day(end), italian_day(start));
            words!(
                "[2.2.1.8] DataFinePeriodo è {it_end}, prima di [2.2.1.7] DataInizioPeriodo {it_start}: scambiarle o correggerle",
                "[2.2.1.8] DataFinePeriodo is {end}, before [2.2.1.7] DataInizioPeriodo {start}: exchange or correct them"
            )
        });
    }
}

/// Whether a block of payments is of down payments, which are parts of the total and may have been paid before.
fn is_down_payment(block: Element<'_, '_>) -> bool {
    block.text_at("CondizioniPagamento") == Some("TP03")
}

/// DUE_BEFORE_DOCUMENT: nothing is due before it is asked for.
fn due_before_the_document(told: &mut Told, body: &Body<'_, '_>) {
    let Some(date) = body.date else { return };
    let payments =
        body.element.all("DatiPagamento").filter(|block| !is_down_payment(*block)).flat_map(|block| block.all("DettaglioPagamento"));
    for element in payments.filter_map(|payment| payment.child("DataScadenzaPagamento")) {
        if let Some(due) = values::date(element.text().trim()).ok().filter(|due| *due < date) {
            told.advised("DUE_BEFORE_DOCUMENT", element, || {
                let (it_due, it_date) = (italian_day(due), italian_day(date));
                words!(
                    "[2.4.2.5] DataScadenzaPagamento è {it_due}, prima della data del documento [2.1.1.3] {it_date}: correggere una delle \
                     due date",
                    "[2.4.2.5] DataScadenzaPagamento is {due}, before the document's date [2.1.1.3] {date}: correct one of the two dates"
                )
            });
        }
    }
}

/// What a document's parts amount to.
struct Sums {
    /// Taxable amounts and taxes of all summaries.
    summaries: Decimal,
    /// Discounts (below zero) and increases on the whole.
    discounts: Decimal,
    /// Arrotondamento of the whole.
    rounding: Decimal,
    /// ImportoBollo, which some add to the total and others put into a line.
    stamp: Decimal,
    /// What the customer withholds.
    withheld: Decimal,
    /// The tax that the customer pays to the treasury instead (split payment).
    split: Decimal,
}

impl Sums {
    /// None if something cannot be read or is too large.
    fn of(body: &Body<'_, '_>) -> Option<Self> {
        let general = body.general?;
        let taxable = body.summaries().map(|summary| number_at(summary, "ImponibileImporto"));
        let summaries = sum(taxable.chain(body.summaries().map(|summary| number_at(summary, "Imposta"))))?;
        let split = body.summaries().filter(|summary| summary.text_at("EsigibilitaIVA") == Some("S"));
        Some(Self {
            summaries,
            discounts: sum(general.all("ScontoMaggiorazione").map(|discount| on_the_whole(discount, summaries)))?,
            rounding: number_or(general, "Arrotondamento", Decimal::ZERO)?,
            stamp: sum(general.all("DatiBollo").map(|stamp| number_or(stamp, "ImportoBollo", Decimal::ZERO)))?,
            withheld: sum(general.all("DatiRitenuta").map(|withheld| number_at(withheld, "ImportoRitenuta")))?,
            split: sum(split.map(|summary| number_at(summary, "Imposta")))?,
        })
    }
}

/// How much a discount or increase on the whole changes it.
fn on_the_whole(discount: Element<'_, '_>, whole: Decimal) -> Option<Decimal> {
    let amount = match (discount.child("Importo"), discount.child("Percentuale")) {
        (Some(amount), _) => number_of(amount)?,
        (None, Some(share)) => per_cent(whole, number_of(share)?)?,
        (None, None) => Decimal::ZERO,
    };
    Some(if discount.text_at("Tipo") == Some("SC") { -amount } else { amount })
}

/// Whether an amount is the base with some of the changes; accountants differ in which ones go into it.
fn fits(found: Decimal, base: Decimal, changes: &[Decimal]) -> bool {
    match changes {
        [] => within(CENT, found, base),
        [change, rest @ ..] => fits(found, base, rest) || base.checked_add(*change).is_some_and(|base| fits(found, base, rest)),
    }
}

/// DOCUMENT_TOTAL: the total is that of the summaries, with discount, rounding and stamp duty where they are counted in.
fn total_of_the_document(told: &mut Told, body: &Body<'_, '_>, sums: &Sums) {
    let Some(element) = body.general.and_then(|general| general.child("ImportoTotaleDocumento")) else { return };
    let Some(total) = number_of(element).filter(|total| !fits(*total, sums.summaries, &[sums.discounts, sums.rounding, sums.stamp])) else {
        return;
    };
    let [total, summaries, discounts, rounding] = [total, sums.summaries, sums.discounts, sums.rounding].map(shown);
    told.advised("DOCUMENT_TOTAL", element, || {
        words!(
            total, summaries, discounts, rounding =>
            "[2.1.1.9] ImportoTotaleDocumento è {total}, ma imponibili e imposte dei riepiloghi [2.2.2] fanno {summaries} (sconti e \
             maggiorazioni [2.1.1.8] {discounts}, arrotondamento [2.1.1.10] {rounding}): correggere il totale",
            "[2.1.1.9] ImportoTotaleDocumento is {total}, but taxable amounts and taxes of the summaries [2.2.2] make {summaries} \
             (discounts and increases [2.1.1.8] {discounts}, rounding [2.1.1.10] {rounding}): correct the total"
        )
    });
}

/// PAYMENTS_TOTAL: payments together are the total, less what the customer withholds or pays to the treasury. Of down payments nothing can
/// be said, and several blocks may be ways to choose from, each for the whole.
fn payments_do_not_add_up(told: &mut Told, body: &Body<'_, '_>, sums: &Sums) {
    let blocks: Vec<_> = body.element.all("DatiPagamento").collect();
    let Some(first) = blocks.first() else { return };
    let whole = match body.general.and_then(|general| general.child("ImportoTotaleDocumento")) {
        Some(total) => number_of(total),
        None => Some(sums.summaries),
    };
    let of_block = |block: &Element<'_, '_>| sum(block.all("DettaglioPagamento").map(|payment| number_at(payment, "ImportoPagamento")));
    let each: Option<Vec<_>> = blocks.iter().map(of_block).collect();
    let (Some(whole), Some(each)) = (whole, each) else { return };
    let Some(all) = sum(each.iter().copied().map(Some)) else { return };
    let changes = [-sums.withheld, -sums.split, sums.rounding, sums.stamp];
    let settles = |paid: Decimal| fits(paid, whole, &changes) || fits(-paid, whole, &changes);
    let in_part = blocks.iter().any(|block| is_down_payment(*block));
    if in_part || all.is_zero() || settles(all) || each.iter().all(|paid| settles(*paid)) {
        return;
    }
    let [all, whole, withheld, split] = [all, whole, sums.withheld, sums.split].map(shown);
    told.advised("PAYMENTS_TOTAL", *first, || {
        words!(
            all, whole, withheld, split =>
            "gli importi dei pagamenti [2.4.2.6] fanno {all}, ma il totale è {whole} (ritenute {withheld}, IVA in scissione dei pagamenti \
             {split}): correggere gli importi",
            "the payments [2.4.2.6] add up to {all}, but the total is {whole} (withheld {withheld}, VAT under split payment {split}): \
             correct the amounts"
        )
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DISCOUNTS, FEE, PRIVATE, RATES, changed, codes};

    #[test]
    fn what_a_good_accountant_frowns_at_is_advised_against() {
        for (base, from, to, code) in [
            (FEE, "<DataFinePeriodo>2026-04-30", "<DataFinePeriodo>2026-03-31", "PERIOD_ENDS_BEFORE_START"),
            (FEE, "<DataScadenzaPagamento>2026-06-20", "<DataScadenzaPagamento>2026-05-19", "DUE_BEFORE_DOCUMENT"),
            (PRIVATE, "<ImportoTotaleDocumento>122.00", "<ImportoTotaleDocumento>122.02", "DOCUMENT_TOTAL"),
            (PRIVATE, "<ImportoTotaleDocumento>122.00", "<ImportoTotaleDocumento>121.98", "DOCUMENT_TOTAL"),
            (DISCOUNTS, "<Importo>33.56", "<Importo>33.58", "DOCUMENT_TOTAL"),
            (DISCOUNTS, "<ImportoPagamento>45000.00", "<ImportoPagamento>45000.02", "PAYMENTS_TOTAL"),
            (FEE, "<ImportoPagamento>1643.20", "<ImportoPagamento>1634.20", "PAYMENTS_TOTAL"),
            (RATES, "<ImportoPagamento>467.00", "<ImportoPagamento>466.00", "PAYMENTS_TOTAL"),
        ] {
            assert_eq!(codes(&changed(base, from, to)), [code], "{to}");
        }
    }

    #[test]
    fn what_accountants_may_do_is_left_alone() {
        let percentage =
            "<ScontoMaggiorazione><Tipo>SC</Tipo><Percentuale>10.00</Percentuale></ScontoMaggiorazione><ImportoTotaleDocumento>109.80";
        let stamp =
            "<DatiBollo><BolloVirtuale>SI</BolloVirtuale><ImportoBollo>2.00</ImportoBollo></DatiBollo><ImportoTotaleDocumento>124.00";
        for (base, from, to) in [
            (FEE, "<DataFinePeriodo>2026-04-30", "<DataFinePeriodo>2026-04-01"),
            (FEE, "<DataScadenzaPagamento>2026-06-20", "<DataScadenzaPagamento>2026-05-20"),
            (PRIVATE, "<ImportoTotaleDocumento>122.00", "<ImportoTotaleDocumento>122.01"),
            (PRIVATE, "<ImportoTotaleDocumento>122.00</ImportoTotaleDocumento>", ""),
            (PRIVATE, "122.00</ImportoTotaleDocumento>", "122.30</ImportoTotaleDocumento><Arrotondamento>0.30</Arrotondamento>"),
            (PRIVATE, "<ImportoTotaleDocumento>122.00", percentage),
            (PRIVATE, "<ImportoTotaleDocumento>122.00", stamp),
            (FEE, "<ImportoPagamento>1643.20", "<ImportoPagamento>1643.21"),
            (FEE, "<ImportoPagamento>1643.20", "<ImportoPagamento>-1643.20"),
            (FEE, "<ImportoPagamento>1643.20", "<ImportoPagamento>1943.20"),
            (RATES, "<ImportoPagamento>467.00", "<ImportoPagamento>487.00"),
            (RATES, "<ImportoPagamento>467.00", "<ImportoPagamento>0.00"),
        ] {
            assert_eq!(codes(&changed(base, from, to)), [""; 0], "{to}");
        }
    }

    #[test]
    fn down_payments_may_be_of_a_part_and_before() {
        let down = changed(&changed(FEE, "TP02", "TP03"), "1643.20", "500.00");
        assert_eq!(codes(&changed(&down, "<DataScadenzaPagamento>2026-06-20", "<DataScadenzaPagamento>2026-05-01")), [""; 0]);
    }

    #[test]
    fn several_ways_to_pay_are_each_for_the_whole() {
        let ways = |second: &str| {
            let way = |amount: &str| {
                format!(
                    "<DatiPagamento><CondizioniPagamento>TP02</CondizioniPagamento><DettaglioPagamento>\
                     <ModalitaPagamento>MP08</ModalitaPagamento>\
                     <ImportoPagamento>{amount}</ImportoPagamento></DettaglioPagamento></DatiPagamento>"
                )
            };
            changed(PRIVATE, "</DatiBeniServizi>", &format!("</DatiBeniServizi>{}{}", way("122.00"), way(second)))
        };
        assert_eq!(codes(&ways("122.00")), [""; 0]);
        assert_eq!(codes(&ways("100.00")), ["PAYMENTS_TOTAL"]);
    }
}
