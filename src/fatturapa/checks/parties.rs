//! Who deals with whom: seller and customer, and which of them a document type allows.

use super::body::Body;
use super::told::{Told, words};
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::format::Kind;
use crate::fatturapa::tree::Element;

/// Seller and customer of a file.
#[derive(Debug)]
pub(super) struct Parties<'d, 't> {
    /// CedentePrestatore.
    pub(super) seller: Party<'d, 't>,
    /// CessionarioCommittente.
    pub(super) buyer: Party<'d, 't>,
    /// The seller's tax regime (RegimeFiscale).
    pub(super) regime: Option<&'d str>,
    /// Whether the customer is an administration (FPA12).
    to_administration: bool,
}

/// The numbers that tell who a party is.
#[derive(Debug)]
pub(super) struct Party<'d, 't> {
    /// What holds the numbers.
    pub(super) holder: Element<'d, 't>,
    /// IdFiscaleIVA, whatever is in it.
    pub(super) vat_element: Option<Element<'d, 't>>,
    /// The VAT number, if both its parts are there.
    pub(super) vat: Option<Vat<'d>>,
    /// The fiscal code.
    pub(super) fiscal_code: Option<&'d str>,
}

/// A VAT number (IdPaese and IdCodice).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vat<'d> {
    /// The country's two letters.
    pub(super) country: &'d str,
    /// What follows them.
    pub(super) code: &'d str,
}

impl<'d, 't> Parties<'d, 't> {
    /// The parties that a header names; none where the schema verdict misses one.
    pub(super) fn of(header: Element<'d, 't>, kind: Kind) -> Option<Self> {
        let (seller, buyer) = (header.child("CedentePrestatore")?, header.child("CessionarioCommittente")?);
        let (seller, buyer) = match kind {
            Kind::Ordinary => (seller.child("DatiAnagrafici")?, buyer.child("DatiAnagrafici")?),
            Kind::Simplified => (seller, buyer.child("IdentificativiFiscali")?),
        };
        Some(Self {
            seller: Party::of(seller),
            buyer: Party::of(buyer),
            regime: seller.text_at("RegimeFiscale"),
            to_administration: header.text_at("DatiTrasmissione/FormatoTrasmissione") == Some("FPA12"),
        })
    }

    /// Whether seller and customer are the same; none if the file alone cannot tell.
    ///
    /// VAT numbers decide, as in the SdI's rule. Of a customer with nothing but a fiscal code the SdI looks the VAT number up; here equal
    /// codes are the same party, and two fiscal codes that differ are two parties.
    fn same(&self) -> Option<bool> {
        let (seller, buyer) = (&self.seller, &self.buyer);
        if buyer.vat_element.is_some() {
            return Some(seller.vat? == buyer.vat?);
        }
        let code = buyer.fiscal_code?;
        let vat = seller.vat?;
        if seller.fiscal_code == Some(code) || (vat.country == "IT" && vat.code == code) {
            return Some(true);
        }
        seller.fiscal_code.map(|_| false)
    }
}

impl<'d, 't> Party<'d, 't> {
    fn of(holder: Element<'d, 't>) -> Self {
        let vat_element = holder.child("IdFiscaleIVA");
        let vat = vat_element.and_then(|vat| Some(Vat { country: vat.text_at("IdPaese")?, code: vat.text_at("IdCodice")? }));
        Self { holder, vat_element, vat, fiscal_code: holder.text_at("CodiceFiscale") }
    }

    fn country_element(&self) -> Option<Element<'d, 't>> {
        self.vat_element?.child("IdPaese")
    }
}

/// All checks of this file.
pub(super) fn check(told: &mut Told, parties: &Parties<'_, '_>, bodies: &[Body<'_, '_>]) {
    customer_without_numbers(told, parties);
    nobody_in_italy(told, parties);
    seller_of_a_wrong_country(told, parties, bodies);
    customer_without_vat_number(told, parties, bodies);
    for body in bodies {
        seller_is_the_customer(told, parties, body);
        seller_is_not_the_customer(told, parties, body);
    }
}

/// 00417: a customer has a VAT number or a fiscal code.
fn customer_without_numbers(told: &mut Told, parties: &Parties<'_, '_>) {
    let holder = parties.buyer.holder;
    if parties.buyer.vat_element.is_none() && holder.child("CodiceFiscale").is_none() {
        told.refused("00417", holder, || {
            words!(
                "il cliente non ha né partita IVA [1.4.1.1] IdFiscaleIVA né [1.4.1.2] CodiceFiscale: indicarne almeno uno",
                "the customer has neither a VAT number [1.4.1.1] IdFiscaleIVA nor [1.4.1.2] CodiceFiscale: give at least one of them"
            )
        });
    }
}

/// 00476: seller and customer are not both from abroad. A customer without VAT number may be anywhere.
fn nobody_in_italy(told: &mut Told, parties: &Parties<'_, '_>) {
    let (Some(seller), Some(buyer), Some(element)) = (parties.seller.vat, parties.buyer.vat, parties.buyer.country_element()) else {
        return;
    };
    let (seller, buyer) = (seller.country, buyer.country);
    if seller != "IT" && buyer != "IT" {
        told.refused("00476", element, || {
            words!(
                "[1.2.1.1.1] IdPaese del cedente è {seller} e [1.4.1.1.1] IdPaese del cliente è {buyer}: almeno uno dei due deve essere \
                 IT, correggere",
                "[1.2.1.1.1] IdPaese of the seller is {seller} and [1.4.1.1.1] IdPaese of the customer is {buyer}: at least one must be \
                 IT, correct it"
            )
        });
    }
}

/// Document types that name two parties. The list for administrations is shorter.
fn needs_two_parties(document_type: DocumentType, to_administration: bool) -> bool {
    use DocumentType as D;
    let always = matches!(
        document_type,
        D::DomesticReverseCharge
            | D::ForeignServices
            | D::IntraCommunityGoods
            | D::ForeignGoods
            | D::Regularisation
            | D::OmittedInvoiceReport
    );
    let private = matches!(
        document_type,
        D::Invoice | D::InvoiceAdvance | D::FeeAdvance | D::Fee | D::DeferredInvoice | D::DeferredTriangularInvoice | D::SanMarinoPurchase
    );
    always || (private && !to_administration)
}

/// Document types that name one party twice. The list for administrations is shorter.
fn needs_one_party(document_type: DocumentType, to_administration: bool) -> bool {
    document_type == DocumentType::PlafondExceeded || (document_type == DocumentType::OwnConsumption && !to_administration)
}

/// 00471: a document between two parties is not issued to oneself.
fn seller_is_the_customer(told: &mut Told, parties: &Parties<'_, '_>, body: &Body<'_, '_>) {
    let Some(kind) = body.document_type.filter(|kind| needs_two_parties(*kind, parties.to_administration)) else { return };
    if let (Some(true), Some(element)) = (parties.same(), type_element(body)) {
        told.refused("00471", element, || {
            words!(
                "[2.1.1.1] TipoDocumento {kind} non ammette che cedente e cliente siano lo stesso soggetto: correggere chi dei due è \
                 sbagliato, oppure il tipo (TD21 per lo splafonamento, TD27 per autoconsumo e omaggi senza rivalsa)",
                "[2.1.1.1] TipoDocumento {kind} does not allow seller and customer to be the same: correct the one that is wrong, or the \
                 type (TD21 for an exceeded plafond, TD27 for own consumption and gifts)"
            )
        });
    }
}

/// 00472: a document to oneself names the same party twice.
fn seller_is_not_the_customer(told: &mut Told, parties: &Parties<'_, '_>, body: &Body<'_, '_>) {
    let Some(kind) = body.document_type.filter(|kind| needs_one_party(*kind, parties.to_administration)) else { return };
    if let (Some(false), Some(element)) = (parties.same(), type_element(body)) {
        told.refused("00472", element, || {
            words!(
                "[2.1.1.1] TipoDocumento {kind} vuole lo stesso soggetto come cedente e come cliente: indicare due volte i propri dati, \
                 oppure un altro tipo",
                "[2.1.1.1] TipoDocumento {kind} wants the same party as seller and as customer: give your own data twice, or another type"
            )
        });
    }
}

/// 00473: some purchases are from abroad, from San Marino, or from Italy. OO stands for Livigno and Campione, and is not IT.
fn seller_of_a_wrong_country(told: &mut Told, parties: &Parties<'_, '_>, bodies: &[Body<'_, '_>]) {
    let (Some(vat), Some(element)) = (parties.seller.vat, parties.seller.country_element()) else { return };
    let country = vat.country;
    let wrong = |kind: DocumentType| country_wanted(kind, country).map(|wanted| (kind, wanted));
    let Some((kind, (italian, english))) = bodies.iter().filter_map(|body| body.document_type).find_map(wrong) else { return };
    told.refused("00473", element, || {
        words!(
            "[1.2.1.1.1] IdPaese del cedente è {country}, ma con [2.1.1.1] TipoDocumento {kind} {italian}: indicare chi ha venduto, oppure \
             un altro tipo",
            "[1.2.1.1.1] IdPaese of the seller is {country}, but with [2.1.1.1] TipoDocumento {kind} it {english}: name who sold, or give \
             another type"
        )
    });
}

/// Which country a seller must be from, in words, when it is not from there.
fn country_wanted(kind: DocumentType, country: &str) -> Option<(&'static str, &'static str)> {
    use DocumentType as D;
    let from_abroad = matches!(kind, D::ForeignServices | D::IntraCommunityGoods | D::ForeignGoods);
    if from_abroad && country == "IT" {
        Some(("non può essere IT", "cannot be IT"))
    } else if kind == D::SanMarinoPurchase && country != "SM" {
        Some(("deve essere SM", "must be SM"))
    } else if kind == D::OmittedInvoiceReport && country != "IT" {
        Some(("deve essere IT", "must be IT"))
    } else {
        None
    }
}

/// 00475: who reports a purchase has a VAT number.
fn customer_without_vat_number(told: &mut Told, parties: &Parties<'_, '_>, bodies: &[Body<'_, '_>]) {
    use DocumentType as D;
    let needs = |kind: &DocumentType| {
        matches!(
            kind,
            D::DomesticReverseCharge
                | D::ForeignServices
                | D::IntraCommunityGoods
                | D::ForeignGoods
                | D::Regularisation
                | D::WarehouseExtraction
                | D::WarehouseExtractionWithVat
                | D::SanMarinoPurchase
                | D::OmittedInvoiceReport
        )
    };
    if parties.buyer.vat_element.is_some() {
        return;
    }
    if let Some(kind) = bodies.iter().filter_map(|body| body.document_type).find(needs) {
        told.refused("00475", parties.buyer.holder, || {
            words!(
                "con [2.1.1.1] TipoDocumento {kind} il cliente deve avere la partita IVA: aggiungere [1.4.1.1] IdFiscaleIVA",
                "with [2.1.1.1] TipoDocumento {kind} the customer must have a VAT number: add [1.4.1.1] IdFiscaleIVA"
            )
        });
    }
}

fn type_element<'d, 't>(body: &Body<'d, 't>) -> Option<Element<'d, 't>> {
    body.general?.child("TipoDocumento")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        ADMINISTRATION, FEE, FOREIGN_SERVICES, PLAFOND, PRIVATE, RATES, REVERSE_CHARGE, SIMPLIFIED, changed, changed_after, refused,
    };

    const NOTHING: [&str; 0] = [];
    const BUYER: &str = "<CessionarioCommittente>";
    const SELLER: &str = "<CedentePrestatore>";

    fn of_type(base: &str, code: &str) -> String {
        let start = base.find("<TipoDocumento>").expect("a type");
        let found = &base[start..start + "<TipoDocumento>TD00".len()];
        changed(base, found, &format!("<TipoDocumento>{code}"))
    }

    /// The buyer has the seller's VAT number.
    fn to_oneself(code: &str) -> String {
        changed_after(&of_type(RATES, code), BUYER, "09876543217", "01234567897")
    }

    #[test]
    fn a_customer_has_a_number() {
        assert_eq!(refused(&changed(PRIVATE, "<CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale>", "")), ["00417"]);
        let vat = "<IdFiscaleIVA>\n          <IdPaese>IT</IdPaese>\n          <IdCodice>09876543217</IdCodice>\n        </IdFiscaleIVA>";
        assert_eq!(refused(&changed(SIMPLIFIED, vat, "")), ["00417"]);
        assert_eq!(refused(&changed(SIMPLIFIED, vat, "<CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale>")), NOTHING);
    }

    #[test]
    fn documents_between_two_parties_are_not_to_oneself() {
        for code in ["TD01", "TD02", "TD03", "TD06", "TD16", "TD20", "TD24", "TD25", "TD29"] {
            assert_eq!(refused(&to_oneself(code)), ["00471"], "{code}");
        }
        for code in ["TD17", "TD18", "TD19", "TD28"] {
            assert_eq!(refused(&to_oneself(code)), ["00473", "00471"], "{code}");
        }
        for code in ["TD04", "TD05", "TD21", "TD22", "TD23", "TD26", "TD27"] {
            assert_eq!(refused(&to_oneself(code)).iter().filter(|found| **found == "00471").count(), 0, "{code}");
        }
        assert_eq!(refused(&changed_after(REVERSE_CHARGE, SELLER, "09876543217", "01234567897")), ["00471"]);
    }

    #[test]
    fn administrations_are_asked_less() {
        let same = changed_after(ADMINISTRATION, BUYER, "09876543217", "01234567897");
        assert_eq!(refused(&same), NOTHING);
        assert_eq!(refused(&of_type(&same, "TD20")), ["00471"]);
        assert_eq!(refused(&of_type(ADMINISTRATION, "TD27")), NOTHING);
        assert_eq!(refused(&of_type(ADMINISTRATION, "TD21")), ["00472"]);
    }

    #[test]
    fn a_fiscal_code_tells_who_a_customer_without_vat_number_is() {
        assert_eq!(refused(&changed_after(PRIVATE, BUYER, "RSSMRA80A01H501U", "01234567897")), ["00471"]);
        let vat = "<IdFiscaleIVA>\n          <IdPaese>IT</IdPaese>\n          <IdCodice>09876543217</IdCodice>\n        </IdFiscaleIVA>";
        assert_eq!(refused(&changed(FEE, vat, "<CodiceFiscale>MRTMTT91D08F205J</CodiceFiscale>")), ["00471"]);
        assert_eq!(refused(&changed(FEE, vat, "<CodiceFiscale>01234567897</CodiceFiscale>")), ["00471"]);
        assert_eq!(refused(&changed(FEE, vat, "<CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale>")), NOTHING);
        assert_eq!(refused(&of_type(PRIVATE, "TD27")), ["00472"]);
        // Without the seller's fiscal code the customer may be the seller in person.
        assert_eq!(refused(&changed(&of_type(PRIVATE, "TD27"), "<CodiceFiscale>01234567897</CodiceFiscale>", "")), NOTHING);
    }

    #[test]
    fn documents_to_oneself_name_one_party_twice() {
        assert_eq!(refused(&changed_after(PLAFOND, BUYER, "01234567897", "09876543217")), ["00472"]);
        assert_eq!(refused(&of_type(RATES, "TD27")), ["00472"]);
        assert_eq!(refused(&of_type(PLAFOND, "TD27")), NOTHING);
    }

    #[test]
    fn the_seller_is_from_where_the_type_says() {
        let from =
            |country: &str, code| of_type(&changed_after(FOREIGN_SERVICES, SELLER, "<IdPaese>DE", &format!("<IdPaese>{country}")), code);
        for (country, code) in [("IT", "TD17"), ("IT", "TD18"), ("IT", "TD19"), ("IT", "TD28"), ("DE", "TD28"), ("DE", "TD29")] {
            assert_eq!(refused(&from(country, code)), ["00473"], "{country} {code}");
        }
        for (country, code) in
            [("DE", "TD17"), ("OO", "TD17"), ("SM", "TD18"), ("OO", "TD19"), ("SM", "TD28"), ("IT", "TD29"), ("DE", "TD01")]
        {
            assert_eq!(refused(&from(country, code)), NOTHING, "{country} {code}");
        }
    }

    #[test]
    fn who_reports_a_purchase_has_a_vat_number() {
        for code in ["TD16", "TD20", "TD22", "TD23", "TD29"] {
            assert_eq!(refused(&of_type(PRIVATE, code)), ["00475"], "{code}");
        }
        for code in ["TD17", "TD18", "TD19", "TD28"] {
            assert_eq!(refused(&of_type(PRIVATE, code)), ["00473", "00475"], "{code}");
        }
        for code in ["TD01", "TD02", "TD03", "TD04", "TD05", "TD06", "TD24", "TD25", "TD26"] {
            assert_eq!(refused(&of_type(PRIVATE, code)), NOTHING, "{code}");
        }
    }

    #[test]
    fn seller_or_customer_is_in_italy() {
        assert_eq!(refused(&changed_after(FOREIGN_SERVICES, BUYER, "<IdPaese>IT", "<IdPaese>FR")), ["00476"]);
        assert_eq!(refused(&changed_after(PRIVATE, SELLER, "<IdPaese>IT", "<IdPaese>FR")), NOTHING);
    }
}
