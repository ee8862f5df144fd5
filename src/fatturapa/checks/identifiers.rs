//! Advice on numbers with control digits, and on countries, wherever in a file they stand. The SdI looks them up in registers (00300 to
//! 00306) instead, which a file alone cannot.

use super::control_digits::{fiscal_code_fits, iban_fits, vat_number_fits};
use super::countries::is_country;
use super::told::{Told, words};
use crate::fatturapa::tree::Element;
use crate::fatturapa::unreadable::excerpt;

/// Looks through an element and all that is inside it. Elements are nested at most as deep as the reader allows, and so are these calls.
pub(super) fn advise(told: &mut Told, element: Element<'_, '_>) {
    for child in element.children().filter(|child| child.namespace().is_none()) {
        match child.name() {
            "IdFiscaleIVA" => vat_number(told, child),
            "IdTrasmittente" => sender(told, child),
            "CodiceFiscale" | "CFQuietanzante" => fiscal_code(told, child),
            "IBAN" => iban(told, child),
            "IdPaese" | "Nazione" => country(told, child),
            _ => {}
        }
        advise(told, child);
    }
}

/// VAT_CONTROL_DIGIT: an Italian VAT number has 11 digits, the last of which is made of the others.
fn vat_number(told: &mut Told, vat: Element<'_, '_>) {
    let Some(element) = vat.child("IdCodice").filter(|_| vat.text_at("IdPaese") == Some("IT")) else { return };
    let code = element.text().trim();
    if !code.is_empty() && !vat_number_fits(code) {
        let code = excerpt(code);
        told.advised("VAT_CONTROL_DIGIT", element, || {
            words!(
                "la partita IVA {code} non può esistere: ha 11 cifre e l'ultima dipende dalle altre; cercare un errore di battitura \
                 o chiederla al titolare, e correggerla",
                "the VAT number {code} cannot exist: it has 11 digits, the last of which depends on the others; look for a mistyped digit \
                 or ask its holder, and correct it"
            )
        });
    }
}

/// FISCAL_CODE_CONTROL: who sends a file is told by an Italian fiscal code, of a company or a person.
fn sender(told: &mut Told, sender: Element<'_, '_>) {
    if let Some(element) = sender.child("IdCodice").filter(|_| sender.text_at("IdPaese") == Some("IT")) {
        fiscal_code(told, element);
    }
}

/// FISCAL_CODE_CONTROL: a fiscal code ends in what is made of the rest.
fn fiscal_code(told: &mut Told, element: Element<'_, '_>) {
    let code = element.text().trim();
    if !code.is_empty() && !fiscal_code_fits(code) {
        let code = excerpt(code);
        told.advised("FISCAL_CODE_CONTROL", element, || {
            words!(
                "il codice fiscale {code} non può esistere: ha 16 caratteri (persona) o 11 cifre e l'ultimo dipende dagli altri; \
                 cercare un errore di battitura o chiederlo al titolare, e correggerlo",
                "the fiscal code {code} cannot exist: it has 16 characters (a person) or 11 digits, the last of which depends on the \
                 others; look for a mistyped character or ask its holder, and correct it"
            )
        });
    }
}

/// IBAN_CHECK_DIGITS: the money would not arrive.
fn iban(told: &mut Told, element: Element<'_, '_>) {
    let iban = element.text().trim();
    if !iban.is_empty() && !iban_fits(iban) {
        let iban = excerpt(iban);
        told.advised("IBAN_CHECK_DIGITS", element, || {
            words!(
                "l'IBAN {iban} non può esistere: le cifre di controllo o la lunghezza (27 caratteri in Italia) non tornano; \
                 confrontarlo con quello dato dalla banca e correggerlo: il pagamento non arriverebbe",
                "the IBAN {iban} cannot exist: its check digits or its length (27 characters in Italy) do not fit; compare it with \
                 what the bank gave and correct it: the payment would not arrive"
            )
        });
    }
}

/// COUNTRY_UNKNOWN: no country has this code.
fn country(told: &mut Told, element: Element<'_, '_>) {
    let code = element.text().trim();
    if !code.is_empty() && !is_country(code) {
        let code = excerpt(code);
        told.advised("COUNTRY_UNKNOWN", element, || {
            words!(
                "\"{code}\" non è il codice di nessun paese: indicare quello ISO 3166-1 di 2 lettere maiuscole, per esempio IT",
                "\"{code}\" is the code of no country: give the 2 capital letters of ISO 3166-1, for example IT"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FOREIGN_SERVICES, RATES, SIMPLIFIED, changed, codes};

    #[test]
    fn numbers_that_cannot_exist_are_advised_against() {
        for (base, from, to, code) in [
            (RATES, "<IdCodice>09876543217</IdCodice>", "<IdCodice>09876543218</IdCodice>", "VAT_CONTROL_DIGIT"),
            (RATES, "<IdCodice>09876543217</IdCodice>", "<IdCodice>RSSMRA80A01H501U</IdCodice>", "VAT_CONTROL_DIGIT"),
            (SIMPLIFIED, "<IdCodice>09876543217</IdCodice>", "<IdCodice>09876543218</IdCodice>", "VAT_CONTROL_DIGIT"),
            (RATES, "<CodiceFiscale>01234567897", "<CodiceFiscale>01234567890", "FISCAL_CODE_CONTROL"),
            (RATES, "<CodiceFiscale>01234567897", "<CodiceFiscale>RSSMRA80A01H501V", "FISCAL_CODE_CONTROL"),
            (RATES, "<IdCodice>00743110157", "<IdCodice>00743110158", "FISCAL_CODE_CONTROL"),
            (RATES, "<IBAN>IT60X", "<IBAN>IT61X", "IBAN_CHECK_DIGITS"),
            (RATES, "<Nazione>IT", "<Nazione>ZZ", "COUNTRY_UNKNOWN"),
            (FOREIGN_SERVICES, "<IdPaese>DE", "<IdPaese>XX", "COUNTRY_UNKNOWN"),
        ] {
            assert_eq!(codes(&changed(base, from, to)), [code], "{to}");
        }
    }

    #[test]
    fn numbers_of_other_countries_are_left_alone() {
        assert_eq!(codes(&changed(FOREIGN_SERVICES, "<IdCodice>123456789", "<IdCodice>1")), [""; 0]);
        assert_eq!(codes(&changed(RATES, "<CodiceFiscale>01234567897", "<CodiceFiscale>RSSMRA80A01H50MM")), [""; 0]);
    }
}
