//! Transmission: format, version and destination.

use super::parties::Parties;
use super::told::{Told, words};
use crate::fatturapa::tree::Element;
use crate::fatturapa::unreadable::excerpt;

/// The destination of invoices to customers abroad.
const ABROAD: &str = "XXXXXXX";

/// All checks of this file.
pub(super) fn check(told: &mut Told, root: Element<'_, '_>, parties: Option<&Parties<'_, '_>>) {
    let Some(transmission) = root.at("FatturaElettronicaHeader/DatiTrasmissione") else { return };
    format_is_not_the_version(told, root, transmission);
    destination_has_the_wrong_length(told, transmission);
    if let Some(parties) = parties {
        destination_abroad_of_an_italian(told, transmission, parties);
    }
}

/// 00428: FormatoTrasmissione and the attribute `versione` say the same.
fn format_is_not_the_version(told: &mut Told, root: Element<'_, '_>, transmission: Element<'_, '_>) {
    let (Some(element), Some(version)) = (transmission.child("FormatoTrasmissione"), root.attribute("versione")) else { return };
    let (format, version) = (excerpt(element.text().trim()), excerpt(version.trim()));
    if !format.is_empty() && format != version {
        told.refused("00428", element, || {
            words!(
                "[1.1.3] FormatoTrasmissione è {format}, ma l'attributo versione è {version}: devono essere uguali, correggere quello \
                 sbagliato",
                "[1.1.3] FormatoTrasmissione is {format}, but the attribute versione is {version}: they must be the same, correct the \
                 wrong one"
            )
        });
    }
}

/// 00427: an administration's office has 6 characters, any other destination 7. What has neither is the schema's matter.
fn destination_has_the_wrong_length(told: &mut Told, transmission: Element<'_, '_>) {
    let (Some(element), Some(format)) = (transmission.child("CodiceDestinatario"), transmission.text_at("FormatoTrasmissione")) else {
        return;
    };
    let code = element.text().trim();
    let (found, wanted) = match (format, code.len()) {
        ("FPA12", 7) => (7, 6),
        ("FPR12" | "FSM10", 6) => (6, 7),
        _ => return,
    };
    told.refused("00427", element, || {
        words!(
            "[1.1.4] CodiceDestinatario {code} ha {found} caratteri, ma con il formato {format} deve averne {wanted}: indicare il codice \
             giusto o il formato giusto [1.1.3] (FPA12 per le amministrazioni, FPR12 per i privati)",
            "[1.1.4] CodiceDestinatario {code} has {found} characters, but with the format {format} it must have {wanted}: give the right \
             code or the right format [1.1.3] (FPA12 for administrations, FPR12 for private parties)"
        )
    });
}

/// 00313: XXXXXXX is for customers with a VAT number of another country.
fn destination_abroad_of_an_italian(told: &mut Told, transmission: Element<'_, '_>, parties: &Parties<'_, '_>) {
    let Some(element) = transmission.child("CodiceDestinatario").filter(|element| element.text().trim() == ABROAD) else { return };
    let (italian, english) = match parties.buyer.vat {
        None if parties.buyer.vat_element.is_none() => ("manca", "is missing"),
        Some(vat) if vat.country == "IT" => ("è IT", "is IT"),
        Some(_) | None => return,
    };
    told.refused("00313", element, || {
        words!(
            "[1.1.4] CodiceDestinatario è {ABROAD}, ma il paese della partita IVA del cliente [1.4.1.1.1] {italian}: {ABROAD} vale solo \
             per clienti con una partita IVA estera; per gli altri indicare il loro codice, oppure 0000000",
            "[1.1.4] CodiceDestinatario is {ABROAD}, but the country of the customer's VAT number [1.4.1.1.1] {english}: {ABROAD} is \
             only for customers with a foreign VAT number; for others give their code, or 0000000"
        )
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ADMINISTRATION, PRIVATE, RATES, changed, codes, findings};

    #[test]
    fn a_destination_has_the_length_of_its_format() {
        assert_eq!(codes(&changed(PRIVATE, ">0000000<", ">AAA111<")), ["00427"]);
        assert_eq!(codes(&changed(ADMINISTRATION, ">AAA111<", ">AAA1111<")), ["00427"]);
        assert_eq!(codes(&changed(PRIVATE, ">0000000<", ">AAA1111<")), [""; 0]);
        assert_eq!(codes(&changed(ADMINISTRATION, ">AAA111<", ">AAA112<")), [""; 0]);
    }

    #[test]
    fn format_and_version_are_the_same() {
        assert_eq!(codes(&changed(PRIVATE, "versione=\"FPR12\"", "versione=\"FPA12\"")), ["00428"]);
    }

    #[test]
    fn the_destination_abroad_is_for_foreign_vat_numbers() {
        let abroad = |base| changed(base, ">0000000<", ">XXXXXXX<");
        assert_eq!(codes(&abroad(PRIVATE)), ["00313"]);
        assert_eq!(codes(&abroad(RATES)), ["00313"]);
        let foreign =
            changed(&abroad(RATES), "<IdPaese>IT</IdPaese>\n          <IdCodice>09876543217", "<IdPaese>FR</IdPaese><IdCodice>09876543217");
        assert_eq!(codes(&foreign), [""; 0]);
        let italian = |base| findings(&abroad(base)).remove(0).message.italian;
        assert!(italian(PRIVATE).contains("[1.4.1.1.1] manca:") && italian(RATES).contains("[1.4.1.1.1] è IT:"), "{}", italian(PRIVATE));
    }
}
