//! Receipts of the SdI find the invoice they speak of and move it; none is lost, whatever order they come in (I1).

use futures_util::future::join_all;
use spazio::fatturapa::ReceiptKind;

use crate::support::pb::{ErrorReason, InvoiceState, RecipientAnswer};
use crate::support::{Customer, Reworded as _, TestApp, pb, refused, served};

on_both_databases!(
    each_receipt_moves_its_invoice,
    whatever_order_receipts_come_in_the_end_is_the_same,
    a_receipt_finds_its_invoice_by_name_in_any_case_and_with_or_without_p7m,
    a_receipt_under_another_name_finds_its_invoice_by_the_identifier,
    a_receipt_whose_names_no_index_could_hold_is_kept,
    a_receipt_that_names_a_file_waits_for_that_file_whatever_its_identifier,
    a_receipt_for_an_unknown_file_is_kept_and_applied_when_that_file_is_queued,
    a_draft_with_a_receipt_waiting_can_be_deleted,
    a_receipt_and_its_invoice_that_come_at_once_do_not_miss_each_other,
    a_file_that_was_transmitted_twice_is_delivered_and_the_difference_told,
    a_receipt_about_other_bytes_under_the_same_name_says_so,
    an_invoice_shows_why_it_was_rejected_and_how_its_recipient_answered,
    what_cannot_be_read_is_kept_and_tells_why_when_it_comes_and_in_lists,
    receipts_are_listed_by_invoice_kind_time_and_what_is_unmatched,
    what_is_wrong_with_a_list_of_receipts_is_told_at_once,
);

/// A receipt, made by hand.
pub fn message(root: &str, name: &str, identifier: &str, inside: &str) -> Vec<u8> {
    let namespace = "http://www.fatturapa.gov.it/sdi/messaggi/v1.0";
    format!(
        "<m:{root} versione=\"1.0\" xmlns:m=\"{namespace}\"><IdentificativoSdI>{identifier}</IdentificativoSdI><NomeFile>{name}</NomeFile>\
         {inside}</m:{root}>"
    )
    .into_bytes()
}

/// The answer of a public body: EC01 accepted, EC02 refused.
pub fn outcome(name: &str, answer: &str) -> Vec<u8> {
    let inside = format!("<EsitoCommittente><Esito>{answer}</Esito><Descrizione>Importo non concordato</Descrizione></EsitoCommittente>");
    message("NotificaEsito", name, "1", &inside)
}

fn rejection(name: &str, identifier: &str) -> Vec<u8> {
    let inside = "<ListaErrori><Errore><Codice>00002</Codice><Descrizione>Nome file duplicato</Descrizione></Errore></ListaErrori>";
    message("NotificaScarto", name, identifier, inside)
}

async fn state(ann: &Customer, invoice: &pb::Invoice) -> InvoiceState {
    ann.reads(invoice).await.invoice.expect("the invoice").state()
}

async fn lists(ann: &Customer, request: pb::ListReceiptsRequest) -> pb::ListReceiptsResponse {
    served(ann.panel.invoices().list_receipts(request).await)
}

async fn each_receipt_moves_its_invoice(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for (kind, to) in [
        (ReceiptKind::Delivered, InvoiceState::Delivered),
        (ReceiptKind::Rejected, InvoiceState::Rejected),
        (ReceiptKind::NotDelivered, InvoiceState::NotDelivered),
        (ReceiptKind::Outcome, InvoiceState::Delivered),
        (ReceiptKind::TermPassed, InvoiceState::Delivered),
        (ReceiptKind::Attestation, InvoiceState::NotDelivered),
    ] {
        let sent = ann.sends(&ann.invoice()).await;
        let told = ann.is_told(&sent, kind).await;
        let (receipt, invoice) = (told.receipt.expect("the receipt"), told.invoice.expect("the invoice"));
        assert_eq!((invoice.invoice_id.as_str(), invoice.state()), (sent.invoice_id.as_str(), to), "{kind:?}");
        assert_eq!(receipt.invoice_id, sent.invoice_id);
        let again = ann.is_told(&sent, kind).await;
        assert_eq!((again.already_stored, again.invoice), (true, Some(invoice)), "twice is once");
    }
    // These are about what was received: they wait for it.
    let sent = ann.sends(&ann.invoice()).await;
    for kind in [ReceiptKind::Metadata, ReceiptKind::BuyerOutcome, ReceiptKind::BuyerOutcomeRejected] {
        assert_eq!(ann.is_told(&sent, kind).await.invoice, None, "{kind:?}");
    }
    assert_eq!(state(&ann, &sent).await, InvoiceState::Queued);
}

async fn whatever_order_receipts_come_in_the_end_is_the_same(app: &TestApp) {
    let ann = app.customer("ann").trial(4).create().await;
    let messages = |name: &str| {
        [
            message("NotificaMancataConsegna", name, "1", ""),
            message("RicevutaConsegna", name, "1", ""),
            rejection(name, "2"),
            outcome(name, "EC01"),
        ]
    };
    let mut ends = std::collections::HashSet::new();
    for order in permutations() {
        let sent = ann.sends(&ann.invoice()).await;
        let messages = messages(&sent.file_name);
        for place in order.into_iter().chain([order[0]]) {
            ann.records(messages[place].clone(), "a.xml").await;
        }
        let end = ann.reads(&sent).await.invoice.expect("the invoice");
        ends.insert((end.state, end.sdi_identifier, end.recipient_answer, end.sdi_rejections.len()));
    }
    let expected = (InvoiceState::Delivered.into(), "1".to_owned(), RecipientAnswer::Accepted.into(), 0);
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), [expected]);
    // Its number counts as issued, whether the rejection came first or last.
    assert_eq!(app.database.number("SELECT COUNT(*) FROM issued WHERE released").await, 0);
}

/// Every order of four.
fn permutations() -> Vec<[usize; 4]> {
    let places = || 0..4_usize;
    let all = places().flat_map(|a| places().flat_map(move |b| places().flat_map(move |c| places().map(move |d| [a, b, c, d]))));
    all.filter(|order| order.iter().collect::<std::collections::HashSet<_>>().len() == 4).collect()
}

async fn a_receipt_finds_its_invoice_by_name_in_any_case_and_with_or_without_p7m(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for change in [
        |name: &str| name.to_ascii_uppercase(),
        |name: &str| name.to_ascii_lowercase(),
        |name: &str| format!("{name}.p7m"),
        |name: &str| format!("{name}.P7M").to_ascii_uppercase(),
    ] {
        let sent = ann.sends(&ann.invoice()).await;
        let name = change(&sent.file_name);
        let told = ann.records(message("RicevutaConsegna", &name, "1", ""), "a.xml").await;
        assert_eq!(told.invoice.map(|invoice| invoice.invoice_id), Some(sent.invoice_id), "{name}");
    }
    // Where a file was sent under each spelling, the exact one is meant.
    let capitals = ann.sends(&ann.invoice()).await;
    let (sender, progressive) = capitals.file_name.split_once('_').expect("a name as the SdI demands it");
    let file_name = format!("{sender}_{}", progressive.to_ascii_lowercase());
    assert_ne!(file_name, capitals.file_name);
    let small = ann.sends(&spazio::demo::invoices::GeneratedInvoice { file_name, ..ann.invoice() }).await;
    for sent in [&capitals, &small] {
        let told = ann.records(message("RicevutaConsegna", &sent.file_name, "1", ""), "a.xml").await;
        assert_eq!(told.invoice.map(|invoice| invoice.invoice_id).as_ref(), Some(&sent.invoice_id));
    }
}

async fn a_receipt_whose_names_no_index_could_hold_is_kept(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    // Of characters that do not compress.
    let long: String = (0..1_000_u32).filter_map(|number| char::from_u32(0x2_0000 + number * 41)).collect();
    for (name, identifier) in [(long.as_str(), "1"), ("a.xml", long.as_str())] {
        let kept = ann.records(message("RicevutaConsegna", name, identifier, ""), "a.xml").await;
        assert!(!kept.already_stored && kept.invoice.is_none());
    }
}

async fn a_receipt_that_names_a_file_waits_for_that_file_whatever_its_identifier(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let (one, other, late) = (ann.sends(&ann.invoice()).await, ann.sends(&ann.invoice()).await, ann.invoice());
    for sent in [&one, &other] {
        ann.records(message("RicevutaConsegna", &sent.file_name, "42", ""), "a.xml").await;
    }
    let early = ann.records(rejection(&late.file_name, "42"), "b.xml").await;
    assert_eq!(early.invoice, None);
    // Nor does one without a usable name choose between the two.
    assert_eq!(ann.records(message("NotificaDecorrenzaTermini", "odd", "42", ""), "c.xml").await.invoice, None);
    assert_eq!(ann.sends(&late).await.state(), InvoiceState::Rejected, "it was applied when its file was queued");
    for sent in [&one, &other] {
        assert_eq!(ann.reads(sent).await.invoice.expect("the invoice").state(), InvoiceState::Delivered);
    }
}

async fn a_receipt_under_another_name_finds_its_invoice_by_the_identifier(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let early = ann.records(message("NotificaDecorrenzaTermini", "unknown.xml", "77", ""), "a.xml").await;
    assert_eq!(early.invoice, None);
    ann.records(message("NotificaMancataConsegna", &sent.file_name, "77", ""), "b.xml").await;
    let now = ann.reads(&sent).await.invoice.expect("the invoice");
    assert_eq!((now.state(), now.recipient_answer()), (InvoiceState::Delivered, RecipientAnswer::TermPassed), "the early one was applied");
    let late = ann.records(outcome("another.xml", "EC01").replace_identifier("1", "77"), "c.xml").await;
    assert_eq!(late.invoice.map(|invoice| invoice.invoice_id), Some(sent.invoice_id));
}

trait Identified {
    fn replace_identifier(self, from: &str, to: &str) -> Self;
}

impl Identified for Vec<u8> {
    fn replace_identifier(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self).expect("UTF-8");
        text.replace(&format!("SdI>{from}<"), &format!("SdI>{to}<")).into_bytes()
    }
}

async fn a_receipt_for_an_unknown_file_is_kept_and_applied_when_that_file_is_queued(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let told = ann.records(rejection(&invoice.file_name, "1"), "ns.xml").await;
    assert_eq!((told.invoice, told.receipt.expect("it is kept").invoice_id), (None, String::new()));
    let draft = ann.creates(&invoice).await;
    assert_eq!(draft.state(), InvoiceState::Draft, "a draft was not sent");
    let queued = ann.try_queue(&draft).await.expect("queued");
    assert_eq!((queued.state(), queued.sdi_identifier.as_str(), queued.sdi_rejections.len()), (InvoiceState::Rejected, "1", 1));
    assert_eq!(lists(&ann, pb::ListReceiptsRequest { about_invoice_id: draft.invoice_id, ..Default::default() }).await.receipts.len(), 1);
}

async fn a_draft_with_a_receipt_waiting_can_be_deleted(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let draft = ann.creates(&ann.invoice()).await;
    assert_eq!(ann.is_told(&draft, ReceiptKind::Delivered).await.invoice, None);
    let request =
        pb::DeleteSentInvoiceRequest { request_id: crate::support::request_id(), invoice_id: draft.invoice_id, ..Default::default() };
    served(ann.panel.invoices().delete_sent_invoice(request).await);
}

async fn a_receipt_and_its_invoice_that_come_at_once_do_not_miss_each_other(app: &TestApp) {
    const ROUNDS: usize = 32;
    let ann = app.customer("ann").trial(2).create().await;
    let mut drafts = Vec::new();
    for _ in 0..ROUNDS {
        drafts.push(ann.creates(&ann.invoice()).await);
    }
    let rounds = drafts.iter().map(|draft| async { tokio::join!(ann.try_queue(draft), ann.is_told(draft, ReceiptKind::Delivered)) });
    for (queued, _) in join_all(rounds).await {
        let queued = queued.unwrap_or_else(|status| panic!("{status}"));
        assert_eq!(state(&ann, &queued).await, InvoiceState::Delivered);
    }
}

async fn a_file_that_was_transmitted_twice_is_delivered_and_the_difference_told(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let first = ann.records(message("RicevutaConsegna", &sent.file_name, "1", ""), "rc.xml").await;
    assert!(!first.identifier_differs);
    let second = ann.records(rejection(&sent.file_name, "2"), "ns.xml").await;
    let invoice = second.invoice.expect("the invoice");
    assert!(second.identifier_differs, "the second transmission has another identifier");
    assert_eq!((invoice.state(), invoice.sdi_identifier.as_str()), (InvoiceState::Delivered, "1"));
    assert_eq!(invoice.sdi_rejections, []);

    // In the other order the later one decides, and what was told before is another.
    let sent = ann.sends(&ann.invoice()).await;
    assert!(!ann.records(rejection(&sent.file_name, "3"), "ns.xml").await.identifier_differs);
    let delivered = message("RicevutaConsegna", &sent.file_name, "4", "");
    for _ in 0..2 {
        let told = ann.records(delivered.clone(), "rc.xml").await;
        assert!(told.identifier_differs, "also when it is repeated");
        assert_eq!(told.invoice.expect("the invoice").sdi_identifier, "4");
    }
}

async fn a_receipt_about_other_bytes_under_the_same_name_says_so(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let sent = ann.sends(&invoice).await;
    for (bytes, differs) in [(&invoice.bytes[..], false), (b"signed on its way", true)] {
        let hash = data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
        let told = ann.records(message("RicevutaConsegna", &sent.file_name, "1", &format!("<Hash>{hash}</Hash>")), "rc.xml").await;
        assert_eq!((told.file_differs, told.invoice.expect("the invoice").state()), (differs, InvoiceState::Delivered));
    }
}

async fn an_invoice_shows_why_it_was_rejected_and_how_its_recipient_answered(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let told = ann.records(rejection(&sent.file_name, "1"), "ns.xml").await;
    let reason = pb::SdiRejection { code: "00002".to_owned(), description: "Nome file duplicato".to_owned() };
    assert_eq!(told.receipt.expect("the receipt").sdi_rejections, std::slice::from_ref(&reason));
    assert_eq!(ann.reads(&sent).await.invoice.expect("the invoice").sdi_rejections, [reason]);

    let sent = ann.sends(&ann.invoice()).await;
    ann.is_told(&sent, ReceiptKind::TermPassed).await;
    assert_eq!(ann.reads(&sent).await.invoice.expect("it").recipient_answer(), RecipientAnswer::TermPassed);
    // It answered after all.
    let told = ann.records(outcome(&sent.file_name, "EC02"), "ne.xml").await;
    let receipt = told.receipt.expect("the receipt");
    assert_eq!((receipt.recipient_answer(), receipt.description.as_str()), (RecipientAnswer::Refused, "Importo non concordato"));
    let invoice = told.invoice.expect("the invoice");
    assert_eq!((invoice.state(), invoice.recipient_answer()), (InvoiceState::Delivered, RecipientAnswer::Refused));
}

async fn what_cannot_be_read_is_kept_and_tells_why_when_it_comes_and_in_lists(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let nameless = String::from_utf8(message("RicevutaConsegna", "", "1", "")).expect("UTF-8").replace("<NomeFile></NomeFile>", "");
    let mut told = Vec::new();
    for (file, code, english) in [
        (b"no receipt at all".to_vec(), "NOT_XML", "plain text, not an XML file"),
        (b"<m:RicevutaConsegna xmlns:m='urn:x'>".to_vec(), "NOT_XML", "not well-formed XML"),
        (ann.downloads(&sent.invoice_id).await.1, "WRONG_ROOT", "an invoice (FatturaElettronica), not a message of the SdI; take it in as"),
        (nameless.into_bytes(), "CONTENT", "NomeFile is missing"),
        (b"PK\x03\x04 no archive".to_vec(), "ARCHIVE", "ZIP archive"),
    ] {
        let answer = ann.records(file.clone(), "unreadable.xml").await;
        let receipt = answer.receipt.expect("it is kept");
        let [problem] = &receipt.reading_problems[..] else { panic!("{code}: {:?}", receipt.reading_problems) };
        assert_eq!((problem.code.as_str(), problem.severity()), (code, pb::FindingSeverity::Refused));
        assert!(problem.message_en.contains(english), "{}", problem.message_en);
        assert!(!problem.message_it.is_empty() && problem.message_it != problem.message_en && problem.line >= 1, "{problem:?}");
        assert_eq!((receipt.kind(), receipt.invoice_id.as_str(), answer.invoice), (pb::ReceiptKind::Unspecified, "", None));
        let again = ann.records(file, "unreadable.xml").await;
        assert_eq!((again.already_stored, again.receipt.as_ref()), (true, Some(&receipt)), "{code}");
        told.insert(0, receipt);
    }
    let readable = ann.is_told(&sent, ReceiptKind::Delivered).await.receipt.expect("the receipt");
    assert_eq!(readable.reading_problems, []);
    let unknown = ann.records(message("RicevutaConsegna", "unknown.xml", "9", ""), "a.xml").await.receipt.expect("the receipt");
    let unreadable = pb::ListReceiptsRequest { unreadable: true, ..Default::default() };
    assert_eq!(lists(&ann, unreadable.clone()).await.receipts, told);
    let unmatched = pb::ListReceiptsRequest { unmatched: true, ..Default::default() };
    assert_eq!(lists(&ann, unmatched).await.receipts, [vec![unknown], told].concat());
    let kind = pb::ReceiptKind::Delivered.into();
    let contradiction = pb::ListReceiptsRequest { kind, about_invoice_id: sent.invoice_id, ..unreadable };
    assert_eq!(refused(ann.panel.invoices().list_receipts(contradiction).await).fields(), ["unreadable", "unreadable"]);
}

async fn receipts_are_listed_by_invoice_kind_time_and_what_is_unmatched(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    ann.is_told(&sent, ReceiptKind::NotDelivered).await;
    app.passes(std::time::Duration::from_secs(3600)).await;
    let later = spazio::wire::timestamp(app.now());
    ann.is_told(&sent, ReceiptKind::Delivered).await;
    let unknown = ann.invoice().unnamed();
    ann.records(message("RicevutaConsegna", "unknown.xml", "9", ""), "unknown_RC_001.xml").await;
    ann.records(unknown.bytes, "unreadable.xml").await;

    let all = pb::ListReceiptsRequest::default();
    let names = |answer: &pb::ListReceiptsResponse| answer.receipts.iter().map(|receipt| receipt.file_name.clone()).collect::<Vec<_>>();
    let everything = names(&lists(&ann, all.clone()).await);
    assert_eq!((everything.len(), everything[0].as_str(), everything[1].as_str()), (4, "unreadable.xml", "unknown_RC_001.xml"));
    let about = pb::ListReceiptsRequest { about_invoice_id: sent.invoice_id.clone(), ..all.clone() };
    assert_eq!(names(&lists(&ann, about).await), everything[2..]);
    assert_eq!(names(&lists(&ann, pb::ListReceiptsRequest { unmatched: true, ..all.clone() }).await), everything[..2]);
    let delivered = pb::ListReceiptsRequest { kind: pb::ReceiptKind::Delivered.into(), ..all.clone() };
    assert_eq!(names(&lists(&ann, delivered).await), everything[1..3]);
    let before = pb::ListReceiptsRequest { stored_before_time: Some(later), ..all.clone() };
    assert_eq!(names(&lists(&ann, before).await), everything[3..]);
    assert_eq!(names(&lists(&ann, pb::ListReceiptsRequest { stored_from_time: Some(later), ..all.clone() }).await), everything[..3]);

    let mut pages = Vec::new();
    let mut page = lists(&ann, pb::ListReceiptsRequest { page_size: 3, ..all.clone() }).await;
    pages.extend(names(&page));
    assert_eq!(pages.len(), 3);
    page = lists(&ann, pb::ListReceiptsRequest { page_size: 3, page_token: page.next_page_token, ..all.clone() }).await;
    pages.extend(names(&page));
    assert_eq!((pages, page.next_page_token.as_str()), (everything, ""));
    let bob = app.customer("bob").create().await;
    assert_eq!(lists(&bob, all).await.receipts, []);
    assert_eq!(lists(&bob, pb::ListReceiptsRequest { about_invoice_id: sent.invoice_id, ..Default::default() }).await.receipts, []);
}

async fn what_is_wrong_with_a_list_of_receipts_is_told_at_once(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let now = spazio::wire::timestamp(app.now());
    let request = pb::ListReceiptsRequest {
        page_size: 201,
        page_token: "x".to_owned(),
        about_invoice_id: "inv_1".to_owned(),
        kind: 99,
        unmatched: true,
        stored_from_time: Some(now),
        stored_before_time: Some(now),
        unreadable: false,
    };
    let refusal = refused(ann.panel.invoices().list_receipts(request).await);
    assert_eq!(refusal.reason, ErrorReason::InvalidRequest);
    let expected = ["about_invoice_id", "kind", "stored_before_time", "unmatched", "page_size", "page_token"];
    assert_eq!(refusal.fields(), expected);
}
