//! Who issues an invoice and whom it is issued to.

use super::format::Kind;
use super::reading::Reading;
use super::tree::Element;
use super::values;

/// Who issues an invoice, or whom it is issued to, as the document says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Denominazione, or Nome and Cognome. Empty if a simplified invoice names its buyer by codes only.
    pub name: String,
    /// The VAT number (IdFiscaleIVA) with its country's code before it: `IT01234567897`.
    pub vat: Option<String>,
    /// The fiscal code (CodiceFiscale).
    pub fiscal_code: Option<String>,
}

/// The seller: must have a name and a VAT number.
pub(super) fn read_seller(reading: &mut Reading, seller: Element<'_, '_>, kind: Kind) -> Option<Party> {
    let vat_path = match kind {
        Kind::Ordinary => "DatiAnagrafici/IdFiscaleIVA",
        Kind::Simplified => "IdFiscaleIVA",
    };
    let name = name_of(reading, seller, kind);
    let vat = reading.element(seller, vat_path).and_then(|vat| read_vat(reading, vat));
    let fiscal_code = read_fiscal_code(reading, seller, kind);
    Some(Party { name: name?, vat: Some(vat?), fiscal_code })
}

/// The buyer: must have a name in an ordinary invoice. Which codes it must have is a content check (SdI 00417).
pub(super) fn read_buyer(reading: &mut Reading, buyer: Element<'_, '_>, kind: Kind) -> Option<Party> {
    let has_name = buyer.child("AltriDatiIdentificativi").is_some();
    let name = if kind == Kind::Simplified && !has_name { Some(String::new()) } else { name_of(reading, buyer, kind) };
    let vat = buyer.at(&format!("{}/IdFiscaleIVA", identifiers(kind))).and_then(|vat| read_vat(reading, vat));
    let fiscal_code = read_fiscal_code(reading, buyer, kind);
    name.map(|name| Party { name, vat, fiscal_code })
}

/// Where a buyer's codes are.
fn identifiers(kind: Kind) -> &'static str {
    match kind {
        Kind::Ordinary => "DatiAnagrafici",
        Kind::Simplified => "IdentificativiFiscali",
    }
}

/// Denominazione, or else Nome and Cognome together.
fn name_of(reading: &mut Reading, party: Element<'_, '_>, kind: Kind) -> Option<String> {
    let wrapper = match kind {
        Kind::Ordinary => "DatiAnagrafici/Anagrafica",
        Kind::Simplified if party.child("AltriDatiIdentificativi").is_some() => "AltriDatiIdentificativi",
        Kind::Simplified => "",
    };
    let within = if wrapper.is_empty() { Some(party) } else { party.at(wrapper) };
    let part = |name: &str| within.and_then(|within| within.child(name));
    if let Some(company) = part("Denominazione") {
        return reading.value(company, values::name);
    }
    if let (Some(first), Some(last)) = (part("Nome"), part("Cognome")) {
        let (first, last) = (reading.value(first, values::name), reading.value(last, values::name));
        return Some(format!("{} {}", first?, last?));
    }
    let path = if wrapper.is_empty() { "Denominazione".to_owned() } else { format!("{wrapper}/Denominazione") };
    reading.missing(party, &path);
    None
}

fn read_fiscal_code(reading: &mut Reading, party: Element<'_, '_>, kind: Kind) -> Option<String> {
    let wrapped = format!("{}/CodiceFiscale", identifiers(kind));
    let element = party.at(&wrapped).or_else(|| party.child("CodiceFiscale"))?;
    reading.value(element, values::fiscal_code)
}

/// A VAT number: the country's code and the code, both mandatory.
fn read_vat(reading: &mut Reading, vat: Element<'_, '_>) -> Option<String> {
    let country = reading.required(vat, "IdPaese", values::country);
    let code = reading.required(vat, "IdCodice", values::vat_code);
    Some(country? + &code?)
}
