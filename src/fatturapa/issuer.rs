//! Who may have issued a document: for archives, which know whose they are.

use super::document_type::DocumentType;
use super::format::Kind;
use super::tree::{Element, Tree};
use super::unreadable::Position;

/// Those who may have issued a file's documents, as the file says it, and the place of its seller for findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuers {
    /// The seller; its representative; where the file says that another issued it for the seller, that one; and the customer, where a document
    /// is of a type that customers issue.
    pub taxpayers: Vec<Taxpayer>,
    /// The path of the seller.
    pub path: String,
    /// Where the seller begins.
    pub at: Position,
}

/// The numbers that tell who somebody is, whatever is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxpayer {
    /// The VAT number (IdFiscaleIVA) with its country's code before it.
    pub vat: Option<String>,
    /// The fiscal code (CodiceFiscale).
    pub fiscal_code: Option<String>,
}

impl Taxpayer {
    fn of(party: Element<'_, '_>) -> Self {
        let numbers = ["DatiAnagrafici", "IdentificativiFiscali"].into_iter().find_map(|name| party.child(name)).unwrap_or(party);
        let vat = numbers.child("IdFiscaleIVA").and_then(|vat| Some(format!("{}{}", vat.text_at("IdPaese")?, vat.text_at("IdCodice")?)));
        Self { vat, fiscal_code: numbers.text_at("CodiceFiscale").map(str::to_owned) }
    }
}

/// Whether the customer issues documents of this type: to supplement or put right what the seller issued or should have, or to itself.
const fn customer_issues(document_type: DocumentType) -> bool {
    use DocumentType as D;
    match document_type {
        D::DomesticReverseCharge
        | D::ForeignServices
        | D::IntraCommunityGoods
        | D::ForeignGoods
        | D::Regularisation
        | D::PlafondExceeded
        | D::WarehouseExtraction
        | D::WarehouseExtractionWithVat
        | D::OwnConsumption
        | D::SanMarinoPurchase
        | D::OmittedInvoiceReport => true,
        D::Invoice
        | D::InvoiceAdvance
        | D::FeeAdvance
        | D::CreditNote
        | D::DebitNote
        | D::Fee
        | D::SimplifiedInvoice
        | D::SimplifiedCreditNote
        | D::SimplifiedDebitNote
        | D::DeferredInvoice
        | D::DeferredTriangularInvoice
        | D::DepreciableGoods => false,
    }
}

/// Who may have issued the documents of an invoice file; none of a file that names no seller or is no invoice.
pub(super) fn issuers(tree: &Tree<'_>) -> Option<Issuers> {
    let root = tree.root();
    Kind::of(root).ok()?;
    let header = root.child("FatturaElettronicaHeader")?;
    let seller = header.child("CedentePrestatore")?;
    let issued_for_it = header.text_at("SoggettoEmittente");
    let kinds = root.all("FatturaElettronicaBody").filter_map(|body| body.text_at("DatiGenerali/DatiGeneraliDocumento/TipoDocumento"));
    let of_customer = kinds.filter_map(DocumentType::from_code).any(customer_issues) || issued_for_it == Some("CC");
    // A simplified invoice names the representative inside of the seller.
    let representative = header.child("RappresentanteFiscale").or_else(|| seller.child("RappresentanteFiscale"));
    let customer = header.child("CessionarioCommittente").filter(|_| of_customer);
    let third = header.child("TerzoIntermediarioOSoggettoEmittente").filter(|_| issued_for_it == Some("TZ"));
    let taxpayers = [Some(seller), representative, customer, third].into_iter().flatten().map(Taxpayer::of).collect();
    Some(Issuers { taxpayers, path: seller.path(), at: seller.position() })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::Look;

    const INVOICE: &str = include_str!("../../tests/samples/fpr12.xml");
    const REVERSE_CHARGE: &str = include_str!("../../tests/samples/fpr12-td17.xml");
    const SIMPLIFIED: &str = include_str!("../../tests/samples/fsm10.xml");

    fn issuers(file: &str) -> Vec<String> {
        let found = Look::at(file.as_bytes(), NaiveDate::default()).issuers;
        let one = |taxpayer: super::Taxpayer| [taxpayer.vat, taxpayer.fiscal_code].map(Option::unwrap_or_default).join(" ");
        found.map(|found| found.taxpayers).unwrap_or_default().into_iter().map(one).collect()
    }

    #[test]
    fn an_invoice_is_its_sellers() {
        assert_eq!(issuers(INVOICE), ["IT01234567897 01234567897"]);
        assert_eq!(issuers(SIMPLIFIED), ["IT01234567897 "]);
        assert!(issuers(include_str!("../../tests/samples/receipt-rc.xml")).is_empty());
    }

    #[test]
    fn customers_issue_documents_of_some_types() {
        assert_eq!(issuers(REVERSE_CHARGE).len(), 2);
        assert_eq!(issuers(&REVERSE_CHARGE.replace("TD17", "TD01").replace("<SoggettoEmittente>CC</SoggettoEmittente>", "")).len(), 1);
    }

    #[test]
    fn another_may_issue_an_invoice_for_the_seller() {
        let with = |who: &str| {
            let third = "<TerzoIntermediarioOSoggettoEmittente><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>3</IdCodice>\
                         </IdFiscaleIVA></DatiAnagrafici></TerzoIntermediarioOSoggettoEmittente>";
            INVOICE.replace("</FatturaElettronicaHeader>", &format!("{third}{who}</FatturaElettronicaHeader>"))
        };
        assert_eq!(issuers(&with("")).len(), 1, "whoever transmits it does not issue it");
        assert_eq!(issuers(&with("<SoggettoEmittente>TZ</SoggettoEmittente>")), ["IT01234567897 01234567897", "IT3 "]);
        assert_eq!(issuers(&with("<SoggettoEmittente>CC</SoggettoEmittente>")), ["IT01234567897 01234567897", " RSSMRA80A01H501U"]);
    }
}
