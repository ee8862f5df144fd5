//! What a document is: its type, number, date and total, its reasons, and the documents that it refers to.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::super::tree::Element;
use super::super::values;
use super::codes::{DOCUMENT_TYPES, meaning};
use super::forms::{date, number};
use super::html::Facts;
use super::parties::{address, party};
use super::sheet::{Sheet, joined};

/// Where a document's own data are.
pub(super) const GENERAL: &str = "DatiGenerali/DatiGeneraliDocumento";

/// The heading of a document: what it is on the left, its total on the right.
pub(super) fn heading(sheet: &mut Sheet, body: Element<'_, '_>, [begin, end]: [&'static str; 2]) {
    let general = body.at(GENERAL);
    let mut take = |path| general.and_then(|general| sheet.take(general, path));
    let (code, numbered, day) = (take("TipoDocumento"), take("Numero"), take("Data"));
    sheet.html.raw("<header class=doc><div>").raw(begin);
    let kind = code.map(|code| (code, meaning(DOCUMENT_TYPES, code)));
    sheet.html.text(match kind {
        Some((_, Some(name))) => name,
        Some((code, None)) => code,
        None => "Documento",
    });
    sheet.html.raw(end);
    sheet.framed(
        ["<p class=number>", "", ""],
        |sheet| {
            if let Some(numbered) = numbered {
                sheet.html.raw("n. <b>").text(numbered).raw("</b> ");
            }
            if let Some(day) = day {
                sheet.html.raw("del <b>").text(&date(day)).raw("</b> ");
            }
            if let Some((code, Some(_))) = kind {
                sheet.html.raw("<span class=code>").text(code).raw("</span>");
            }
        },
        "</p>",
    );
    sheet.html.raw("</div>");
    total(sheet, body);
    sheet.html.raw("</header>");
}

/// The total as stated, or else as added up; at least the currency.
pub(super) fn total(sheet: &mut Sheet, body: Element<'_, '_>) {
    let general = body.at(GENERAL);
    let stated = general.and_then(|general| sheet.take_as(number, general, "ImportoTotaleDocumento"));
    let currency = general.and_then(|general| sheet.take(general, "Divisa"));
    let label = if stated.is_some() { "Totale documento" } else { "Totale calcolato" };
    let amount = stated.map(Cow::into_owned).or_else(|| sum(body).map(in_italian));
    let html = &mut sheet.html;
    match (amount, currency) {
        (Some(amount), currency) => {
            html.raw("<div class=total><span>").raw(label).raw("</span><b>").text(&amount).raw("</b> ");
            html.text(currency.unwrap_or_default()).raw("</div>");
        }
        (None, Some(currency)) => {
            html.raw("<div class=total><span>Divisa</span>").text(currency).raw("</div>");
        }
        (None, None) => {}
    }
}

/// A document's total: as stated, or else added up.
pub(super) fn total_of(body: Element<'_, '_>) -> Option<String> {
    let stated = body.at(GENERAL).and_then(|general| general.text_at("ImportoTotaleDocumento"));
    stated.map(|stated| number(stated).into_owned()).or_else(|| sum(body).map(in_italian))
}

/// The sum of taxable amounts and taxes of the summaries, or of the amounts of a simplified invoice. None if one of them is no amount.
fn sum(body: Element<'_, '_>) -> Option<Decimal> {
    let goods = || body.all("DatiBeniServizi");
    let of_summaries = goods().flat_map(|goods| goods.all("DatiRiepilogo")).flat_map(Element::children);
    let of_summaries = of_summaries.filter(|part| matches!(part.name(), "ImponibileImporto" | "Imposta"));
    sum_of(goods().flat_map(|goods| goods.all("Importo")).chain(of_summaries).map(Element::text))
}

/// The sum of some amounts; none if there is none, or one is not an amount.
pub(super) fn sum_of<'d>(texts: impl Iterator<Item = &'d str>) -> Option<Decimal> {
    texts
        .map(|text| values::amount(text.trim()).ok())
        .try_fold(None, |sum: Option<Decimal>, amount| Some(Some(sum.unwrap_or_default() + amount?)))?
}

/// An amount of ours.
pub(super) fn in_italian(amount: Decimal) -> String {
    number(&amount.to_string()).into_owned()
}

/// The reasons why a document was made.
pub(super) fn reasons(sheet: &mut Sheet, body: Element<'_, '_>) {
    let Some(general) = body.at(GENERAL) else { return };
    sheet.section("Causale", |sheet| {
        for reason in sheet.take_all(general, "Causale") {
            sheet.html.raw("<p>").text(reason).raw("</p>");
        }
    });
    let mut facts = Facts::default();
    let art73 = sheet.take(general, "Art73");
    facts.add(
        "Art. 73 DPR 633/72",
        art73.map(|text| if text == "SI" { "SI: emesso secondo modalità e termini stabiliti con DM" } else { text }),
    );
    sheet.html.details(&facts);
}

/// The documents that it refers to.
pub(super) fn linked_documents(sheet: &mut Sheet, body: Element<'_, '_>) {
    const HEADS: &str =
        "<table class=links><thead><tr><th>Documento</th><th>Numero</th><th>Data</th><th>Linee</th><th>Altri riferimenti</th></tr></thead>";
    let Some(parent) = body.child("DatiGenerali") else { return };
    sheet.section("Documenti collegati", |sheet| {
        sheet.table(HEADS, |sheet| {
            for element in parent.children() {
                linked_document(sheet, element);
            }
        });
    });
}

fn linked_document(sheet: &mut Sheet, element: Element<'_, '_>) {
    let (title, id, day) = match element.name() {
        "DatiOrdineAcquisto" => ("Ordine di acquisto", "IdDocumento", "Data"),
        "DatiContratto" => ("Contratto", "IdDocumento", "Data"),
        "DatiConvenzione" => ("Convenzione", "IdDocumento", "Data"),
        "DatiRicezione" => ("Ricezione", "IdDocumento", "Data"),
        "DatiFattureCollegate" => ("Fattura collegata", "IdDocumento", "Data"),
        "DatiDDT" => ("Documento di trasporto", "NumeroDDT", "DataDDT"),
        "DatiSAL" => ("Stato avanzamento lavori", "RiferimentoFase", ""),
        "FatturaPrincipale" => ("Fattura principale", "NumeroFatturaPrincipale", "DataFatturaPrincipale"),
        "DatiFatturaRettificata" => ("Fattura rettificata", "NumeroFR", "DataFR"),
        _ => return,
    };
    let number = sheet.take(element, id);
    let day = sheet.take_as(date, element, day);
    let lines = joined(sheet.take_all(element, "RiferimentoNumeroLinea").into_iter().map(Some), ", ");
    let mut facts = Facts::default();
    facts.add("Voce", sheet.take(element, "NumItem"));
    facts.add("Commessa/convenzione", sheet.take(element, "CodiceCommessaConvenzione"));
    facts.add("CUP", sheet.take(element, "CodiceCUP"));
    facts.add("CIG", sheet.take(element, "CodiceCIG"));
    facts.add("Elementi rettificati", sheet.take(element, "ElementiRettificati"));
    if number.is_none() && day.is_none() && lines.is_none() && facts.is_empty() {
        return;
    }
    sheet.html.raw("<tr><td>").raw(title).raw("</td>").cell(number).cell(day).cell(lines).raw("<td>").details(&facts).raw("</td></tr>");
}

/// How goods were carried, and vehicles.
pub(super) fn transport(sheet: &mut Sheet, body: Element<'_, '_>) {
    if let Some(transport) = body.at("DatiGenerali/DatiTrasporto") {
        sheet.section("Trasporto", |sheet| transport_data(sheet, transport));
    }
    if let Some(vehicles) = body.child("DatiVeicoli") {
        let mut facts = Facts::default();
        facts.add("Prima immatricolazione", sheet.take_as(date, vehicles, "Data"));
        facts.add("Totale percorso", sheet.take(vehicles, "TotalePercorso"));
        sheet.facts_section("Veicoli (art. 38, c. 4, D.L. 331/93)", &facts);
    }
}

fn transport_data(sheet: &mut Sheet, transport: Element<'_, '_>) {
    let unit = sheet.take(transport, "UnitaMisuraPeso");
    let mut weight = |path| {
        let weight = sheet.take_as(number, transport, path);
        weight.map(|weight| unit.map_or_else(|| weight.to_string(), |unit| format!("{weight} {unit}")))
    };
    let (gross, net) = (weight("PesoLordo"), weight("PesoNetto"));
    let unit_alone: Option<Cow<'_, str>> = unit.filter(|_| gross.is_none() && net.is_none()).map(Cow::Borrowed);
    let mut facts = Facts::default();
    facts.add("Mezzo", sheet.take(transport, "MezzoTrasporto"));
    facts.add("Causale", sheet.take(transport, "CausaleTrasporto"));
    facts.add("Descrizione", sheet.take(transport, "Descrizione"));
    facts.add("Colli", sheet.take(transport, "NumeroColli"));
    facts.add("Unità di peso", unit_alone);
    facts.add("Peso lordo", gross).add("Peso netto", net);
    facts.add("Ritiro", sheet.take_as(super::forms::date_time, transport, "DataOraRitiro"));
    facts.add("Inizio trasporto", sheet.take_as(date, transport, "DataInizioTrasporto"));
    facts.add("Consegna", sheet.take_as(super::forms::date_time, transport, "DataOraConsegna"));
    facts.add("Resa", sheet.take(transport, "TipoResa"));
    facts.add("Luogo di resa", address(sheet, transport, "IndirizzoResa"));
    sheet.html.facts(&facts);
    if let Some(carrier) = transport.child("DatiAnagraficiVettore") {
        sheet.framed(["<div class=carrier><h4>", "Vettore", "</h4>"], |sheet| party(sheet, carrier), "</div>");
    }
}
