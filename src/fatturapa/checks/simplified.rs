//! Simplified invoices (FSM10).

use rust_decimal::Decimal;

use super::amounts::{number_at, shown, sum};
use super::body::Body;
use super::natures::{nature_beside_a_rate, nature_missing, without_detail};
use super::parties::Parties;
use super::told::{Told, words};
use crate::fatturapa::document_type::DocumentType;

/// The most that a simplified invoice may amount to, VAT included (art. 21-bis DPR 633/72, DM of 10 May 2019): 400 euro.
const LIMIT: Decimal = Decimal::from_parts(400, 0, 0, false, 0);
/// Regimes without the limit, since 1 April 2025.
const WITHOUT_LIMIT: [&str; 2] = ["RF19", "RF20"];

/// All checks of this file.
pub(super) fn check(told: &mut Told, body: &Body<'_, '_>, parties: Option<&Parties<'_, '_>>) {
    let numbers = ("[2.2.3.2]", "[2.2.4]");
    for goods in body.element.all("DatiBeniServizi") {
        let rate = goods.child("DatiIVA").and_then(|vat| number_at(vat, "Aliquota"));
        nature_missing(told, "00400", goods, rate, numbers);
        nature_beside_a_rate(told, "00401", goods.child("Natura"), rate, numbers);
        without_detail(told, body.date, goods.child("Natura"), "[2.2.4]");
    }
    above_the_limit(told, body, parties);
}

/// 00460: not for notes that amend other invoices, and not for sellers of some regimes. The amounts [2.2.2] include VAT: 400.00 with a tax
/// of 72.13 in it passes, 400.01 does not. Of another currency nothing can be said.
fn above_the_limit(told: &mut Told, body: &Body<'_, '_>, parties: Option<&Parties<'_, '_>>) {
    let amends =
        body.element.at("DatiGenerali/DatiFatturaRettificata").is_some() || body.document_type != Some(DocumentType::SimplifiedInvoice);
    let free = parties.is_none_or(|parties| parties.regime.is_none_or(|regime| WITHOUT_LIMIT.contains(&regime)));
    let in_euro = body.general.and_then(|general| general.text_at("Divisa")) == Some("EUR");
    let total = sum(body.element.all("DatiBeniServizi").map(|goods| number_at(goods, "Importo")));
    let Some(total) = total.filter(|total| *total > LIMIT && in_euro && !amends && !free) else { return };
    let Some(element) = body.element.child("DatiBeniServizi") else { return };
    let (total, limit) = (shown(total), shown(LIMIT));
    told.refused("00460", element, || {
        words!(
            total, limit =>
            "la somma degli importi [2.2.2] è {total}, più del limite di {limit} euro per le fatture semplificate: emettere una fattura \
             ordinaria (FPR12)",
            "the amounts [2.2.2] add up to {total}, above the limit of {limit} euro for simplified invoices: issue an ordinary invoice \
             (FPR12)"
        )
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SIMPLIFIED, SIMPLIFIED_NOTE, changed, codes};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn what_bears_no_vat_says_why_and_what_bears_vat_does_not() {
        assert_eq!(codes(&changed(SIMPLIFIED_NOTE, "<Natura>N2.2</Natura>", "")), ["00400"]);
        assert_eq!(codes(&changed(SIMPLIFIED_NOTE, "<Aliquota>0.00", "<Aliquota>22.00")), ["00401"]);
        assert_eq!(codes(&changed(SIMPLIFIED_NOTE, "<Aliquota>0.00</Aliquota>", "<Imposta>0.00</Imposta>")), NOTHING);
        assert_eq!(codes(&changed(SIMPLIFIED_NOTE, "<Natura>N2.2", "<Natura>N2")), ["00445"]);
    }

    #[test]
    fn a_simplified_invoice_amounts_to_400_euro_at_most() {
        let of = |amount: &str| changed(SIMPLIFIED, "<Importo>66.00", &format!("<Importo>{amount}"));
        assert_eq!(codes(&of("375.60")), NOTHING);
        assert_eq!(codes(&of("375.61")), ["00460"]);
        for (from, to) in [
            ("<RegimeFiscale>RF01", "<RegimeFiscale>RF19"),
            ("<RegimeFiscale>RF01", "<RegimeFiscale>RF20"),
            ("<TipoDocumento>TD07", "<TipoDocumento>TD08"),
            ("<TipoDocumento>TD07", "<TipoDocumento>TD09"),
            ("<Divisa>EUR", "<Divisa>CHF"),
        ] {
            assert_eq!(codes(&changed(&of("375.61"), from, to)), NOTHING, "{to}");
        }
        assert_eq!(codes(&changed(SIMPLIFIED_NOTE, "TD08", "TD07")), NOTHING);
    }
}
