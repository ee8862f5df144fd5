//! What a document adds up to, what is held back or added, and how it is paid.

use super::super::tree::Element;
use super::codes::{COLLECTABILITY, NATURES, PAYMENT_METHODS, PAYMENT_TERMS, PENSION_FUNDS, WITHHOLDING_REASONS, WITHHOLDINGS};
use super::forms::{date, number, percentage, size_of_base64};
use super::general::{GENERAL, in_italian, sum_of, total};
use super::html::Facts;
use super::lines::discount;
use super::sheet::{Sheet, joined};

/// The summaries by rate, with their sums.
pub(super) fn summaries(sheet: &mut Sheet, body: Element<'_, '_>) {
    const HEADS: &str = "<table><thead><tr><th class=n>Aliquota</th><th>Natura, riferimento normativo, esigibilità</th>\
        <th class=n>Spese accessorie</th><th class=n>Arrotondamento</th><th class=n>Imponibile</th><th class=n>Imposta</th></tr></thead>";
    let all = || body.all("DatiBeniServizi").flat_map(|goods| goods.all("DatiRiepilogo"));
    sheet.section("Riepilogo IVA", |sheet| {
        sheet.table(HEADS, |sheet| {
            let mut rows = 0;
            for summary in all().filter(|summary| summary.children().next().is_some()) {
                summary_row(sheet, summary);
                rows += 1;
            }
            if rows > 1 {
                let sum = |name: &str| sum_of(all().filter_map(|summary| summary.text_at(name))).map(in_italian);
                sheet.html.raw("<tr class=sum><td></td><td>Totale</td><td></td><td></td>");
                sheet.html.number_cell(sum("ImponibileImporto")).number_cell(sum("Imposta")).raw("</tr>");
            }
        });
        if all().next().is_some() {
            total(sheet, body);
        }
    });
}

fn summary_row(sheet: &mut Sheet, summary: Element<'_, '_>) {
    let rate = sheet.take_as(percentage, summary, "AliquotaIVA");
    let nature = sheet.take_code(NATURES, summary, "Natura");
    let law = sheet.take(summary, "RiferimentoNormativo").map(Into::into);
    let collected = sheet.take_code(COLLECTABILITY, summary, "EsigibilitaIVA");
    let words = joined([nature, law, collected].into_iter(), " · ");
    sheet.html.raw("<tr>").number_cell(rate).cell(words);
    for name in ["SpeseAccessorie", "Arrotondamento", "ImponibileImporto", "Imposta"] {
        let amount = sheet.take_as(number, summary, name);
        sheet.html.number_cell(amount);
    }
    sheet.html.raw("</tr>");
}

/// Pension funds, withholdings, stamp duty, discounts and rounding of the whole document.
pub(super) fn adjustments(sheet: &mut Sheet, body: Element<'_, '_>) {
    let Some(general) = body.at(GENERAL) else { return };
    pension_funds(sheet, general);
    withholdings(sheet, general);
    let mut facts = Facts::default();
    facts.add("Bollo virtuale", sheet.take(general, "DatiBollo/BolloVirtuale"));
    facts.add("Bollo virtuale", sheet.take(general, "BolloVirtuale"));
    facts.add("Importo bollo", sheet.take_as(number, general, "DatiBollo/ImportoBollo"));
    for element in general.all("ScontoMaggiorazione") {
        facts.add("Sul totale", discount(sheet, element));
    }
    facts.add("Arrotondamento", sheet.take_as(number, general, "Arrotondamento"));
    sheet.facts_section("Bollo, sconti e arrotondamento", &facts);
}

fn pension_funds(sheet: &mut Sheet, general: Element<'_, '_>) {
    const HEADS: &str = "<table><thead><tr><th>Cassa</th><th class=n>Aliquota</th><th class=n>Imponibile</th><th class=n>IVA</th>\
        <th class=n>Contributo</th></tr></thead>";
    sheet.section("Cassa previdenziale", |sheet| {
        sheet.table(HEADS, |sheet| {
            for fund in general.all("DatiCassaPrevidenziale").filter(|fund| fund.children().next().is_some()) {
                let name = sheet.take_code(PENSION_FUNDS, fund, "TipoCassa");
                let (rate, taxable) = (sheet.take_as(percentage, fund, "AlCassa"), sheet.take_as(number, fund, "ImponibileCassa"));
                let (vat, amount) = (sheet.take_as(percentage, fund, "AliquotaIVA"), sheet.take_as(number, fund, "ImportoContributoCassa"));
                let mut facts = Facts::default();
                facts.add("Natura", sheet.take_code(NATURES, fund, "Natura"));
                facts.add("Ritenuta", sheet.take(fund, "Ritenuta"));
                facts.add("Rif. amministrazione", sheet.take(fund, "RiferimentoAmministrazione"));
                let html = &mut sheet.html;
                html.raw("<tr><td>").text(&name.unwrap_or_default()).details(&facts).raw("</td>");
                html.number_cell(rate).number_cell(taxable).number_cell(vat).number_cell(amount).raw("</tr>");
            }
        });
    });
}

fn withholdings(sheet: &mut Sheet, general: Element<'_, '_>) {
    const HEADS: &str = "<table><thead><tr><th>Ritenuta</th><th>Causale del pagamento</th><th class=n>Aliquota</th>\
        <th class=n>Importo</th></tr></thead>";
    sheet.section("Ritenute", |sheet| {
        sheet.table(HEADS, |sheet| {
            for withheld in general.all("DatiRitenuta").filter(|withheld| withheld.children().next().is_some()) {
                let kind = sheet.take_code(WITHHOLDINGS, withheld, "TipoRitenuta");
                let reason = sheet.take_code(WITHHOLDING_REASONS, withheld, "CausalePagamento");
                let rate = sheet.take_as(percentage, withheld, "AliquotaRitenuta");
                let amount = sheet.take_as(number, withheld, "ImportoRitenuta");
                sheet.html.raw("<tr>").cell(kind).cell(reason).number_cell(rate).number_cell(amount).raw("</tr>");
            }
        });
    });
}

/// How and when it is paid.
pub(super) fn payments(sheet: &mut Sheet, body: Element<'_, '_>) {
    const HEADS: &str = "<table class=pay><thead><tr><th>Pagamento</th><th>Coordinate e condizioni</th><th class=n>Scadenza</th>\
        <th class=n>Importo</th></tr></thead>";
    sheet.section("Pagamento", |sheet| {
        sheet.table(HEADS, |sheet| {
            for payment in body.all("DatiPagamento") {
                if let Some(terms) = sheet.take_code(PAYMENT_TERMS, payment, "CondizioniPagamento") {
                    sheet.html.raw("<tr class=group><td colspan=4>").text(&terms).raw("</td></tr>");
                }
                for detail in payment.all("DettaglioPagamento").filter(|detail| detail.children().next().is_some()) {
                    payment_row(sheet, detail);
                }
            }
        });
    });
}

fn payment_row(sheet: &mut Sheet, detail: Element<'_, '_>) {
    let method = sheet.take_code(PAYMENT_METHODS, detail, "ModalitaPagamento");
    let (due, amount) = (sheet.take_as(date, detail, "DataScadenzaPagamento"), sheet.take_as(number, detail, "ImportoPagamento"));
    let iban = sheet.take(detail, "IBAN");
    let mut facts = Facts::default();
    facts.add("Beneficiario", sheet.take(detail, "Beneficiario"));
    facts.add("Istituto", sheet.take(detail, "IstitutoFinanziario"));
    facts.add("BIC", sheet.take(detail, "BIC"));
    facts.add("ABI", sheet.take(detail, "ABI"));
    facts.add("CAB", sheet.take(detail, "CAB"));
    facts.add("Codice pagamento", sheet.take(detail, "CodicePagamento"));
    facts.add("Termini dal", sheet.take_as(date, detail, "DataRiferimentoTerminiPagamento"));
    facts.add("Giorni", sheet.take(detail, "GiorniTerminiPagamento"));
    facts.add("Ufficio postale", sheet.take(detail, "CodUfficioPostale"));
    facts.add("Quietanzante", sheet.take_joined(detail, &["TitoloQuietanzante", "NomeQuietanzante", "CognomeQuietanzante"], " "));
    facts.add("C.F. quietanzante", sheet.take(detail, "CFQuietanzante"));
    facts.add("Sconto per pagamento anticipato", sheet.take_as(number, detail, "ScontoPagamentoAnticipato"));
    facts.add("entro il", sheet.take_as(date, detail, "DataLimitePagamentoAnticipato"));
    facts.add("Penalità per ritardo", sheet.take_as(number, detail, "PenalitaPagamentiRitardati"));
    facts.add("dal", sheet.take_as(date, detail, "DataDecorrenzaPenale"));
    let html = &mut sheet.html;
    html.raw("<tr>").cell(method).raw("<td>");
    if let Some(iban) = iban {
        html.raw("<span class=iban>IBAN <b>").text(iban).raw("</b></span>");
    }
    html.details(&facts).raw("</td>").number_cell(due).number_cell(amount).raw("</tr>");
}

/// The attachments, by name and size.
pub(super) fn attachments(sheet: &mut Sheet, body: Element<'_, '_>) {
    const HEADS: &str = "<table><thead><tr><th>Nome</th><th>Descrizione</th><th>Formato</th><th class=n>Dimensione</th></tr></thead>";
    sheet.section("Allegati", |sheet| {
        sheet.table(HEADS, |sheet| {
            for attachment in body.all("Allegati").filter(|attachment| attachment.children().next().is_some()) {
                let (name, description) = (sheet.take(attachment, "NomeAttachment"), sheet.take(attachment, "DescrizioneAttachment"));
                let format = sheet.take_joined(attachment, &["FormatoAttachment", "AlgoritmoCompressione"], ", ");
                let size = sheet.take(attachment, "Attachment").map(size_of_base64);
                sheet.html.raw("<tr>").cell(name).cell(description).cell(format).number_cell(size).raw("</tr>");
            }
        });
    });
}
