//! ValidateInvoice says what the SdI would say, before anything is stored.

use crate::support::pb::{FindingSeverity, SignatureIntegrity};
use crate::support::{Customer, TestApp, pb, refused, served};

on_both_databases!(
    an_invoice_is_judged_with_place_code_and_what_to_do_in_two_languages,
    what_cannot_be_read_is_an_answer_and_no_error,
    a_signed_invoice_is_judged_by_what_is_inside_and_its_signature_told,
    a_suspended_account_can_still_validate_and_nothing_is_stored,
    without_a_file_there_is_nothing_to_judge,
);

const GOOD: &[u8] = include_bytes!("../samples/fpr12.xml");
const SIGNED: &[u8] = include_bytes!("../samples/signed/rsa.xml.p7m");

async fn judged(ann: &Customer, file: &[u8]) -> pb::ValidateInvoiceResponse {
    served(ann.panel.invoices().validate_invoice(pb::ValidateInvoiceRequest { file: file.to_vec() }).await)
}

async fn an_invoice_is_judged_with_place_code_and_what_to_do_in_two_languages(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    // Dated 31 March 2026: the SdI takes no invoice of a day to come (00403).
    app.day_comes("2026-04-01").await;
    let good = judged(&ann, GOOD).await;
    // Its seller is not Ann, who would be the one to send it.
    let codes: Vec<_> = good.findings.iter().map(|finding| (finding.code.as_str(), finding.severity())).collect();
    let expected = vec![("SELLER_NOT_HOLDER", FindingSeverity::Advice)];
    assert_eq!((good.kind.as_str(), good.schema_valid, codes, good.signatures), ("FPR12", true, expected, vec![]));

    let wrong = String::from_utf8_lossy(GOOD).replace("<Imposta>22.00", "<Imposta>23.00").replace("<Divisa>EUR", "<Divisa>euro");
    let judged = judged(&ann, wrong.as_bytes()).await;
    assert!(!judged.schema_valid);
    let refused = judged.findings.iter().filter(|finding| finding.severity() == FindingSeverity::Refused);
    let codes: Vec<_> = refused.map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["00200", "00421"]);
    let currency = &judged.findings[0];
    assert_eq!(currency.path, "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento/Divisa");
    assert!(currency.line > 1 && currency.column > 1);
    assert!(currency.message_it.contains("3 lettere maiuscole") && currency.message_en.contains("3 capital letters"), "{currency:?}");
}

async fn what_cannot_be_read_is_an_answer_and_no_error(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for (file, code) in [(&b"no invoice"[..], "NOT_XML"), (b"<!DOCTYPE a><a/>", "DOCTYPE_FORBIDDEN"), (b"\x30\x80\x06", "SIGNED")] {
        let judged = judged(&ann, file).await;
        let codes: Vec<_> = judged.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!((judged.kind.as_str(), judged.schema_valid, codes), ("unknown", false, vec![code]));
    }
}

async fn a_signed_invoice_is_judged_by_what_is_inside_and_its_signature_told(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let judged = judged(&ann, SIGNED).await;
    assert_eq!((judged.kind.as_str(), judged.schema_valid), ("FPR12", true));
    assert_eq!(judged.signatures.len(), 1);
    let signature = &judged.signatures[0];
    assert_eq!(signature.integrity(), SignatureIntegrity::Verified);
    assert!(!signature.signer.is_empty() && signature.valid_until_time.is_some(), "{signature:?}");
}

async fn a_suspended_account_can_still_validate_and_nothing_is_stored(app: &TestApp) {
    let ann = app.customer("ann").full().await;
    let before = ann.space().await.usage_bytes;
    assert!(judged(&ann, GOOD).await.schema_valid);
    assert_eq!(ann.space().await.usage_bytes, before);
}

async fn without_a_file_there_is_nothing_to_judge(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let refusal = refused(ann.panel.invoices().validate_invoice(pb::ValidateInvoiceRequest { file: Vec::new() }).await);
    assert_eq!(refusal.violations, [("file".to_owned(), "must be given".to_owned())]);
}
