//! What an account finds that buys anew: what was not removed yet, and names that stay those of the files that were.

use spazio::config::Retention;
use spazio::demo::invoices::GeneratedInvoice;
use spazio::invoices::retire::{Removal, Retired};

use super::{DELETED, exported, retired, retirement, told};
use crate::imports::taken_in;
use crate::support::pb::ErrorReason;
use crate::support::pb::import_invoices_response::Outcome;
use crate::support::{Reworded as _, TestApp, pb, refused, request_id};

on_both_databases!(
    a_file_that_comes_again_after_a_new_purchase_is_stored_anew,
    the_name_of_a_file_that_was_removed_is_given_to_no_other,
    files_whose_names_differ_in_their_capitals_alone_come_back,
    an_account_that_buys_anew_after_the_export_keeps_its_documents,
);

async fn a_file_that_comes_again_after_a_new_purchase_is_stored_anew(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let before = ann.sends(&invoice).await;
    app.day_comes(DELETED).await;
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 1);
    ann.buys(1).await;
    let after = ann.sends(&invoice).await;
    assert_ne!(after.invoice_id, before.invoice_id);
    assert!(ann.downloads(&after.invoice_id).await.1 == invoice.bytes);
    assert_eq!(told(app, &ann).await.len(), 1 + 1, "the tombstone stays");
}

async fn the_name_of_a_file_that_was_removed_is_given_to_no_other(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let draft = ann.creates(&ann.invoice().unnamed()).await;
    let first = ann.try_queue(&draft).await.expect("it is queued").file_name;
    let [second, third] = ["_00002", "_00003"].map(|serial| first.replace("_00001", serial));
    ann.sends(&GeneratedInvoice { file_name: second.clone(), ..ann.invoice() }).await;
    app.day_comes(DELETED).await;
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 2);
    ann.buys(1).await;

    for name in [&first, &second, &format!("{second}.p7m")] {
        let other = GeneratedInvoice { file_name: name.clone(), ..ann.invoice() };
        let refusal = refused(ann.try_create(&other).await);
        assert_eq!(refusal.reason, ErrorReason::FileNameUsed, "{name}");
        assert!(refusal.message.contains("only that very file comes back"), "{}", refusal.message);
    }
    let elsewhere = |file_name: &str| pb::ImportInvoicesRequest {
        kind: pb::ImportKind::Sent.into(),
        state: pb::InvoiceState::Delivered.into(),
        file_name: file_name.to_owned(),
        file: ann.invoice().bytes,
    };
    let outcomes = taken_in(&ann, vec![elsewhere(&first), elsewhere("IT01234567897_0000Z.xml")]).await;
    let [Outcome::Refusal(refusal), Outcome::Stored(_)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(refusal.reason(), ErrorReason::FileNameUsed);
    let draft = ann.creates(&ann.invoice().unnamed()).await;
    let file = ann.invoice().bytes;
    let named = pb::UpdateSentInvoiceRequest {
        request_id: request_id(),
        invoice_id: draft.invoice_id.clone(),
        file,
        file_name: second,
        ..Default::default()
    };
    assert_eq!(refused(ann.panel.invoices().update_sent_invoice(named).await).reason, ErrorReason::FileNameUsed);
    assert_eq!(ann.try_queue(&draft).await.expect("it is queued").file_name, third);
}

async fn files_whose_names_differ_in_their_capitals_alone_come_back(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let named = |name: &str| GeneratedInvoice { file_name: name.to_owned(), ..ann.invoice() };
    let both = [named("IT01234567897_0000a.xml"), named("IT01234567897_0000A.xml")];
    for invoice in &both {
        ann.sends(invoice).await;
    }
    app.day_comes(DELETED).await;
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 2);
    ann.buys(1).await;
    for invoice in &both {
        assert_eq!(ann.sends(invoice).await.file_name, invoice.file_name);
    }
}

async fn an_account_that_buys_anew_after_the_export_keeps_its_documents(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let sent = ann.sends(&invoice).await;
    app.day_comes(DELETED).await;
    let retirement = retirement(app, Retention::NinetyDays).await;
    let exported = exported(&retirement, &ann).await.exported.expect("a file");
    ann.buys(1).await;
    let (removed, ended) = retirement.remove(exported).await;
    assert_eq!((removed, ended.unwrap_or_else(|error| panic!("{error}"))), (Retired::default(), Removal::AccountReturned));
    assert!(ann.downloads(&sent.invoice_id).await.1 == invoice.bytes);
    assert_eq!(told(app, &ann).await.len(), 1, "the heading");
}
