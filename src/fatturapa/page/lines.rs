//! The lines of a document.

use super::super::tree::Element;
use super::codes::{DISCOUNTS, NATURES, SUPPLY_TYPES, meaning, spelled};
use super::forms::{date, number, percentage};
use super::html::Facts;
use super::sheet::{Sheet, joined};

const ORDINARY: &str = "<table class=lines><thead><tr><th>N.</th><th>Descrizione</th><th class=n>Quantità</th><th>U.M.</th>\
    <th class=n>Prezzo unitario</th><th class=n>Sconto o magg.</th><th class=n>IVA</th><th class=n>Prezzo totale</th></tr></thead>";

const SIMPLIFIED: &str = "<table class=plain><thead><tr><th>Descrizione</th><th class=n>Aliquota IVA</th><th>Natura</th>\
    <th>Riferimento normativo</th><th class=n>Imposta</th><th class=n>Importo</th></tr></thead>";

/// The lines of a document, ordinary or simplified, and below them what the codes in them mean.
pub(super) fn lines(sheet: &mut Sheet, body: Element<'_, '_>) {
    let mut natures = [false; NATURES.len()];
    sheet.section("Beni e servizi", |sheet| {
        sheet.table(ORDINARY, |sheet| {
            for line in body.all("DatiBeniServizi").flat_map(|goods| goods.all("DettaglioLinee")) {
                ordinary(sheet, line, &mut natures);
            }
        });
        sheet.table(SIMPLIFIED, |sheet| {
            for line in body.all("DatiBeniServizi") {
                simplified(sheet, line);
            }
        });
        let met = NATURES.iter().zip(natures).filter(|(_, met)| *met);
        sheet.framed(
            ["<p class=key>", "", ""],
            |sheet| {
                for ((code, meaning), _) in met {
                    sheet.html.raw("<span><b>").raw(code).raw("</b> ").raw(meaning).raw("</span> ");
                }
            },
            "</p>",
        );
    });
}

/// A line; one with nothing in it leaves no row.
fn ordinary(sheet: &mut Sheet, line: Element<'_, '_>, natures: &mut [bool; NATURES.len()]) {
    if line.children().next().is_none() {
        return;
    }
    let nature = sheet.take(line, "Natura");
    if let Some(place) = NATURES.iter().position(|(code, _)| Some(*code) == nature) {
        natures[place] = true;
    }
    let rate = sheet.take_as(percentage, line, "AliquotaIVA");
    let discounts = line.all("ScontoMaggiorazione").map(|discount| self::discount(sheet, discount)).collect::<Vec<_>>();
    let (line_number, description) = (sheet.take(line, "NumeroLinea"), sheet.take(line, "Descrizione"));
    let (quantity, unit) = (sheet.take_as(number, line, "Quantita"), sheet.take(line, "UnitaMisura"));
    let (price, total) = (sheet.take_as(number, line, "PrezzoUnitario"), sheet.take_as(number, line, "PrezzoTotale"));
    let details = details(sheet, line);
    let html = &mut sheet.html;
    html.raw("<tr>").number_cell(line_number).raw("<td>").text(description.unwrap_or_default()).details(&details).raw("</td>");
    html.number_cell(quantity).cell(unit).number_cell(price).number_cell(joined(discounts.into_iter(), "; "));
    html.number_cell(joined([rate, nature.map(Into::into)].into_iter(), "\u{a0}")).number_cell(total).raw("</tr>");
}

/// What stands under a line's description.
fn details<'d>(sheet: &mut Sheet, line: Element<'d, '_>) -> Facts<'d> {
    let mut facts = Facts::default();
    facts.add("Tipo", sheet.take_code(SUPPLY_TYPES, line, "TipoCessionePrestazione"));
    for code in line.all("CodiceArticolo") {
        let kind = sheet.take(code, "CodiceTipo").unwrap_or("Codice");
        facts.add_named(kind, sheet.take(code, "CodiceValore").or(Some("").filter(|_| kind != "Codice")));
    }
    let period = ["DataInizioPeriodo", "DataFinePeriodo"].map(|path| sheet.take_as(date, line, path));
    facts.add("Periodo", joined(period.into_iter(), " - "));
    facts.add("Ritenuta", sheet.take(line, "Ritenuta"));
    facts.add("Rif. amministrazione", sheet.take(line, "RiferimentoAmministrazione"));
    for other in line.all("AltriDatiGestionali") {
        let kind = sheet.take(other, "TipoDato");
        let text = sheet.take(other, "RiferimentoTesto").map(Into::into);
        let value = [text, sheet.take_as(number, other, "RiferimentoNumero"), sheet.take_as(date, other, "RiferimentoData")];
        let value = joined(value.into_iter(), " · ").or_else(|| kind.map(|_| String::new()));
        facts.add_named(kind.unwrap_or("Altro dato"), value);
    }
    facts
}

/// `Sconto 10%`.
pub(super) fn discount(sheet: &mut Sheet, discount: Element<'_, '_>) -> Option<String> {
    let kind = sheet.take(discount, "Tipo").map(|kind| meaning(DISCOUNTS, kind).unwrap_or(kind).into());
    let rate = sheet.take_as(percentage, discount, "Percentuale");
    joined([kind, rate, sheet.take_as(number, discount, "Importo")].into_iter(), " ")
}

fn simplified(sheet: &mut Sheet, line: Element<'_, '_>) {
    let description = sheet.take(line, "Descrizione");
    let rate = sheet.take_as(percentage, line, "DatiIVA/Aliquota");
    let nature = sheet.take(line, "Natura").map(|code| spelled(NATURES, code));
    let law = sheet.take(line, "RiferimentoNormativo");
    let (tax, amount) = (sheet.take_as(number, line, "DatiIVA/Imposta"), sheet.take_as(number, line, "Importo"));
    if [description, law].iter().all(Option::is_none) && [&rate, &nature, &tax, &amount].iter().all(|text| text.is_none()) {
        return;
    }
    let html = &mut sheet.html;
    html.raw("<tr>").cell(description).number_cell(rate).cell(nature).cell(law).number_cell(tax).number_cell(amount).raw("</tr>");
}
