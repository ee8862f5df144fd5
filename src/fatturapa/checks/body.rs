//! One invoice of a file, and where its amounts, rates and natures stand.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::amounts::number_at;
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::tree::Element;
use crate::fatturapa::values;

/// One invoice (FatturaElettronicaBody).
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'d, 't> {
    /// The element itself.
    pub(super) element: Element<'d, 't>,
    /// Its general data (DatiGeneraliDocumento).
    pub(super) general: Option<Element<'d, 't>>,
    /// What kind of document it is, if the code list has it.
    pub(super) document_type: Option<DocumentType>,
    /// Its date, if it can be read.
    pub(super) date: Option<NaiveDate>,
}

/// What a VAT rate is written on, and the nature of what bears none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A pension fund's contribution (DatiCassaPrevidenziale).
    Fund,
    /// A line (DettaglioLinee).
    Line,
    /// A summary (DatiRiepilogo).
    Summary,
}

/// An element with a rate and perhaps a nature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rated<'d, 't> {
    /// The fund, line or summary.
    pub(super) element: Element<'d, 't>,
    /// Which of these it is.
    pub(super) place: Place,
}

impl<'d, 't> Body<'d, 't> {
    /// The invoice in an element.
    pub(super) fn of(element: Element<'d, 't>) -> Self {
        let general = element.at("DatiGenerali/DatiGeneraliDocumento");
        let text = |name| general.and_then(|general: Element<'d, 't>| general.text_at(name));
        let document_type = text("TipoDocumento").and_then(DocumentType::from_code);
        let date = text("Data").and_then(|text| values::date(text).ok());
        Self { element, general, document_type, date }
    }

    /// The elements of DatiGeneraliDocumento with this name.
    pub(super) fn in_general(self, name: &'static str) -> impl Iterator<Item = Element<'d, 't>> {
        self.general.into_iter().flat_map(move |general| general.all(name))
    }

    /// Contributions of pension funds, in their order.
    pub(super) fn funds(self) -> impl Iterator<Item = Element<'d, 't>> {
        self.in_general("DatiCassaPrevidenziale")
    }

    /// Lines, in their order.
    pub(super) fn lines(self) -> impl Iterator<Item = Element<'d, 't>> {
        self.element.all("DatiBeniServizi").flat_map(|goods| goods.all("DettaglioLinee"))
    }

    /// Summaries, in their order.
    pub(super) fn summaries(self) -> impl Iterator<Item = Element<'d, 't>> {
        self.element.all("DatiBeniServizi").flat_map(|goods| goods.all("DatiRiepilogo"))
    }

    /// Pension funds and lines: what summaries sum up.
    pub(super) fn summed_up(self) -> impl Iterator<Item = Rated<'d, 't>> {
        let funds = self.funds().map(|element| Rated { element, place: Place::Fund });
        funds.chain(self.lines().map(|element| Rated { element, place: Place::Line }))
    }

    /// Everything with a rate: funds, lines, summaries.
    pub(super) fn rated(self) -> impl Iterator<Item = Rated<'d, 't>> {
        self.summed_up().chain(self.summaries().map(|element| Rated { element, place: Place::Summary }))
    }
}

impl<'d, 't> Rated<'d, 't> {
    /// The element of its rate.
    pub(super) fn rate_element(self) -> Option<Element<'d, 't>> {
        self.element.child("AliquotaIVA")
    }

    /// Its rate in per cent, if it can be read.
    pub(super) fn rate(self) -> Option<Decimal> {
        number_at(self.element, "AliquotaIVA")
    }

    /// The element of its nature.
    pub(super) fn nature_element(self) -> Option<Element<'d, 't>> {
        self.element.child("Natura")
    }

    /// Its nature: why no VAT is due.
    pub(super) fn nature(self) -> Option<&'d str> {
        self.element.text_at("Natura")
    }
}

impl Place {
    /// The specification's number of AliquotaIVA.
    pub(super) const fn rate_number(self) -> &'static str {
        match self {
            Self::Fund => "[2.1.1.7.5]",
            Self::Line => "[2.2.1.12]",
            Self::Summary => "[2.2.2.1]",
        }
    }

    /// The specification's number of Natura.
    pub(super) const fn nature_number(self) -> &'static str {
        match self {
            Self::Fund => "[2.1.1.7.7]",
            Self::Line => "[2.2.1.14]",
            Self::Summary => "[2.2.2.2]",
        }
    }
}
