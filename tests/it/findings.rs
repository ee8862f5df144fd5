//! What is wrong with a sent document is stored with its draft and told; nothing that the SdI would refuse is queued (I2).

use std::collections::HashSet;

use futures_util::future::join_all;
use futures_util::stream;
use spazio::demo::invoices::GeneratedInvoice;
use spazio::fatturapa::ReceiptKind;
use tonic::Code;

use crate::support::pb::import_invoices_response::Outcome;
use crate::support::pb::{DownloadForm, ErrorReason, FindingSeverity, InvoiceState};
use crate::support::{Customer, Refusal, Reworded as _, TestApp, pb, refused, request_id, served};

on_both_databases!(
    a_draft_is_stored_with_what_is_wrong_with_it,
    an_invoice_that_lacks_its_number_is_a_draft_and_what_is_none_is_not,
    putting_a_draft_right_takes_its_findings_away,
    what_the_sdi_would_refuse_is_not_queued_and_all_of_it_is_told,
    a_refusal_fits_into_a_status_and_get_invoice_tells_the_rest,
    of_more_than_is_told_a_refusal_says_that_it_is_at_least_so_much,
    a_day_to_come_is_good_when_it_has_come,
    a_received_invoice_is_kept_with_its_findings,
    a_signed_draft_tells_its_signature,
    a_certificate_that_expired_since_is_held_against_drafts_alone,
    a_number_is_issued_once,
    a_number_is_free_again_when_the_sdi_rejected_it_or_its_recipient_refused_it,
    a_credit_note_may_have_the_number_of_an_invoice_and_is_not_older_than_it,
    every_invoice_of_a_lot_takes_its_number,
    of_many_drafts_with_one_number_queued_at_once_one_wins,
    of_many_files_with_one_name_sent_at_once_one_wins,
    a_sent_document_is_advised_on_when_it_is_late_or_not_of_the_holder,
    what_was_sent_elsewhere_is_not_late_and_what_was_received_is_of_others,
    who_queues_what_is_no_draft_any_more_is_told_how_it_stands,
    what_was_received_is_told_to_be_no_draft_and_of_others_nothing_is_told,
    an_old_etag_is_refused_with_the_present_one,
    of_many_identical_files_sent_at_once_one_is_stored,
    what_is_queued_is_what_was_judged,
);

const CALLERS: usize = 32;

async fn created(ann: &Customer, invoice: &GeneratedInvoice) -> pb::CreateSentInvoiceResponse {
    served(ann.panel.invoices().create_sent_invoice(Customer::create_request(invoice)).await)
}

async fn updated(ann: &Customer, draft: &pb::Invoice, file: Vec<u8>) -> Result<pb::UpdateSentInvoiceResponse, tonic::Status> {
    let request =
        pb::UpdateSentInvoiceRequest { request_id: request_id(), invoice_id: draft.invoice_id.clone(), file, ..Default::default() };
    ann.panel.invoices().update_sent_invoice(request).await.map(tonic::Response::into_inner)
}

fn codes(findings: &[pb::Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.severity() == FindingSeverity::Refused).map(|finding| finding.code.as_str()).collect()
}

/// Withholding that the document does not tell: 00411.
fn wrong(invoice: GeneratedInvoice) -> GeneratedInvoice {
    invoice.with("</AliquotaIVA>", "</AliquotaIVA><Ritenuta>SI</Ritenuta>")
}

/// Another file of the same invoice.
fn again(invoice: &GeneratedInvoice, remark: usize) -> GeneratedInvoice {
    invoice.clone().unnamed().with("<Causale>Vendita", &format!("<Causale>Vendita {remark}"))
}

async fn a_draft_is_stored_with_what_is_wrong_with_it(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let answer = created(&ann, &wrong(ann.invoice())).await;
    assert_eq!(codes(&answer.findings), ["00411"]);
    let draft = answer.invoice.expect("the draft");
    assert_eq!((draft.refused_findings, draft.advice_findings, draft.state()), (1, 0, InvoiceState::Draft));

    let read = ann.reads(&draft).await;
    assert_eq!((read.findings.as_slice(), read.invoice.as_ref()), (answer.findings.as_slice(), Some(&draft)));
    assert!(read.findings[0].line > 1 && read.findings[0].message_it.contains("DatiRitenuta"), "{:?}", read.findings);
    let list = served(ann.panel.invoices().list_invoices(pb::ListInvoicesRequest::default()).await).invoices;
    assert_eq!(list[0].refused_findings, 1);
}

async fn an_invoice_that_lacks_its_number_is_a_draft_and_what_is_none_is_not(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let answer = created(&ann, &invoice.clone().with(&format!("<Numero>{}</Numero>", invoice.number), "")).await;
    assert_eq!(codes(&answer.findings), ["00200"]);
    let draft = answer.invoice.expect("the draft");
    assert_eq!((draft.number.as_str(), draft.reading_problems.len()), ("", 1));
    assert_eq!(refused(ann.try_queue(&draft).await).reason, ErrorReason::DocumentRefused);

    let none = GeneratedInvoice { bytes: b"<a/>".to_vec(), ..ann.invoice() };
    assert_eq!(refused(ann.try_create(&none).await).reason, ErrorReason::DocumentUnreadable);
}

async fn putting_a_draft_right_takes_its_findings_away(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let good = ann.invoice();
    let draft = ann.creates(&wrong(good.clone())).await;
    let answer = updated(&ann, &draft, good.bytes).await.expect("it is put right");
    assert_eq!((answer.findings, answer.invoice.expect("the draft").refused_findings), (vec![], 0));
    assert_eq!(ann.reads(&draft).await.findings, []);
    assert_eq!(ann.try_queue(&draft).await.expect("queued").state(), InvoiceState::Queued);
}

async fn what_the_sdi_would_refuse_is_not_queued_and_all_of_it_is_told(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let draft = ann.creates(&wrong(invoice.clone()).with(&format!("<Numero>{}", invoice.number), "<Numero>ABC")).await;
    let refusal = refused(ann.try_queue(&draft).await);
    assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::DocumentRefused));
    assert_eq!(refusal.number("refused_findings"), 2);
    let [(number, why), (_, withholding)] = &refusal.violations[..] else { panic!("{:?}", refusal.violations) };
    let line = ann.reads(&draft).await.findings[0].line;
    assert_eq!(*number, format!("FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento/Numero (line {line})"));
    assert!(why.starts_with("00425: ") && withholding.starts_with("00411: "), "{why} {withholding}");
    assert!(refusal.localized[0].1.contains("2 motivi") && refusal.localized[1].1.contains("2 reasons"), "{:?}", refusal.localized);
    assert_eq!(ann.reads(&draft).await.invoice.expect("the draft"), draft, "nothing changed");
}

async fn a_refusal_fits_into_a_status_and_get_invoice_tells_the_rest(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    // A discount of nothing, fifty times: 00437.
    let discounts = "<ScontoMaggiorazione><Tipo>SC</Tipo></ScontoMaggiorazione>".repeat(50);
    let draft = ann.creates(&ann.invoice().with("<ImportoTotaleDocumento>", &format!("{discounts}<ImportoTotaleDocumento>"))).await;
    let status = ann.try_queue(&draft).await.expect_err("refused");
    assert!(status.message().len() + status.details().len() < 6 * 1024);
    let refusal = Refusal::of(&status);
    let (told, all) = (refusal.violations.len() - 1, ann.reads(&draft).await.findings.len());
    assert!(told >= 5 && all == 50, "{told} of {all}");
    assert_eq!(refusal.violations[told].1, format!("and {} more", all - told));
    assert!(refusal.message.contains("for 50 reasons") && refusal.message.contains("GetInvoice"), "{}", refusal.message);
}

async fn of_more_than_is_told_a_refusal_says_that_it_is_at_least_so_much(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let discounts = "<ScontoMaggiorazione><Tipo>SC</Tipo></ScontoMaggiorazione>".repeat(201);
    let wrong_inside = ann.invoice().with("<ImportoTotaleDocumento>", &format!("{discounts}<ImportoTotaleDocumento>"));
    let wrong_structure = ann.invoice().with("<Divisa>", &format!("{}<Divisa>", "<Unknown/>".repeat(51)));
    for (invoice, count) in [(wrong_inside, 200), (wrong_structure, 51)] {
        let draft = ann.creates(&invoice).await;
        assert_eq!(draft.refused_findings, count);
        let refusal = refused(ann.try_queue(&draft).await);
        assert!(refusal.message.contains(&format!("for at least {count} reasons")), "{}", refusal.message);
        assert!(refusal.localized[0].1.contains(&format!("dallo SdI per almeno {count} motivi")), "{:?}", refusal.localized);
    }
}

async fn a_day_to_come_is_good_when_it_has_come(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    // It is 16 March 2026.
    let answer = created(&ann, &ann.invoice().with("<Data>2026-03-05", "<Data>2026-03-17")).await;
    assert_eq!(codes(&answer.findings), ["00403"]);
    let draft = answer.invoice.expect("the draft");
    assert_eq!(refused(ann.try_queue(&draft).await).reason, ErrorReason::DocumentRefused);
    app.day_comes("2026-03-17").await;
    assert_eq!(ann.try_queue(&draft).await.expect("queued").refused_findings, 0);
    assert_eq!(ann.reads(&draft).await.findings, []);
}

async fn a_received_invoice_is_kept_with_its_findings(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = wrong(ann.invoice());
    let received = ann.receives(invoice.bytes, &invoice.file_name).await;
    assert_eq!((received.refused_findings, codes(&ann.reads(&received).await.findings)), (1, vec!["00411"]));
    let nothing = ann.receives(b"no invoice".to_vec(), "a.xml").await;
    assert_eq!(codes(&ann.reads(&nothing).await.findings), ["NOT_XML"]);
}

async fn a_signed_draft_tells_its_signature(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let signed = include_bytes!("../samples/signed/rsa.xml.p7m");
    let draft = ann.creates(&GeneratedInvoice { bytes: signed.to_vec(), ..ann.invoice().unnamed() }).await;
    let signatures = ann.reads(&draft).await.signatures;
    assert_eq!(signatures.len(), 1);
    assert_eq!(signatures[0].integrity(), pb::SignatureIntegrity::Verified);
}

async fn a_certificate_that_expired_since_is_held_against_drafts_alone(app: &TestApp) {
    const EXPIRED: &str = "certificato è scaduto";
    let ann = app.customer("ann").create().await;
    let signed = include_bytes!("../samples/signed/rsa-expiring.xml.p7m").to_vec();
    let name = "IT01234567897_00001.xml.p7m";
    let page = async |invoice: &pb::Invoice| {
        let (_, page) = ann.downloads_as(DownloadForm::Page, &invoice.invoice_id).await.unwrap_or_else(|status| panic!("{status}"));
        String::from_utf8(page).expect("a page is UTF-8")
    };
    // The certificate is good until 25 December 2026.
    app.day_comes("2026-12-01").await;
    let received = ann.receives(signed.clone(), name).await;
    app.day_comes("2027-02-01").await;
    // From somebody else's archive.
    let delivered = pb::ImportInvoicesRequest {
        kind: pb::ImportKind::Sent.into(),
        file_name: name.to_owned(),
        file: signed.clone(),
        state: InvoiceState::Delivered.into(),
    };
    let mut results = served(ann.service.invoices().import_invoices(stream::iter([delivered])).await);
    let Some(Outcome::Stored(imported)) = results.message().await.unwrap_or_else(|status| panic!("{status}")).and_then(|told| told.outcome)
    else {
        panic!("it is not stored")
    };
    for invoice in [&received, &ann.gets(&imported.invoice_id).await] {
        assert_eq!(codes(&ann.reads(invoice).await.findings), [""; 0]);
        let page = page(invoice).await;
        assert!(!page.contains(EXPIRED) && !page.contains("scarterebbe"), "{page}");
    }

    let bob = app.customer("bob").create().await;
    let draft = bob.creates(&GeneratedInvoice { bytes: signed, ..bob.invoice().unnamed() }).await;
    assert_eq!(codes(&bob.reads(&draft).await.findings), ["00100"]);
    let (_, page) = bob.downloads_as(DownloadForm::Page, &draft.invoice_id).await.unwrap_or_else(|status| panic!("{status}"));
    let page = String::from_utf8(page).expect("a page is UTF-8");
    assert!(page.contains(EXPIRED) && page.contains("scarterebbe"), "{page}");
}

async fn a_number_is_issued_once(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    // Both are drafts: neither was issued yet.
    let second = ann.creates(&again(&invoice, 2)).await;
    let first = ann.sends(&invoice).await;
    let refusal = refused(ann.try_queue(&second).await);
    assert_eq!(refusal.reason, ErrorReason::DocumentRefused);
    let why = &refusal.violations[0].1;
    assert!(why.starts_with("00404: ") && why.contains(&first.invoice_id), "{why}");
    assert_eq!(codes(&ann.reads(&second).await.findings), ["00404"]);
    assert_eq!(ann.reads(&second).await.invoice.expect("the draft").refused_findings, 1);

    // From now on it is told when it is drafted, and before.
    assert_eq!(codes(&created(&ann, &again(&invoice, 3)).await.findings), ["00404"]);
    let judged = pb::ValidateInvoiceRequest { file: again(&invoice, 4).bytes };
    assert_eq!(codes(&served(ann.panel.invoices().validate_invoice(judged.clone()).await).findings), ["00404"]);
    // Another account knows nothing of it.
    let bob = app.customer("bob").create().await;
    assert_eq!(codes(&served(bob.panel.invoices().validate_invoice(judged).await).findings), [""; 0]);
    bob.sends(&again(&invoice, 5)).await;
    // Nor has the number of another year been given.
    let last_year = again(&invoice, 6).with("<Data>2026-03-05", "<Data>2025-03-02");
    ann.sends(&last_year).await;
}

async fn a_number_is_free_again_when_the_sdi_rejected_it_or_its_recipient_refused_it(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let first = ann.sends(&invoice).await;
    ann.is_told(&first, ReceiptKind::Rejected).await;
    let second = ann.sends(&again(&invoice, 2)).await;
    assert_eq!(refused(ann.try_queue(&ann.creates(&again(&invoice, 3)).await).await).reason, ErrorReason::DocumentRefused);
    let refusal = super::receipts::outcome(&second.file_name, "EC02");
    ann.records(refusal, "a.xml").await;
    ann.sends(&again(&invoice, 4)).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM issued WHERE NOT released").await, 1);
}

async fn a_credit_note_may_have_the_number_of_an_invoice_and_is_not_older_than_it(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let sent = ann.sends(&invoice).await;
    let linked =
        format!("</DatiGeneraliDocumento><DatiFattureCollegate><IdDocumento>{}</IdDocumento></DatiFattureCollegate>", invoice.number);
    let note = |day: &str, remark| {
        let note = again(&invoice, remark).with("<TipoDocumento>TD01", "<TipoDocumento>TD04").with("</DatiGeneraliDocumento>", &linked);
        note.with("<Data>2026-03-05", &format!("<Data>{day}"))
    };
    let older = created(&ann, &note("2026-03-01", 1)).await;
    assert_eq!(codes(&older.findings), ["00418"]);
    let pb::Finding { message_it, message_en, .. } = &older.findings[0];
    assert!(message_en.contains(&sent.invoice_id) && message_en.contains("2026-03-01"), "{message_en}");
    assert!(message_it.contains("01/03/2026") && message_it.contains("05/03/2026"), "{message_it}");
    assert_eq!(ann.sends(&note("2026-03-05", 2)).await.state(), InvoiceState::Queued);
}

async fn every_invoice_of_a_lot_takes_its_number(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let text = |invoice: &GeneratedInvoice| String::from_utf8(invoice.bytes.clone()).expect("UTF-8");
    let (invoice, lot) = (ann.invoice(), ann.invoice());
    let body = |file: &str, number: &str| {
        let start = file.find("<FatturaElettronicaBody>").expect("a body");
        let body = &file[start..file.find("</p:Fattura").expect("it ends")];
        body.replacen(&format!("<Numero>{}", invoice.number), &format!("<Numero>{number}"), 1)
    };
    let second = body(&text(&invoice), "9/2026");
    let two = again(&invoice, 2).with("</p:Fattura", &format!("{second}</p:Fattura"));
    let sent = ann.sends(&GeneratedInvoice { file_name: lot.file_name, ..two }).await;
    assert_eq!(sent.documents_in_file, 2);
    let alone = again(&invoice, 3).with(&format!("<Numero>{}", invoice.number), "<Numero>9/2026");
    assert_eq!(codes(&created(&ann, &alone).await.findings), ["00404"]);
}

async fn of_many_drafts_with_one_number_queued_at_once_one_wins(app: &TestApp) {
    let ann = app.customer("ann").trial(2).create().await;
    let invoice = ann.invoice();
    let mut drafts = Vec::new();
    for remark in 0..CALLERS {
        drafts.push(ann.creates(&again(&invoice, remark)).await);
    }
    let answers = join_all(drafts.iter().map(|draft| ann.try_queue(draft))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "one wins");
    let winner = won.into_iter().next().and_then(Result::ok).expect("the winner").invoice_id;
    for answer in lost {
        let refusal = refused(answer);
        assert_eq!(refusal.reason, ErrorReason::DocumentRefused, "{}", refusal.message);
        assert!(refusal.violations[0].1.starts_with("00404") && refusal.violations[0].1.contains(&winner), "{:?}", refusal.violations);
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM invoice WHERE state = 'queued'").await, 1);
}

async fn of_many_files_with_one_name_sent_at_once_one_wins(app: &TestApp) {
    let ann = app.customer("ann").trial(2).create().await;
    let name = ann.invoice().file_name;
    let files: Vec<_> = (0..CALLERS).map(|_| GeneratedInvoice { file_name: name.clone(), ..ann.invoice() }).collect();
    let answers = join_all(files.iter().map(|file| ann.try_create(file))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "one wins");
    for answer in lost {
        let refusal = refused(answer);
        assert_eq!((refusal.reason, refusal.metadata["file_name"].as_str()), (ErrorReason::FileNameUsed, name.as_str()));
        let (winner, message) = (&refusal.metadata["invoice_id"], &refusal.message);
        assert_eq!(ann.gets(winner).await.file_name, name);
        assert!(
            message.contains("00002") && message.contains(&format!("({winner}, which is a draft, stored 2026-03-16T09:00:00Z)")),
            "{message}"
        );
        assert!(message.contains("choose the next progressive"), "{message}");
    }
}

fn advised(findings: &[pb::Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.severity() == FindingSeverity::Advice).map(|finding| finding.code.as_str()).collect()
}

/// An invoice of 3 March, thirteen days ago, that another company issues.
fn late_and_of_another(ann: &Customer) -> GeneratedInvoice {
    let invoice = ann.invoice().with("<Data>2026-03-05", "<Data>2026-03-03");
    let text = String::from_utf8(invoice.bytes.clone()).expect("UTF-8");
    let (before, after) = text.split_once("<CedentePrestatore>").expect("the seller");
    let bytes = format!("{before}<CedentePrestatore>{}", after.replace(&invoice.seller.vat, "00743110157")).into_bytes();
    GeneratedInvoice { bytes, ..invoice }
}

async fn a_sent_document_is_advised_on_when_it_is_late_or_not_of_the_holder(app: &TestApp) {
    const BOTH: [&str; 2] = ["SELLER_NOT_HOLDER", "TRANSMITTED_LATE"];
    let ann = app.customer("ann").create().await;
    let invoice = late_and_of_another(&ann);
    let judged = pb::ValidateInvoiceRequest { file: invoice.bytes.clone() };
    let judged = served(ann.panel.invoices().validate_invoice(judged).await).findings;
    assert_eq!((advised(&judged), codes(&judged).len()), (BOTH.to_vec(), 0));
    let answer = created(&ann, &invoice).await;
    assert_eq!(answer.findings, judged);
    let draft = answer.invoice.expect("the draft");
    // Replaced by one of today and of the holder there is nothing to be advised; and as it was, nothing keeps it from being queued.
    let good = updated(&ann, &draft, ann.invoice().bytes).await.expect("changed");
    assert_eq!((good.findings, good.invoice.expect("the draft").advice_findings), (vec![], 0));
    let as_it_was = updated(&ann, &draft, invoice.bytes).await.expect("changed");
    assert_eq!(as_it_was.findings, judged);
    let queued = ann.try_queue(&draft).await.expect("queued");
    assert_eq!((queued.state(), queued.advice_findings), (InvoiceState::Queued, 2));

    // What was good when it was drafted is judged as of the day on which it is queued.
    let draft = ann.creates(&ann.invoice()).await;
    app.day_comes("2026-03-18").await;
    ann.try_queue(&draft).await.expect("queued");
    let [late] = &ann.reads(&draft).await.findings[..] else { panic!("one finding") };
    assert_eq!((late.code.as_str(), late.severity()), ("TRANSMITTED_LATE", FindingSeverity::Advice));
    assert!(late.message_en.contains("by 2026-03-17, and today is 2026-03-18") && late.message_it.contains("18/03/2026"), "{late:?}");
}

async fn what_was_sent_elsewhere_is_not_late_and_what_was_received_is_of_others(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let import = async |invoice: GeneratedInvoice, state: InvoiceState| {
        let file = pb::ImportInvoicesRequest {
            kind: pb::ImportKind::Sent.into(),
            file_name: invoice.file_name,
            file: invoice.bytes,
            state: state.into(),
        };
        let mut results = served(ann.service.invoices().import_invoices(stream::iter([file])).await);
        let outcome = results.message().await.expect("a result").and_then(|result| result.outcome);
        let Some(pb::import_invoices_response::Outcome::Stored(stored)) = outcome else { panic!("{outcome:?}") };
        ann.reads(&pb::Invoice { invoice_id: stored.invoice_id, ..Default::default() }).await.findings
    };
    assert_eq!(advised(&import(late_and_of_another(&ann), InvoiceState::Sent).await), ["SELLER_NOT_HOLDER"]);
    assert_eq!(advised(&import(late_and_of_another(&ann), InvoiceState::Draft).await), ["SELLER_NOT_HOLDER", "TRANSMITTED_LATE"]);
    let received = late_and_of_another(&ann);
    let received = ann.receives(received.bytes, &received.file_name).await;
    assert_eq!(ann.reads(&received).await.findings, []);
}

async fn who_queues_what_is_no_draft_any_more_is_told_how_it_stands(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    app.day_comes("2026-03-18").await;
    let told = async |invoice: &pb::Invoice| {
        let refusal = refused(ann.try_queue(invoice).await);
        assert_eq!((refusal.reason, &refusal.metadata["file_name"]), (ErrorReason::InvoiceState, &invoice.file_name));
        refusal.message
    };
    let name = &sent.file_name;
    let queued = format!("the invoice is queued already, since 2026-03-16T09:00:00Z, as {name}: nothing more needs to be done");
    assert_eq!(told(&sent).await, queued);
    ann.is_told(&sent, ReceiptKind::Delivered).await;
    let delivered = format!("the invoice {name} was delivered: it was sent already, and nothing more needs to be done");
    assert_eq!(told(&sent).await, delivered);
    assert!(told(&ann.rejected().await).await.contains("CopyRejectedInvoice"));
    let update = refused(updated(&ann, &sent, ann.invoice().bytes).await).message;
    let begin = format!("the invoice {name} was delivered and can no longer be changed: only drafts can; ");
    assert!(update.starts_with(&begin) && update.contains("credit note (TD04)"), "{update}");
    let undelivered = ann.sends(&ann.invoice()).await;
    ann.is_told(&undelivered, ReceiptKind::NotDelivered).await;
    let told = told(&undelivered).await;
    assert!(told.contains("was sent and could not be delivered") && !told.contains("not_delivered"), "{told}");
}

async fn what_was_received_is_told_to_be_no_draft_and_of_others_nothing_is_told(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    let received = ann.receives(ann.invoice().bytes, "IT01234567897_00001.xml").await;
    let each = async |who: &Customer| {
        let (mut panel, invoice_id, etag) = (who.panel.invoices(), received.invoice_id.clone(), String::new());
        let queue = pb::QueueSentInvoiceRequest { request_id: request_id(), invoice_id: invoice_id.clone(), etag: etag.clone() };
        let delete = pb::DeleteSentInvoiceRequest { request_id: request_id(), invoice_id: invoice_id.clone(), etag };
        let copy = pb::CopyRejectedInvoiceRequest { request_id: request_id(), invoice_id };
        [
            refused(panel.queue_sent_invoice(queue).await),
            refused(updated(who, &received, who.invoice().bytes).await),
            refused(panel.delete_sent_invoice(delete).await),
            refused(panel.copy_rejected_invoice(copy).await),
        ]
    };
    let told = each(&ann).await;
    for refusal in &told {
        assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::InvoiceState));
        assert_eq!(refusal.metadata["state"], "received");
        assert!(refusal.message.contains("was received"), "{}", refusal.message);
    }
    for (refusal, verb) in told.iter().zip(["queued", "changed", "deleted"]) {
        assert!(refusal.message.contains(&format!("can be {verb}, while it is a draft")), "{}", refusal.message);
    }
    for refusal in each(&bob).await {
        assert_eq!((refusal.code, refusal.reason), (Code::NotFound, ErrorReason::InvoiceNotFound));
    }
}

async fn an_old_etag_is_refused_with_the_present_one(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let old = ann.creates(&ann.invoice()).await;
    let present = updated(&ann, &old, ann.invoice().bytes).await.expect("changed").invoice.expect("the draft");
    let queue =
        |etag: &str| pb::QueueSentInvoiceRequest { request_id: request_id(), invoice_id: old.invoice_id.clone(), etag: etag.to_owned() };
    let refusal = refused(ann.panel.invoices().queue_sent_invoice(queue(&old.etag)).await);
    assert_eq!((refusal.reason, &refusal.metadata["etag"]), (ErrorReason::EtagMismatch, &present.etag));
    served(ann.panel.invoices().queue_sent_invoice(queue(&refusal.metadata["etag"])).await);
}

async fn of_many_identical_files_sent_at_once_one_is_stored(app: &TestApp) {
    const ROUNDS: usize = 10;
    let ann = app.customer("ann").trial(2).create().await;
    let mut stored = 0;
    for _ in 0..ROUNDS {
        // Without a name, which would tell them apart before their bytes do.
        let invoice = ann.invoice().unnamed();
        let answers = join_all((0..CALLERS).map(|_| created(&ann, &invoice))).await;
        let ids: HashSet<_> = answers.iter().map(|answer| answer.invoice.clone().expect("the invoice").invoice_id).collect();
        assert_eq!((ids.len(), answers.iter().filter(|answer| !answer.already_stored).count()), (1, 1));
        stored += invoice.bytes.len() as u64;
        assert_eq!(ann.space().await.usage_bytes, stored);
    }
}

async fn what_is_queued_is_what_was_judged(app: &TestApp) {
    const ROUNDS: usize = 20;
    let ann = app.customer("ann").trial(2).create().await;
    let mut queued = 0;
    for _ in 0..ROUNDS {
        let good = ann.invoice();
        let draft = ann.creates(&good).await;
        let (update, queue) = tokio::join!(updated(&ann, &draft, wrong(good).bytes), ann.try_queue(&draft));
        let now = ann.reads(&draft).await.invoice.expect("the invoice");
        match queue {
            Ok(_) => {
                queued += 1;
                assert_eq!((now.state(), now.refused_findings, now.sha256), (InvoiceState::Queued, 0, draft.sha256));
                assert_eq!(refused(update).reason, ErrorReason::InvoiceState);
            }
            Err(status) => {
                assert_eq!(Refusal::of(&status).reason, ErrorReason::DocumentRefused, "{status}");
                assert_eq!((now.state(), now.refused_findings), (InvoiceState::Draft, 1));
            }
        }
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM invoice WHERE state = 'queued'").await, queued);
}
