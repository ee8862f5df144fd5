//! Who issues an invoice and whom it is issued to.

use super::format::Kind;
use super::reading::{Found, Reading};
use super::unreadable::Unreadable;
use super::values;
use super::xml::Element;

/// Who issues an invoice, or whom it is issued to, as the document says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Denominazione, or Nome and Cognome. Empty if a simplified invoice names its buyer by codes only.
    pub name: String,
    /// The VAT number (IdFiscaleIVA) with its country's code before it: `IT01234567890`.
    pub vat: Option<String>,
    /// The fiscal code (CodiceFiscale).
    pub fiscal_code: Option<String>,
}

/// The seller: must have a name and a VAT number.
pub(super) fn read_seller<'a>(reading: &mut Reading<'a>, seller: &Element<'a>, kind: Kind) -> Result<Option<Party>, Unreadable> {
    let (name_path, vat_path) = match kind {
        Kind::Ordinary => ("DatiAnagrafici/Anagrafica/Denominazione", "DatiAnagrafici/IdFiscaleIVA"),
        Kind::Simplified => ("Denominazione", "IdFiscaleIVA"),
    };
    let mut parts = PartyParts::default();
    parts.gather(reading, seller)?;
    let name = reading.required(parts.name(), seller, name_path);
    let vat = reading.required(parts.vat, seller, vat_path);
    let fiscal_code = parts.fiscal_code.value();
    Ok(name.zip(vat).map(|(name, vat)| Party { name, vat: Some(vat), fiscal_code }))
}

/// The buyer: must have a name in an ordinary invoice. Which codes it must have is a content check (SdI 00417).
pub(super) fn read_buyer<'a>(reading: &mut Reading<'a>, buyer: &Element<'a>, kind: Kind) -> Result<Option<Party>, Unreadable> {
    let mut parts = PartyParts::default();
    parts.gather(reading, buyer)?;
    let name = match kind {
        Kind::Ordinary => reading.required(parts.name(), buyer, "DatiAnagrafici/Anagrafica/Denominazione"),
        Kind::Simplified => Some(parts.name().value().unwrap_or_default()),
    };
    Ok(name.map(|name| Party { name, vat: parts.vat.value(), fiscal_code: parts.fiscal_code.value() }))
}

/// What tells who a party is, in whichever of the format's wrappers it stands.
struct PartyParts {
    company: Found<String>,
    first_name: Found<String>,
    last_name: Found<String>,
    vat: Found<String>,
    fiscal_code: Found<String>,
}

impl Default for PartyParts {
    fn default() -> Self {
        Self {
            company: Found::Nothing,
            first_name: Found::Nothing,
            last_name: Found::Nothing,
            vat: Found::Nothing,
            fiscal_code: Found::Nothing,
        }
    }
}

impl PartyParts {
    /// Recursion ends because the reader bounds the depth of elements.
    fn gather<'a>(&mut self, reading: &mut Reading<'a>, parent: &Element<'a>) -> Result<(), Unreadable> {
        while let Some(child) = reading.child_of(parent)? {
            match child.name {
                "DatiAnagrafici" | "Anagrafica" | "IdentificativiFiscali" | "AltriDatiIdentificativi" => {
                    self.gather(reading, &child)?;
                }
                "IdFiscaleIVA" => self.vat = read_vat(reading, &child)?.into(),
                "CodiceFiscale" => self.fiscal_code = reading.value(&child, values::fiscal_code)?,
                "Denominazione" => self.company = reading.value(&child, values::name)?,
                "Nome" => self.first_name = reading.value(&child, values::name)?,
                "Cognome" => self.last_name = reading.value(&child, values::name)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Denominazione, or else Nome and Cognome together.
    fn name(&mut self) -> Found<String> {
        let take = |part: &mut Found<String>| std::mem::replace(part, Found::Nothing);
        match (take(&mut self.company), take(&mut self.first_name), take(&mut self.last_name)) {
            (Found::Value(company), _, _) => Found::Value(company),
            (Found::Nothing, Found::Value(first), Found::Value(last)) => Found::Value(format!("{first} {last}")),
            (Found::Unusable, _, _) | (_, Found::Unusable, _) | (_, _, Found::Unusable) => Found::Unusable,
            (Found::Nothing, _, _) => Found::Nothing,
        }
    }
}

/// A VAT number: the country's code and the code, both mandatory.
fn read_vat<'a>(reading: &mut Reading<'a>, vat: &Element<'a>) -> Result<Option<String>, Unreadable> {
    let mut country = Found::Nothing;
    let mut code = Found::Nothing;
    while let Some(child) = reading.child_of(vat)? {
        match child.name {
            "IdPaese" => country = reading.value(&child, values::country)?,
            "IdCodice" => code = reading.value(&child, values::vat_code)?,
            _ => {}
        }
    }
    let country = reading.required(country, vat, "IdPaese");
    let code = reading.required(code, vat, "IdCodice");
    Ok(country.zip(code).map(|(country, code)| country + &code))
}
