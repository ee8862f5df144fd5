//! What makes an invoice the one it is to the SdI (00404, 00409), and the invoices it refers to (00418): for archives, which can compare.

use chrono::NaiveDate;

use super::document_type::DocumentType;
use super::tree::{Element, Tree};
use super::unreadable::Position;
use super::values;

/// What tells one invoice from every other of the same seller, with the place of its number for findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The seller's VAT number (IdFiscaleIVA) with its country's code before it.
    pub seller: String,
    /// What kind of document it is (TipoDocumento).
    pub document_type: DocumentType,
    /// The invoice's own number (Numero).
    pub number: String,
    /// The invoice's date (Data).
    pub date: NaiveDate,
    /// Whether it is numbered by the day and not by the year (Art73).
    pub by_day: bool,
    /// The invoices it refers to (DatiFattureCollegate).
    pub linked: Vec<Linked>,
    /// The path of its number.
    pub path: String,
    /// Where its number begins.
    pub at: Position,
    /// The path of its date.
    pub date_path: String,
    /// Where its date begins.
    pub date_at: Position,
}

/// An invoice that another one refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Its number (IdDocumento).
    pub number: String,
    /// Its date (Data), if it is told.
    pub date: Option<NaiveDate>,
}

impl Identity {
    /// Whether it may have the number of an invoice. The specification names TD04; simplified credit notes are taken the same way.
    #[must_use]
    pub const fn is_credit_note(&self) -> bool {
        matches!(self.document_type, DocumentType::CreditNote | DocumentType::SimplifiedCreditNote)
    }

    /// The time in which the number is given once: a year (`2026`), or under Art73 a day (`2026-05-14`).
    #[must_use]
    pub fn period(&self) -> String {
        let format = if self.by_day { "%Y-%m-%d" } else { "%Y" };
        self.date.format(format).to_string()
    }
}

/// The identity of each invoice of a file, in their order. One that does not tell all of it is left out: that is the schema's matter.
pub(super) fn identities(tree: &Tree<'_>) -> Vec<Identity> {
    let root = tree.root();
    let seller = root.at("FatturaElettronicaHeader/CedentePrestatore");
    let vat = seller.and_then(|seller| seller.at("DatiAnagrafici/IdFiscaleIVA").or_else(|| seller.at("IdFiscaleIVA")));
    let vat = vat.and_then(|vat| vat.text_at("IdPaese").zip(vat.text_at("IdCodice")));
    let vat = vat.and_then(|(country, code)| values::country(country.trim()).ok().zip(values::vat_code(code.trim()).ok()));
    let Some((country, code)) = vat else { return Vec::new() };
    let seller = format!("{country}{code}");
    let bodies: Vec<_> = root.all("FatturaElettronicaBody").collect();
    // A lot has thousands of invoices, and each would look for its place among all of them.
    let place = |number: usize| if bodies.len() > 1 { format!("[{number}]") } else { String::new() };
    let identity = |(number_of_body, body): (usize, &Element<'_, '_>)| {
        let path = |element: Element<'_, '_>| format!("{}{}/{}", body.name(), place(number_of_body), element.path_below(*body));
        let general = body.at("DatiGenerali/DatiGeneraliDocumento")?;
        let (number, date) = (general.child("Numero")?, general.child("Data")?);
        let linked = body.all("DatiGenerali").flat_map(|data| data.all("DatiFattureCollegate")).filter_map(|linked| {
            let date = linked.text_at("Data").and_then(|text| values::date(text).ok());
            Some(Linked { number: linked.text_at("IdDocumento")?.to_owned(), date })
        });
        Some(Identity {
            seller: seller.clone(),
            document_type: DocumentType::from_code(general.text_at("TipoDocumento")?)?,
            number: values::number(number.text().trim()).ok()?,
            date: values::date(date.text().trim()).ok()?,
            by_day: general.text_at("Art73") == Some("SI"),
            linked: linked.collect(),
            path: path(number),
            at: number.position(),
            date_path: path(date),
            date_at: date.position(),
        })
    };
    (1..).zip(&bodies).filter_map(identity).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Look;
    use super::*;

    fn identities(file: &str) -> Vec<Identity> {
        Look::at(file.as_bytes(), NaiveDate::default()).identities
    }

    fn sample() -> &'static str {
        include_str!("../../tests/samples/fpa12-lot.xml")
    }

    #[test]
    fn every_invoice_of_a_lot_has_its_own() {
        let found = identities(sample());
        let told: Vec<_> = found.iter().map(|found| (found.seller.as_str(), found.number.as_str(), found.period())).collect();
        assert_eq!(told, [("IT01234567897", "A-1", "2026".to_owned()), ("IT01234567897", "A-2", "2026".to_owned())]);
        assert_eq!(found[1].path, "FatturaElettronicaBody[2]/DatiGenerali/DatiGeneraliDocumento/Numero");
        assert!(!found[0].is_credit_note());
    }

    #[test]
    fn under_article_73_the_period_is_the_day() {
        let file = sample().replacen("</Numero>", "</Numero><Art73>SI</Art73>", 1);
        let periods: Vec<_> = identities(&file).iter().map(Identity::period).collect();
        assert_eq!(periods, ["2026-04-01", "2026"]);
    }

    #[test]
    fn one_that_does_not_tell_all_of_it_is_left_out() {
        assert_eq!(identities(&sample().replacen("<Numero>A-1</Numero>", "", 1)).len(), 1);
        assert_eq!(identities(&sample().replace("IdCodice", "Codice")).len(), 0);
        assert_eq!(identities("<a/>").len(), 0);
    }

    #[test]
    fn linked_invoices_are_told_with_their_dates() {
        let links = "<DatiFattureCollegate><IdDocumento>7</IdDocumento><Data>2026-01-02</Data></DatiFattureCollegate>\
                     <DatiFattureCollegate><IdDocumento>8</IdDocumento></DatiFattureCollegate></DatiGenerali>";
        let linked = &identities(&sample().replacen("</DatiGenerali>", links, 1))[0].linked;
        let day = NaiveDate::from_ymd_opt(2026, 1, 2);
        assert_eq!(*linked, [Linked { number: "7".to_owned(), date: day }, Linked { number: "8".to_owned(), date: None }]);
    }
}
