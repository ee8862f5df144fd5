//! An invoice file as one line.

use super::super::receipt::ReceiptKind;
use super::super::tree::{Element, Tree};
use super::super::unreadable::excerpt;
use super::forms::date;
use super::general::{GENERAL, total_of};
use super::html::is_unseen;
use super::message::title;
use super::sheet::joined;

/// How many of the SdI's reasons for a refusal are told.
const MOST_CODES: usize = 8;

/// A file's first invoice as one line for a terminal, of a bounded length:
/// `TD01 12/2026 del 31/03/2026  Caffè & Più S.r.l. -> Maria Rossi  122,00 EUR`.
///
/// Of a message of the SdI which one it is, and of which file: `RC Ricevuta di consegna  7012345678  IT01234567897_00001.xml`. What the file
/// does not say is left out. Characters that a terminal would obey are taken out.
#[must_use]
pub fn summary(tree: &Tree<'_>) -> String {
    let root = tree.root();
    if let Ok(message) = ReceiptKind::of(root) {
        return self::message(root, message);
    }
    let header = root.child("FatturaElettronicaHeader");
    let body = root.child("FatturaElettronicaBody");
    let general = body.and_then(|body| body.at(GENERAL));
    let text = |path| general.and_then(|general| general.text_at(path)).map(plain);
    let day = text("Data").map(|day| format!("del {}", date(&day)));
    let what = joined([text("TipoDocumento"), text("Numero"), day].into_iter(), " ");
    let total = joined([body.and_then(total_of).as_deref().map(plain), text("Divisa")].into_iter(), " ");
    let documents = root.all("FatturaElettronicaBody").count();
    let lot = (documents > 1).then(|| format!("(primo di {documents})"));
    joined([what, parties(header, "->"), total, lot].into_iter(), "  ").unwrap_or_else(|| plain(root.name()))
}

/// Which message it is, what it answers or refuses, and of which file.
fn message(root: Element<'_, '_>, kind: ReceiptKind) -> String {
    let what = Some(format!("{} {}", kind.code(), title(root, kind)));
    let outcome = root.text_at("EsitoCommittente/Esito").or_else(|| root.text_at("Esito")).map(plain);
    let codes = root.all("ListaErrori").flat_map(|list| list.all("Errore")).filter_map(|error| error.text_at("Codice"));
    let codes = joined(codes.take(MOST_CODES).map(Some), " ").as_deref().map(plain);
    let [identifier, file] = ["IdentificativoSdI", "NomeFile"].map(|path| root.text_at(path).map(plain));
    joined([what, outcome, codes, identifier, file].into_iter(), "  ").unwrap_or_default()
}

/// The seller, an arrow and the buyer, or as much of it as there is.
pub(super) fn parties(header: Option<Element<'_, '_>>, arrow: &str) -> Option<String> {
    let name = |path| header.and_then(|header| header.child(path)).and_then(name);
    match (name("CedentePrestatore"), name("CessionarioCommittente")) {
        (Some(seller), Some(buyer)) => Some(format!("{seller} {arrow} {buyer}")),
        (Some(seller), None) => Some(seller),
        (None, buyer) => buyer.map(|buyer| format!("{arrow} {buyer}")),
    }
}

/// A party's name, or else its VAT number or fiscal code.
fn name(party: Element<'_, '_>) -> Option<String> {
    let places = ["DatiAnagrafici/Anagrafica", "AltriDatiIdentificativi", "DatiAnagrafici", "IdentificativiFiscali"];
    let places: Vec<_> = places.iter().filter_map(|path| party.at(path)).chain([party]).collect();
    let first = |path: &str| places.iter().find_map(|place| place.text_at(path)).map(plain);
    let vat = || joined([first("IdFiscaleIVA/IdPaese"), first("IdFiscaleIVA/IdCodice")].into_iter(), "");
    let person = || joined([first("Nome"), first("Cognome")].into_iter(), " ");
    first("Denominazione").or_else(person).or_else(vat).or_else(|| first("CodiceFiscale"))
}

/// A text's beginning on one line, without what a terminal would obey.
fn plain(text: &str) -> String {
    let seen = |character: char| if character.is_whitespace() { Some(' ') } else { Some(character).filter(|seen| !is_unseen(*seen)) };
    excerpt(&text.chars().filter_map(seen).collect::<String>())
}
