//! A message of the SdI: what it says of which file.

use super::super::receipt::{PRIVATE_NOT_DELIVERED, PRIVATE_REJECTED, ReceiptKind};
use super::super::tree::Element;
use super::forms::{date, date_time};
use super::html::Facts;
use super::sheet::{Sheet, joined};

/// How the SdI calls a message: those about invoices to private parties are receipts, those about invoices to administrations
/// notifications.
pub(super) fn title(root: Element<'_, '_>, kind: ReceiptKind) -> &'static str {
    match kind {
        ReceiptKind::Rejected if root.name() == PRIVATE_REJECTED => "Ricevuta di scarto",
        ReceiptKind::NotDelivered if root.name() == PRIVATE_NOT_DELIVERED => "Ricevuta di impossibilità di recapito",
        ReceiptKind::Delivered => "Ricevuta di consegna",
        ReceiptKind::Rejected => "Notifica di scarto",
        ReceiptKind::NotDelivered => "Notifica di mancata consegna",
        ReceiptKind::Outcome => "Notifica di esito",
        ReceiptKind::TermPassed => "Decorrenza dei termini",
        ReceiptKind::Attestation => "Attestazione di trasmissione",
        ReceiptKind::Metadata => "Metadati del file",
        ReceiptKind::BuyerOutcome => "Esito del committente",
        ReceiptKind::BuyerOutcomeRejected => "Scarto dell'esito del committente",
    }
}

/// All of a message that has its place.
pub(super) fn message(sheet: &mut Sheet, root: Element<'_, '_>, kind: ReceiptKind) {
    sheet.html.raw("<header class=doc><div><h1>").raw(title(root, kind)).raw("</h1><p class=number>");
    if let Some(file) = sheet.take(root, "NomeFile") {
        sheet.html.raw("<b>").text(file).raw("</b> ");
    }
    sheet.html.raw("<span class=code>").raw(kind.code()).raw("</span></p></div></header>");
    // Of a notified outcome the answer stands in an element of its own.
    let answer = root.child("EsitoCommittente").unwrap_or(root);
    let mut facts = Facts::default();
    let identifier = sheet.take(root, "IdentificativoSdI");
    let answered = sheet.take(answer, "IdentificativoSdI").filter(|answered| Some(*answered) != identifier);
    facts.add("Identificativo SdI", identifier);
    facts.add("Identificativo SdI dell'esito", answered);
    facts.add("Ricevuto dallo SdI", sheet.take_as(date_time, root, "DataOraRicezione"));
    facts.add("Consegnato", sheet.take_as(date_time, root, "DataOraConsegna"));
    facts.add("Messo a disposizione", sheet.take_as(date, root, "DataMessaADisposizione"));
    facts.add("Destinatario", sheet.take_joined(root, &["Destinatario/Descrizione", "Destinatario/Codice", "CodiceDestinatario"], " · "));
    facts.add("Formato", sheet.take(root, "Formato"));
    facts.add("Fattura", invoice(sheet, answer));
    facts.add("Esito", sheet.take(answer, "Esito").map(outcome));
    facts.add("Scarto", sheet.take(root, "Scarto").map(refusal));
    facts.add("Descrizione", sheet.take(answer, "Descrizione"));
    facts.add("Note", sheet.take(root, "Note"));
    facts.add("File archivio", sheet.take_joined(root, &["RiferimentoArchivio/NomeFile", "RiferimentoArchivio/IdentificativoSdI"], " · "));
    facts.add("Impronta del file", sheet.take_joined(root, &["Hash", "HashFileOriginale"], " · "));
    facts.add("Identificativo del messaggio", sheet.take(root, "MessageId"));
    facts.add("Identificativo dell'esito", sheet.take(answer, "MessageIdCommittente"));
    sheet.facts_section("Messaggio del Sistema di Interscambio", &facts);
    errors(sheet, root);
}

/// The one invoice of a lot that is meant.
fn invoice(sheet: &mut Sheet, parent: Element<'_, '_>) -> Option<String> {
    let reference = parent.child("RiferimentoFattura")?;
    let part = |sheet: &mut Sheet, label: &str, path: &str| sheet.take(reference, path).map(|text| format!("{label} {text}"));
    let parts = [("n.", "NumeroFattura"), ("anno", "AnnoFattura"), ("posizione", "PosizioneFattura")];
    joined(parts.into_iter().map(|(label, path)| part(sheet, label, path)), ", ")
}

fn outcome(code: &str) -> &str {
    match code {
        "EC01" => "EC01: accettata",
        "EC02" => "EC02: rifiutata",
        other => other,
    }
}

fn refusal(code: &str) -> &str {
    match code {
        "EN00" => "EN00: esito non conforme al formato",
        "EN01" => "EN01: esito non ammissibile",
        other => other,
    }
}

fn errors(sheet: &mut Sheet, root: Element<'_, '_>) {
    const HEADS: &str = "<table><thead><tr><th>Codice</th><th>Descrizione</th><th>Suggerimento</th></tr></thead>";
    sheet.section("Errori", |sheet| {
        sheet.table(HEADS, |sheet| {
            for error in root.all("ListaErrori").flat_map(|list| list.all("Errore")) {
                let [code, description, suggestion] = ["Codice", "Descrizione", "Suggerimento"].map(|path| sheet.take(error, path));
                if [code, description, suggestion].iter().any(Option::is_some) {
                    sheet.html.raw("<tr>").cell(code).cell(description).cell(suggestion).raw("</tr>");
                }
            }
        });
    });
}
