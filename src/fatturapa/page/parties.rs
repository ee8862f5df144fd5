//! Who sells to whom, who stands between them, and how the file travelled.

use std::borrow::Cow;

use super::super::tree::{Element, is_signature};
use super::codes::{FORMATS, ISSUERS, LIQUIDATION, SHAREHOLDERS, TAX_REGIMES, spelled};
use super::forms::{date, number};
use super::html::Facts;
use super::sheet::{Sheet, joined};

/// The parties of a file, and its transmission data.
pub(super) fn parties(sheet: &mut Sheet, root: Element<'_, '_>, header: Option<Element<'_, '_>>) {
    if let Some(header) = header {
        sheet.framed(
            ["<div class=parties>", "", ""],
            |sheet| {
                for (title, name) in [
                    ("Cedente / prestatore (fornitore)", "CedentePrestatore"),
                    ("Cessionario / committente (cliente)", "CessionarioCommittente"),
                    ("Rappresentante fiscale del cedente / prestatore", "RappresentanteFiscale"),
                    ("Terzo intermediario o soggetto emittente", "TerzoIntermediarioOSoggettoEmittente"),
                ] {
                    if let Some(party) = header.child(name) {
                        sheet.section(title, |sheet| self::party(sheet, party));
                    }
                }
            },
            "</div>",
        );
    }
    transmission(sheet, root, header);
}

/// Name, address and codes. Ordinary and simplified invoices, and carriers, keep them in elements of different names.
pub(super) fn party(sheet: &mut Sheet, party: Element<'_, '_>) {
    let places: Vec<_> = ["DatiAnagrafici/Anagrafica", "DatiAnagrafici", "AltriDatiIdentificativi", "IdentificativiFiscali", "Anagrafica"]
        .iter()
        .filter_map(|path| party.at(path))
        .chain([party])
        .collect();
    let first = |sheet: &mut Sheet, path: &str| places.iter().find_map(|place| sheet.take(*place, path));
    let composed =
        |sheet: &mut Sheet, part: fn(&mut Sheet, Element<'_, '_>) -> Option<String>| places.iter().find_map(|place| part(sheet, *place));
    let name = joined(["Titolo", "Denominazione", "Nome", "Cognome"].into_iter().map(|path| first(sheet, path)), " ");
    let address = composed(sheet, |sheet, place| self::address(sheet, place, "Sede"));
    for (begin, line) in [("<p class=name>", name), ("<p>", address)] {
        if let Some(line) = line {
            sheet.html.raw(begin).text(&line).raw("</p>");
        }
    }
    let mut facts = Facts::default();
    facts.add("Partita IVA", composed(sheet, vat));
    facts.add("Codice fiscale", first(sheet, "CodiceFiscale"));
    facts.add("Codice EORI", first(sheet, "CodEORI"));
    facts.add("Regime fiscale", first(sheet, "RegimeFiscale").map(|code| spelled(TAX_REGIMES, code)));
    facts.add("Stabile organizzazione", composed(sheet, |sheet, place| self::address(sheet, place, "StabileOrganizzazione")));
    facts.add("Rappresentante fiscale", composed(sheet, representative));
    facts.add("Albo professionale", composed(sheet, register));
    company(sheet, &mut facts, party);
    facts.add("Telefono", sheet.take(party, "Contatti/Telefono"));
    facts.add("Fax", sheet.take(party, "Contatti/Fax"));
    facts.add("Email", sheet.take(party, "Contatti/Email"));
    facts.add("Licenza di guida", sheet.take(party, "NumeroLicenzaGuida"));
    facts.add("Rif. amministrazione", sheet.take(party, "RiferimentoAmministrazione"));
    sheet.html.facts(&facts);
}

/// A VAT number with its country's code before it.
fn vat(sheet: &mut Sheet, parent: Element<'_, '_>) -> Option<String> {
    sheet.take_joined(parent, &["IdFiscaleIVA/IdPaese", "IdFiscaleIVA/IdCodice"], "")
}

/// `Via della Libertà 12/A, 52100 Arezzo (AR), IT`.
pub(super) fn address(sheet: &mut Sheet, parent: Element<'_, '_>, name: &str) -> Option<String> {
    let address = parent.child(name)?;
    let street = sheet.take_joined(address, &["Indirizzo", "NumeroCivico"], " ");
    let town = sheet.take_joined(address, &["CAP", "Comune"], " ");
    let province = sheet.take(address, "Provincia").map(|province| format!("({province})"));
    let town = joined([town, province].into_iter(), " ");
    joined([street, town, sheet.take(address, "Nazione").map(str::to_owned)].into_iter(), ", ")
}

/// The fiscal representative whom an element inside a party names.
fn representative(sheet: &mut Sheet, parent: Element<'_, '_>) -> Option<String> {
    let representative = parent.child("RappresentanteFiscale")?;
    let name = sheet.take_joined(representative, &["Denominazione", "Nome", "Cognome"], " ");
    joined([name, vat(sheet, representative)].into_iter(), ", ")
}

/// The professional register.
fn register(sheet: &mut Sheet, parent: Element<'_, '_>) -> Option<String> {
    let name = sheet.take_joined(parent, &["AlboProfessionale", "ProvinciaAlbo"], " ");
    let number = sheet.take(parent, "NumeroIscrizioneAlbo").map(|number| format!("n. {number}"));
    let since = sheet.take_as(date, parent, "DataIscrizioneAlbo").map(|day| format!("dal {day}"));
    joined([name, number, since].into_iter(), " ")
}

/// The company register.
fn company(sheet: &mut Sheet, facts: &mut Facts<'_>, parent: Element<'_, '_>) {
    let Some(company) = parent.child("IscrizioneREA") else { return };
    facts.add("Iscrizione REA", sheet.take_joined(company, &["Ufficio", "NumeroREA"], " "));
    facts.add("Capitale sociale", sheet.take_as(number, company, "CapitaleSociale").map(Cow::into_owned));
    let shareholders = sheet.take_code(SHAREHOLDERS, company, "SocioUnico");
    let state = sheet.take_code(LIQUIDATION, company, "StatoLiquidazione");
    facts.add("Società", joined([shareholders, state].into_iter(), ", "));
}

/// How the file was sent, and by whom.
fn transmission(sheet: &mut Sheet, root: Element<'_, '_>, header: Option<Element<'_, '_>>) {
    let mut facts = Facts::default();
    if let Some(data) = header.and_then(|header| header.child("DatiTrasmissione")) {
        facts.add("Trasmittente", sheet.take_joined(data, &["IdTrasmittente/IdPaese", "IdTrasmittente/IdCodice"], ""));
        facts.add("Progressivo invio", sheet.take(data, "ProgressivoInvio"));
        facts.add("Formato", sheet.take_code(FORMATS, data, "FormatoTrasmissione"));
        facts.add("Codice destinatario", sheet.take(data, "CodiceDestinatario"));
        facts.add("PEC destinatario", sheet.take(data, "PECDestinatario"));
        facts.add("Telefono trasmittente", sheet.take(data, "ContattiTrasmittente/Telefono"));
        facts.add("Email trasmittente", sheet.take(data, "ContattiTrasmittente/Email"));
    }
    if let Some(header) = header {
        facts.add("Soggetto emittente", sheet.take_code(ISSUERS, header, "SoggettoEmittente"));
    }
    facts.add("Versione", root.attribute("versione"));
    facts.add("Sistema emittente", root.attribute("SistemaEmittente"));
    facts.add("Firma", signature(root).map(|_| "Nel file XML; qui né riportata né verificata"));
    sheet.framed(
        ["<section class=sent><h3>", "Dati di trasmissione", "</h3>"],
        |sheet| {
            sheet.html.details(&facts);
        },
        "</section>",
    );
}

/// The signature that a file carries in itself. It tells machines who signed, and people nothing.
pub(super) fn signature<'d, 't>(root: Element<'d, 't>) -> Option<Element<'d, 't>> {
    root.children().find(|child| is_signature(*child))
}
