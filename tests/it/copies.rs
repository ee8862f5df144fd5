//! A rejected invoice is copied into a new draft, corrected and sent again (I1), and the same file is still stored once otherwise (I4).

use futures_util::future::join_all;
use spazio::fatturapa::ReceiptKind;
use tonic::{Code, Status};

use crate::support::pb::{ErrorReason, InvoiceState, RecipientAnswer};
use crate::support::{Customer, Reworded as _, TestApp, pb, refused, request_id, served};

on_both_databases!(
    a_rejected_invoice_is_copied_corrected_and_sent_again,
    an_invoice_that_its_recipient_refused_is_copied_too,
    only_a_rejected_or_refused_invoice_can_be_copied,
    an_invoice_is_copied_once_whoever_asks_at_once,
    the_same_file_sent_again_is_still_the_first_one,
    a_copy_of_a_copy_may_go_back_to_the_first_file,
    a_copy_is_charged_and_a_deleted_one_can_be_made_again,
);

async fn try_copy(ann: &Customer, invoice: &pb::Invoice) -> Result<pb::CopyRejectedInvoiceResponse, Status> {
    let request = pb::CopyRejectedInvoiceRequest { request_id: request_id(), invoice_id: invoice.invoice_id.clone() };
    ann.panel.invoices().copy_rejected_invoice(request).await.map(tonic::Response::into_inner)
}

async fn copies(ann: &Customer, invoice: &pb::Invoice) -> pb::Invoice {
    let answer = try_copy(ann, invoice).await.unwrap_or_else(|status| panic!("{status}"));
    assert!(!answer.already_copied);
    answer.invoice.expect("the copy")
}

async fn try_update(ann: &Customer, draft: &pb::Invoice, file: Vec<u8>) -> Result<pb::Invoice, Status> {
    let invoice_id = draft.invoice_id.clone();
    let request = pb::UpdateSentInvoiceRequest { request_id: request_id(), invoice_id, file, ..Default::default() };
    Ok(ann.panel.invoices().update_sent_invoice(request).await?.into_inner().invoice.expect("the draft"))
}

async fn updates(ann: &Customer, draft: &pb::Invoice, file: Vec<u8>) -> pb::Invoice {
    try_update(ann, draft, file).await.unwrap_or_else(|status| panic!("{status}"))
}

async fn a_rejected_invoice_is_copied_corrected_and_sent_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let sent = ann.sends(&invoice).await;
    let rejected = ann.is_told(&sent, ReceiptKind::Rejected).await.invoice.expect("the invoice");
    assert_eq!(rejected.sdi_rejections, [pb::SdiRejection { code: "00404".to_owned(), description: "Fattura duplicata".to_owned() }]);

    let draft = copies(&ann, &rejected).await;
    assert_eq!((draft.state(), draft.file_name.as_str()), (InvoiceState::Draft, ""));
    assert_eq!((draft.copied_from.as_str(), draft.sha256.as_str()), (rejected.invoice_id.as_str(), rejected.sha256.as_str()));
    assert!(ann.downloads(&draft.invoice_id).await.1 == invoice.bytes, "the very same file");
    assert_eq!(ann.downloads(&draft.invoice_id).await.0.sha256, rejected.sha256);

    let corrected = invoice.with("<Causale>Vendita", "<Causale>Vendita corretta");
    let draft = updates(&ann, &draft, corrected.bytes.clone()).await;
    assert_eq!(draft.copied_from, rejected.invoice_id);
    let again = ann.try_queue(&draft).await.expect("its number was never issued");
    assert_eq!((again.state(), &again.number), (InvoiceState::Queued, &rejected.number));
    assert!(!again.file_name.is_empty() && again.file_name != rejected.file_name, "{}", again.file_name);
    assert!(ann.downloads(&draft.invoice_id).await.1 == corrected.bytes);
    assert_eq!(ann.reads(&rejected).await.invoice.expect("it is kept").state(), InvoiceState::Rejected);
}

async fn an_invoice_that_its_recipient_refused_is_copied_too(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let told = ann.records(super::receipts::outcome(&sent.file_name, "EC02"), "ne.xml").await.invoice.expect("the invoice");
    assert_eq!((told.state(), told.recipient_answer()), (InvoiceState::Delivered, RecipientAnswer::Refused));
    let draft = copies(&ann, &sent).await;
    // Nothing has to be changed where the recipient was wrong.
    assert_eq!(ann.try_queue(&draft).await.expect("queued").sha256, sent.sha256);
}

async fn only_a_rejected_or_refused_invoice_can_be_copied(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let draft = ann.creates(&ann.invoice()).await;
    let queued = ann.sends(&ann.invoice()).await;
    let delivered = ann.sends(&ann.invoice()).await;
    ann.is_told(&delivered, ReceiptKind::Delivered).await;
    for invoice in [&draft, &queued, &delivered] {
        let refusal = refused(try_copy(&ann, invoice).await);
        assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::InvoiceState));
        assert!(refusal.message.contains("that the SdI rejected or its recipient refused"), "{}", refusal.message);
    }
    let received = ann.receives(b"received".to_vec(), "a.xml").await;
    let bob = app.customer("bob").create().await;
    assert_eq!(refused(try_copy(&ann, &received).await).reason, ErrorReason::InvoiceState);
    assert_eq!(refused(try_copy(&bob, &ann.rejected().await).await).reason, ErrorReason::InvoiceNotFound);
}

async fn an_invoice_is_copied_once_whoever_asks_at_once(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let rejected = ann.rejected().await;
    let answers = join_all((0..32).map(|_| try_copy(&ann, &rejected))).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap_or_else(|status| panic!("{status}"))).collect();
    let ids: std::collections::HashSet<_> = answers.iter().map(|answer| answer.invoice.clone().expect("the copy").invoice_id).collect();
    assert_eq!((ids.len(), answers.iter().filter(|answer| !answer.already_copied).count()), (1, 1));
    // Also when the draft has become another file, and was sent.
    let draft = answers[0].invoice.clone().expect("the copy");
    updates(&ann, &draft, ann.invoice().bytes).await;
    ann.try_queue(&draft).await.expect("queued");
    let answer = try_copy(&ann, &rejected).await.expect("the same");
    assert_eq!((answer.already_copied, answer.invoice.expect("it").state()), (true, InvoiceState::Queued));
}

async fn the_same_file_sent_again_is_still_the_first_one(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let sent = ann.sends(&invoice).await;
    ann.is_told(&sent, ReceiptKind::Rejected).await;
    let draft = copies(&ann, &sent).await;
    let answer = served(ann.panel.invoices().create_sent_invoice(Customer::create_request(&invoice)).await);
    assert_eq!((answer.already_stored, answer.invoice.expect("it").invoice_id), (true, sent.invoice_id));

    // What the draft has become is stored once as well.
    let corrected = ann.invoice();
    updates(&ann, &draft, corrected.bytes.clone()).await;
    let answer = served(ann.panel.invoices().create_sent_invoice(Customer::create_request(&corrected)).await);
    assert_eq!((answer.already_stored, answer.invoice.expect("it").invoice_id), (true, draft.invoice_id.clone()));
    // And what another invoice holds it cannot become.
    let other = ann.invoice();
    let holder = ann.creates(&other).await;
    let refusal = refused(try_update(&ann, &draft, other.bytes.clone()).await);
    assert_eq!((refusal.reason, &refusal.metadata["invoice_id"]), (ErrorReason::FileStored, &holder.invoice_id));
    assert_eq!((refusal.metadata["state"].as_str(), refusal.metadata["direction"].as_str()), ("draft", "sent"));
    let which = format!("({}, which is a draft, stored 2026-03-16T09:00:00Z): use that draft", holder.invoice_id);
    assert!(refusal.message.contains(&which), "{}", refusal.message);
    ann.try_queue(&holder).await.expect("queued");
    let refusal = refused(try_update(&ann, &draft, other.bytes).await);
    assert!(refusal.metadata["state"] == "queued" && refusal.message.contains("delete this draft"), "{}", refusal.message);
}

async fn a_copy_of_a_copy_may_go_back_to_the_first_file(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let first = ann.sends(&invoice).await;
    ann.is_told(&first, ReceiptKind::Rejected).await;
    let second = copies(&ann, &first).await;
    let corrected = invoice.clone().with("<Causale>Vendita", "<Causale>Errata");
    updates(&ann, &second, corrected.bytes).await;
    // Back and forth, while it is a draft.
    updates(&ann, &second, invoice.bytes.clone()).await;
    let second = ann.try_queue(&second).await.expect("queued");
    ann.is_told(&second, ReceiptKind::Rejected).await;
    let third = copies(&ann, &second).await;
    updates(&ann, &third, ann.invoice().bytes).await;
    updates(&ann, &third, invoice.bytes.clone()).await;
    let third = ann.try_queue(&third).await.expect("queued");
    assert_eq!((third.sha256, third.copied_from), (first.sha256, second.invoice_id));
    assert!(ann.downloads(&third.invoice_id).await.1 == invoice.bytes);
}

async fn a_copy_is_charged_and_a_deleted_one_can_be_made_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let rejected = ann.rejected().await;
    let before = ann.space().await.usage_bytes;
    let draft = copies(&ann, &rejected).await;
    assert_eq!(ann.space().await.usage_bytes, before + rejected.size_bytes);
    let request = pb::DeleteSentInvoiceRequest { request_id: request_id(), invoice_id: draft.invoice_id, ..Default::default() };
    assert_eq!(served(ann.panel.invoices().delete_sent_invoice(request).await).freed_bytes, rejected.size_bytes);
    assert_eq!(ann.space().await.usage_bytes, before);
    copies(&ann, &rejected).await;
    // With no byte free it is refused like every write.
    ann.fill_but(0).await;
    assert_eq!(refused(try_copy(&ann, &rejected).await).reason, ErrorReason::SpaceExhausted);
}
