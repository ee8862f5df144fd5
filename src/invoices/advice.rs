//! What a good accountant would say of a sent document that its file alone does not show: whose account it is, and what day it is.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use crate::account::standing::Holder;
use crate::fatturapa::{DocumentType, Finding, Identity, Issuers, Severity, Taxpayer, Words, italian_day};

/// How many documents of a lot are told to be late: as many as other findings.
const MOST: usize = 50;

/// SELLER_NOT_HOLDER: nobody who may have issued the document is the account's holder. Where the file tells too little to be sure, nothing is
/// said. Whoever issues for others says so in the file, or knows why.
pub(super) fn of_another(issuers: Option<&Issuers>, holder: &Holder) -> Option<Finding> {
    let issuers = issuers?;
    if !issuers.taxpayers.iter().all(|taxpayer| differs(taxpayer, holder)) {
        return None;
    }
    let shown = |vat: &Option<String>, fiscal_code: &Option<String>| vat.as_ref().or(fiscal_code.as_ref()).cloned().unwrap_or_default();
    let seller = issuers.taxpayers.first().map(|seller| shown(&seller.vat, &seller.fiscal_code)).unwrap_or_default();
    let own = shown(&holder.vat_number, &holder.fiscal_code);
    let message = Words::new(
        format!(
            "[1.2] CedentePrestatore è {seller}, mentre l'account è intestato a {own}: verificare che il documento parta dall'account \
             giusto, oppure correggere il cedente"
        ),
        format!(
            "[1.2] CedentePrestatore is {seller}, but the account is held by {own}: make sure that the document is sent from the right \
             account, or correct the seller"
        ),
    );
    Some(Finding { code: "SELLER_NOT_HOLDER", severity: Severity::Advice, path: issuers.path.clone(), at: issuers.at, message })
}

/// Whether they are surely two. An Italian company's fiscal code is its VAT number without the country, but for members of a VAT group, who
/// share the group's number and keep their own codes.
fn differs(taxpayer: &Taxpayer, holder: &Holder) -> bool {
    let numbers = |vat: &Option<String>, fiscal_code: &Option<String>| {
        let as_vat = fiscal_code.as_ref().map(|code| format!("IT{code}"));
        [vat.clone(), as_vat].map(|number| number.map(|number| number.to_ascii_uppercase()))
    };
    let (its, own) = (numbers(&taxpayer.vat, &taxpayer.fiscal_code), numbers(&holder.vat_number, &holder.fiscal_code));
    let comparable = its.iter().zip(&own).any(|(its, own)| its.is_some() && own.is_some());
    comparable && !its.iter().flatten().any(|number| own.iter().flatten().any(|own| own == number))
}

/// TRANSMITTED_LATE: the term in which documents of this date are to reach the SdI has passed. The SdI takes them all the same.
pub(super) fn late(identities: &[Identity], today: NaiveDate) -> impl Iterator<Item = Finding> {
    identities.iter().filter_map(move |identity| late_one(identity, today)).take(MOST)
}

fn late_one(identity: &Identity, today: NaiveDate) -> Option<Finding> {
    let term = Term::of(identity.document_type)?;
    let date = identity.date;
    let last = term.last_day(date).filter(|last| *last < today)?;
    let (it_date, it_last, it_today) = (italian_day(date), italian_day(last), italian_day(today));
    let (within_it, within_en) = term.words();
    let message = Words::new(
        format!(
            "[2.1.1.3] Data è {it_date}: il documento va trasmesso {within_it}, quindi entro il {it_last}, e oggi è il {it_today}. Lo SdI \
             lo accetta comunque: trasmetterlo al più presto, oppure correggere la data se non è quella dell'operazione. Dopo uno scarto \
             si hanno 5 giorni per ritrasmetterlo"
        ),
        format!(
            "[2.1.1.3] Data is {date}: the document is to be transmitted {within_en}, so by {last}, and today is {today}. The SdI takes it \
             all the same: send it soon, or correct the date if it is not that of the operation. After a rejection there are \
             5 days to send it again"
        ),
    );
    let (path, at) = (identity.date_path.clone(), identity.date_at);
    Some(Finding { code: "TRANSMITTED_LATE", severity: Severity::Advice, path, at, message })
}

/// How long after its date a document is to be transmitted, the date being that of the operation. Days of rest prolong no term here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    /// Invoices: DPR 633/72, art. 21, paragraph 4; simplified ones likewise, art. 21-bis.
    TwelveDays,
    /// Deferred invoices: letter a.
    Deferred,
    /// Deferred invoices of goods that were resold on the way: letter b.
    DeferredTriangular,
    /// Purchases from abroad: DLgs 127/2015, art. 1, paragraph 3-bis.
    FromAbroad,
}

impl Term {
    /// None of documents that have no such term: credit notes, and those that put others right or follow terms of their own.
    const fn of(document_type: DocumentType) -> Option<Self> {
        use DocumentType as D;
        match document_type {
            D::Invoice
            | D::InvoiceAdvance
            | D::FeeAdvance
            | D::DebitNote
            | D::Fee
            | D::SimplifiedInvoice
            | D::SimplifiedDebitNote
            | D::DepreciableGoods
            | D::OwnConsumption => Some(Self::TwelveDays),
            D::DeferredInvoice => Some(Self::Deferred),
            D::DeferredTriangularInvoice => Some(Self::DeferredTriangular),
            D::ForeignServices | D::IntraCommunityGoods | D::ForeignGoods | D::SanMarinoPurchase => Some(Self::FromAbroad),
            D::CreditNote
            | D::SimplifiedCreditNote
            | D::DomesticReverseCharge
            | D::Regularisation
            | D::PlafondExceeded
            | D::WarehouseExtraction
            | D::WarehouseExtractionWithVat
            | D::OmittedInvoiceReport => None,
        }
    }

    /// The last day of the term.
    fn last_day(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::TwelveDays => date.checked_add_days(Days::new(12)),
            Self::Deferred | Self::FromAbroad => date.checked_add_months(Months::new(1))?.with_day(15),
            Self::DeferredTriangular => date.with_day(1)?.checked_add_months(Months::new(2))?.pred_opt(),
        }
    }

    /// The term in Italian and English.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TwelveDays => (
                "entro 12 giorni dall'operazione (DPR 633/72, art. 21, comma 4)",
                "within 12 days of the operation (DPR 633/72, art. 21, paragraph 4)",
            ),
            Self::Deferred => (
                "entro il giorno 15 del mese successivo all'operazione (DPR 633/72, art. 21, comma 4, lettera a)",
                "by the 15th of the month after the operation (DPR 633/72, art. 21, paragraph 4, letter a)",
            ),
            Self::DeferredTriangular => (
                "entro la fine del mese successivo alla consegna (DPR 633/72, art. 21, comma 4, lettera b)",
                "by the end of the month after the delivery (DPR 633/72, art. 21, paragraph 4, letter b)",
            ),
            Self::FromAbroad => (
                "entro il giorno 15 del mese successivo al ricevimento o all'operazione (DLgs 127/2015, art. 1, comma 3-bis)",
                "by the 15th of the month after the receipt or the operation (DLgs 127/2015, art. 1, paragraph 3-bis)",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fatturapa::Look;

    const INVOICE: &str = include_str!("../../tests/samples/fpr12.xml");
    const REVERSE_CHARGE: &str = include_str!("../../tests/samples/fpr12-td17.xml");

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn is_late(document_type: &str, date: &str, today: &str) -> bool {
        let file = INVOICE.replace("TD01", document_type).replace("<Data>2026-03-31", &format!("<Data>{date}"));
        let identities = Look::at(file.as_bytes(), day(today)).identities;
        assert_eq!(identities.len(), 1);
        late(&identities, day(today)).count() == 1
    }

    #[test]
    fn a_document_is_late_when_its_term_has_passed_and_not_on_its_last_day() {
        for (document_type, date, last, next) in [
            ("TD01", "2026-03-31", "2026-04-12", "2026-04-13"),
            ("TD26", "2026-12-25", "2027-01-06", "2027-01-07"),
            ("TD24", "2026-01-31", "2026-02-15", "2026-02-16"),
            ("TD24", "2026-12-01", "2027-01-15", "2027-01-16"),
            ("TD17", "2026-03-01", "2026-04-15", "2026-04-16"),
            ("TD25", "2026-12-31", "2027-01-31", "2027-02-01"),
            ("TD25", "2026-01-31", "2026-02-28", "2026-03-01"),
        ] {
            assert!(!is_late(document_type, date, last), "{document_type} {date}");
            assert!(is_late(document_type, date, next), "{document_type} {date}");
        }
        for without_term in ["TD04", "TD16", "TD20", "TD29"] {
            assert!(!is_late(without_term, "2024-01-01", "2026-03-01"), "{without_term}");
        }
        assert!(!is_late("TD01", "2026-03-31", "2026-03-01"), "what is still to come is not late");
    }

    #[test]
    fn what_is_late_is_told_with_its_term_in_both_languages() {
        let identities = Look::at(INVOICE.as_bytes(), day("2026-04-20")).identities;
        let told: Vec<_> = late(&identities, day("2026-04-20")).collect();
        told[0].message.assert_each_in_its_language();
        assert_eq!(told[0].path, "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento/Data");
        assert!(told[0].message.english.contains("so by 2026-04-12, and today is 2026-04-20"), "{}", told[0].message.english);
        assert!(told[0].message.italian.contains("quindi entro il 12/04/2026, e oggi è il 20/04/2026"), "{}", told[0].message.italian);
    }

    fn told(file: &str, vat_number: Option<&str>, fiscal_code: Option<&str>) -> bool {
        let holder = Holder { vat_number: vat_number.map(str::to_owned), fiscal_code: fiscal_code.map(str::to_owned) };
        let found = of_another(Look::at(file.as_bytes(), day("2026-04-01")).issuers.as_ref(), &holder);
        found.inspect(|found| found.message.assert_each_in_its_language()).is_some()
    }

    #[test]
    fn an_invoice_of_another_seller_is_told_where_the_file_is_sure_of_it() {
        assert!(!told(INVOICE, Some("IT01234567897"), None));
        assert!(!told(INVOICE, None, Some("01234567897")));
        assert!(told(INVOICE, Some("IT09876543217"), None));
        assert!(told(INVOICE, Some("IT09876543217"), Some("RSSMRA80A01H501U")), "the customer is not asked");
        let person = INVOICE.replace("<CodiceFiscale>01234567897", "<CodiceFiscale>VRDGPP80A01H501U");
        assert!(!told(&person, None, Some("VRDGPP80A01H501U")));
        assert!(told(&person, None, Some("RSSMRA80A01H501U")));
        let without_code = INVOICE.replace("<CodiceFiscale>01234567897</CodiceFiscale>", "");
        assert!(!told(&without_code, None, Some("VRDGPP80A01H501U")), "whose VAT number it is the file does not tell");
        let group = INVOICE.replace("<CodiceFiscale>01234567897", "<CodiceFiscale>09876543217");
        assert!(!told(&group, Some("IT09876543217"), None), "a member of a VAT group");
    }

    #[test]
    fn a_self_invoice_is_its_customers() {
        let customer = Look::at(REVERSE_CHARGE.as_bytes(), day("2026-04-01")).invoice.expect("readable").buyer;
        assert!(!told(REVERSE_CHARGE, customer.vat.as_deref(), customer.fiscal_code.as_deref()));
        assert!(told(REVERSE_CHARGE, Some("IT12345678903"), None));
    }
}
