//! A document without a name gets one when it is queued: each once, whatever happens at once (I2).

use std::collections::HashSet;

use futures_util::future::join_all;
use spazio::demo::invoices::GeneratedInvoice;
use spazio::fatturapa::ReceiptKind;

use crate::support::pb::ErrorReason;
use crate::support::{Customer, Reworded as _, TestApp, pb, refused, request_id, served};

on_both_databases!(
    a_draft_without_a_name_gets_the_next_one_of_its_account,
    a_signed_file_is_named_as_one,
    a_name_that_says_otherwise_than_its_file_is_refused,
    a_name_that_came_with_another_file_is_stepped_over,
    a_name_that_the_sdi_knows_from_elsewhere_is_stepped_over,
    many_drafts_queued_at_once_get_as_many_names,
    a_holder_whose_identifier_moves_to_another_account_goes_on_where_it_was,
    when_every_name_was_given_a_name_of_ones_own_is_asked_for,
);

const CALLERS: usize = 32;

/// The holder's VAT number, with which the account's names begin.
async fn sender(ann: &Customer) -> String {
    served(ann.panel.accounts().get_account(pb::GetAccountRequest {}).await).account.and_then(|a| a.holder).expect("the holder").vat_number
}

async fn a_draft_without_a_name_gets_the_next_one_of_its_account(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sender = sender(&ann).await;
    let drafts = [ann.creates(&ann.invoice().unnamed()).await, ann.creates(&ann.invoice().unnamed()).await];
    assert_eq!(drafts.each_ref().map(|draft| draft.file_name.as_str()), ["", ""], "drafts need no name");
    let first = ann.try_queue(&drafts[1]).await.expect("queued");
    assert_eq!(first.file_name, format!("{sender}_00001.xml"));
    assert_eq!(ann.downloads(&first.invoice_id).await.0.file_name, first.file_name);
    // Its name is used up, whatever becomes of it.
    ann.is_told(&first, ReceiptKind::Rejected).await;
    assert_eq!(ann.try_queue(&drafts[0]).await.expect("queued").file_name, format!("{sender}_00002.xml"));
    // One that came with a name keeps it.
    let named = ann.invoice();
    assert_eq!(ann.sends(&named).await.file_name, named.file_name);
    // A draft may be given a name before it is queued.
    let draft = ann.creates(&ann.invoice().unnamed()).await;
    let request = pb::UpdateSentInvoiceRequest {
        request_id: request_id(),
        invoice_id: draft.invoice_id.clone(),
        file: ann.invoice().bytes,
        file_name: format!("{sender}_Z.xml"),
        ..Default::default()
    };
    served(ann.panel.invoices().update_sent_invoice(request).await);
    assert_eq!(ann.try_queue(&draft).await.expect("queued").file_name, format!("{sender}_Z.xml"));
}

async fn a_signed_file_is_named_as_one(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    // The sample was signed on 24 November 2026.
    app.day_comes("2026-11-26").await;
    let signed = include_bytes!("../samples/signed/rsa.xml.p7m").to_vec();
    let queued = ann.sends(&GeneratedInvoice { bytes: signed, ..ann.invoice().unnamed() }).await;
    assert_eq!(queued.file_name, format!("{}_00001.xml.p7m", sender(&ann).await));
}

async fn a_name_that_says_otherwise_than_its_file_is_refused(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    app.day_comes("2026-11-26").await;
    let signed = include_bytes!("../samples/signed/rsa.xml.p7m").to_vec();
    for (file_name, bytes) in [("IT01234567897_00001.xml", signed), ("IT01234567897_00002.xml.p7m", ann.invoice().bytes)] {
        let draft = ann.creates(&GeneratedInvoice { file_name: file_name.to_owned(), bytes, ..ann.invoice() }).await;
        let told = ann.reads(&draft).await.findings;
        assert!(told.iter().any(|finding| finding.code == "00001" && finding.message_en.contains(file_name)), "{told:?}");
        assert_eq!(refused(ann.try_queue(&draft).await).reason, ErrorReason::DocumentRefused);
    }
}

async fn a_name_that_came_with_another_file_is_stepped_over(app: &TestApp) {
    let ann = app.customer("ann").trial(2).create().await;
    let sender = sender(&ann).await;
    // More in a row than are looked at in one statement; signed or not, in capitals or not, drafts too.
    let by_hand = (1..=66).map(|number| match number {
        2 => format!("{sender}_00002.xml.p7m"),
        10 => format!("{sender}_0000a.xml"),
        number => format!("{sender}_{}.xml", in_base_36(number)),
    });
    for file_name in by_hand {
        ann.creates(&GeneratedInvoice { file_name, ..ann.invoice() }).await;
    }
    for expected in [67, 68] {
        let queued = ann.sends(&ann.invoice().unnamed()).await;
        assert_eq!(queued.file_name, format!("{sender}_{}.xml", in_base_36(expected)));
    }
}

fn in_base_36(number: u32) -> String {
    let digit = |value: u32| char::from_digit(value, 36).expect("a digit").to_ascii_uppercase();
    format!("000{}{}", digit(number / 36), digit(number % 36))
}

async fn a_name_that_the_sdi_knows_from_elsewhere_is_stepped_over(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sender = sender(&ann).await;
    // Another program sent a file under this name, and its receipt came here.
    let elsewhere = pb::Invoice { file_name: format!("{sender}_00001.xml"), ..Default::default() };
    assert_eq!(ann.is_told(&elsewhere, ReceiptKind::Rejected).await.invoice, None);
    let queued = ann.sends(&ann.invoice().unnamed()).await;
    assert_eq!((queued.file_name, queued.state), (format!("{sender}_00002.xml"), pb::InvoiceState::Queued.into()));
}

async fn many_drafts_queued_at_once_get_as_many_names(app: &TestApp) {
    let ann = app.customer("ann").trial(2).create().await;
    let sender = sender(&ann).await;
    let mut drafts = Vec::new();
    for _ in 0..CALLERS {
        drafts.push(ann.creates(&ann.invoice().unnamed()).await);
    }
    // While names out of the same series come with other files.
    let by_hand: Vec<_> = (1..=32)
        .step_by(4)
        .map(|number| GeneratedInvoice { file_name: format!("{sender}_{}.xml", in_base_36(number)), ..ann.invoice() })
        .collect();
    let queued = join_all(drafts.iter().map(|draft| ann.try_queue(draft)));
    let created = join_all(by_hand.iter().map(|invoice| ann.try_create(invoice)));
    let (queued, created) = tokio::join!(queued, created);
    let names: Vec<_> = queued.into_iter().map(|answer| answer.unwrap_or_else(|status| panic!("{status}")).file_name).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), CALLERS, "{names:?}");
    for (invoice, answer) in by_hand.iter().zip(created) {
        match answer {
            Ok(_) => assert!(!names.contains(&invoice.file_name), "{} was given twice", invoice.file_name),
            Err(status) => {
                assert_eq!(refused::<()>(Err(status)).reason, ErrorReason::FileNameUsed);
                assert!(names.contains(&invoice.file_name), "{} is free", invoice.file_name);
            }
        }
    }
}

async fn a_holder_whose_identifier_moves_to_another_account_goes_on_where_it_was(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    let (anns, bobs) = (sender(&ann).await, sender(&bob).await);
    assert_eq!(ann.sends(&ann.invoice().unnamed()).await.file_name, format!("{anns}_00001.xml"));
    // Past the server: what a change of both holders' data comes to.
    for (from, to) in [(&bobs, "XX1"), (&anns, "XX2")] {
        app.database.execute(&format!("UPDATE account SET vat_number = '{to}' WHERE vat_number = '{from}'")).await.expect("changed");
    }
    app.database.execute(&format!("UPDATE account SET vat_number = '{anns}' WHERE vat_number = 'XX1'")).await.expect("changed");
    assert_eq!(bob.sends(&bob.invoice().unnamed()).await.file_name, format!("{anns}_00002.xml"));
}

async fn when_every_name_was_given_a_name_of_ones_own_is_asked_for(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice().unnamed()).await;
    app.database.execute("UPDATE file_name_series SET last = 60466174").await.expect("names can be used up");
    assert_eq!(ann.sends(&ann.invoice().unnamed()).await.file_name, format!("{}_ZZZZZ.xml", sender(&ann).await));
    let draft = ann.creates(&ann.invoice().unnamed()).await;
    let refusal = refused(ann.try_queue(&draft).await);
    assert_eq!(refusal.reason, ErrorReason::FileNameUsed);
    assert!(refusal.message.contains("give the draft a file_name"), "{}", refusal.message);
}
