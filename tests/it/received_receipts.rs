//! Receipts about received invoices find them, whatever order they come in: MT, EC, SE, and DT where nothing was sent (I1).

use futures_util::future::{join_all, try_join_all};
use futures_util::stream;
use spazio::demo::invoices::GeneratedInvoice;

use super::exports::exported;
use super::receipts::message;
use crate::support::pb::import_invoices_response::Outcome;
use crate::support::pb::{ImportKind, InvoiceState, RecipientAnswer};
use crate::support::{Customer, TestApp, pb, served, unpacked};

on_both_databases!(
    metadata_tell_the_identifier_of_a_received_invoice_before_and_after_it,
    whatever_order_an_invoice_and_its_receipts_come_in_the_end_is_the_same,
    of_several_files_under_one_name_the_digest_tells_which_is_meant,
    without_a_digest_receipts_about_one_of_several_wait,
    a_file_that_was_sent_and_received_has_the_receipts_of_both_sides_apart,
    an_import_in_any_order_brings_receipts_and_received_invoices_together,
    an_export_has_the_receipts_of_a_received_invoice_beside_it,
    receipts_and_invoices_of_other_accounts_do_not_meet,
    a_receipt_and_a_received_invoice_that_come_at_once_do_not_miss_each_other,
    a_receipt_that_waits_looks_again_when_it_is_recorded_again,
    the_next_name_is_none_that_the_account_has_received,
);

/// What happens to an account.
#[derive(Clone)]
enum Event {
    Receives(Vec<u8>, String),
    IsTold(Vec<u8>),
    Sends(Box<GeneratedInvoice>),
}

impl Event {
    async fn happens(&self, ann: &Customer) {
        match self {
            Self::Receives(file, name) => drop(ann.receives(file.clone(), name).await),
            Self::IsTold(file) => drop(ann.records(file.clone(), "receipt.xml").await),
            Self::Sends(invoice) => drop(ann.sends(invoice).await),
        }
    }
}

fn metadata(name: &str, identifier: &str, hash: Option<&str>) -> Vec<u8> {
    let hash = hash.map(|hash| format!("<Hash>{hash}</Hash>")).unwrap_or_default();
    message("MetadatiInvioFile", name, identifier, &format!("{hash}<Formato>FPR12</Formato>"))
}

/// The account's answer (EC), or the SdI's refusal of it (SE): neither names a file.
fn unnamed(root: &str, identifier: &str, inside: &str) -> Vec<u8> {
    let text = String::from_utf8(message(root, "", identifier, inside)).expect("UTF-8");
    text.replace("<NomeFile></NomeFile>", "").into_bytes()
}

fn answer(identifier: &str, outcome: &str, message_id: &str) -> Vec<u8> {
    let inside = format!("<Esito>{outcome}</Esito><MessageIdCommittente>{message_id}</MessageIdCommittente>");
    unnamed("NotificaEsitoCommittente", identifier, &inside)
}

fn answer_refused(identifier: &str, message_id: &str) -> Vec<u8> {
    let inside = format!("<Scarto>EN01</Scarto><MessageIdCommittente>{message_id}</MessageIdCommittente>");
    unnamed("ScartoEsitoCommittente", identifier, &inside)
}

/// Every order of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let put = |order: Vec<usize>| (0..=order.len()).map(move |place| [&order[..place], &[count - 1], &order[place..]].concat());
    orders(count - 1).into_iter().flat_map(put).collect()
}

/// The account's invoices and how many receipts each has, and how many wait.
async fn ends(ann: &Customer) -> (Vec<(pb::Invoice, usize)>, usize) {
    let about = async |request: pb::ListReceiptsRequest| served(ann.panel.invoices().list_receipts(request).await).receipts.len();
    let listed = served(ann.panel.invoices().list_invoices(pb::ListInvoicesRequest::default()).await).invoices;
    let mut invoices = Vec::new();
    for invoice in listed {
        let receipts = about(pb::ListReceiptsRequest { about_invoice_id: invoice.invoice_id.clone(), ..Default::default() }).await;
        invoices.push((invoice, receipts));
    }
    (invoices, about(pb::ListReceiptsRequest { unmatched: true, ..Default::default() }).await)
}

/// Lets events happen to a new account in every order, the first of them twice, and gives what is to be seen in the end.
async fn in_every_order<T>(app: &TestApp, events: &[Event], seen: impl Fn(&[(pb::Invoice, usize)], usize) -> T) -> Vec<T> {
    let accounts = orders(events.len()).into_iter().map(async |order| {
        let ann = app.customer("ann").create().await;
        for place in &order {
            events[*place].happens(&ann).await;
        }
        // What was queued cannot be queued again.
        if !matches!(events[order[0]], Event::Sends(_)) {
            events[order[0]].happens(&ann).await;
        }
        let (invoices, waiting) = ends(&ann).await;
        seen(&invoices, waiting)
    });
    join_all(accounts).await
}

async fn metadata_tell_the_identifier_of_a_received_invoice_before_and_after_it(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let (one, other) = (ann.invoice(), ann.invoice());
    let early = ann.records(metadata(&one.file_name, "71", None), "mt.xml").await;
    assert_eq!(early.invoice, None);
    let received = ann.receives(one.bytes.clone(), &one.file_name).await;
    assert_eq!((received.sdi_identifier.as_str(), received.state()), ("71", InvoiceState::Received));
    assert_eq!(ann.gets(&received.invoice_id).await, received);

    let received = ann.receives(other.bytes.clone(), &format!("{}.p7m", other.file_name)).await;
    assert_eq!(received.sdi_identifier, "");
    let told = ann.records(metadata(&other.file_name.to_ascii_lowercase(), "72", None), "mt.xml").await;
    let invoice = told.invoice.expect("it is known");
    assert_eq!((invoice.invoice_id.as_str(), invoice.sdi_identifier.as_str()), (received.invoice_id.as_str(), "72"));
    assert_ne!(invoice.etag, received.etag);
    assert_eq!(told.receipt.expect("it is kept").invoice_id, received.invoice_id);
    let again = ann.records(metadata(&other.file_name.to_ascii_lowercase(), "72", None), "mt.xml").await;
    assert_eq!((again.already_stored, again.invoice), (true, Some(invoice)));
    // Where the term for an answer passed, and nothing was sent under the name, the received one is meant.
    let passed = ann.records(message("NotificaDecorrenzaTermini", &other.file_name, "72", ""), "dt.xml").await;
    assert_eq!(passed.invoice.expect("it is known").recipient_answer(), RecipientAnswer::TermPassed);
}

async fn whatever_order_an_invoice_and_its_receipts_come_in_the_end_is_the_same(app: &TestApp) {
    let name = "IT01234567897_0000R.xml";
    let (file, mt) = (Event::Receives(b"any file".to_vec(), name.to_owned()), Event::IsTold(metadata(name, "81", None)));
    let (refused, taken_back) = (Event::IsTold(answer("81", "EC02", "a")), Event::IsTold(answer_refused("81", "a")));
    let seen = |invoices: &[(pb::Invoice, usize)], waiting: usize| {
        let [(invoice, receipts)] = invoices else { panic!("{invoices:?}") };
        (invoice.state(), invoice.sdi_identifier.clone(), invoice.recipient_answer(), *receipts, waiting)
    };
    let mut events = vec![file, mt, refused];
    for end in in_every_order(app, &events, seen).await {
        assert_eq!(end, (InvoiceState::Received, "81".to_owned(), RecipientAnswer::Refused, 2, 0));
    }
    events.push(taken_back);
    for end in in_every_order(app, &events, seen).await {
        assert_eq!(end, (InvoiceState::Received, "81".to_owned(), RecipientAnswer::Unspecified, 3, 0), "the answer was not taken");
    }
    // Another answer than the one that was not taken.
    events[1] = Event::IsTold(answer("81", "EC01", "b"));
    events.push(Event::IsTold(metadata(name, "81", None)));
    let ann = app.customer("ann").create().await;
    for event in &events {
        event.happens(&ann).await;
    }
    let (invoices, _) = ends(&ann).await;
    assert_eq!(seen(&invoices, 0).2, RecipientAnswer::Accepted);
}

async fn of_several_files_under_one_name_the_digest_tells_which_is_meant(app: &TestApp) {
    let name = "IT01234567897_0000S.xml";
    let meant = b"the file that is meant";
    let hash = data_encoding::HEXUPPER.encode(ring::digest::digest(&ring::digest::SHA256, meant).as_ref());
    let events = [
        Event::Receives(meant.to_vec(), name.to_owned()),
        Event::Receives(b"another one".to_vec(), name.to_owned()),
        Event::IsTold(metadata(name, "82", Some(&hash))),
        Event::IsTold(answer("82", "EC01", "a")),
    ];
    let seen = |invoices: &[(pb::Invoice, usize)], waiting: usize| {
        let told = |invoice: &pb::Invoice| (invoice.sdi_identifier.clone(), invoice.recipient_answer());
        let of = |size: usize| invoices.iter().find(|(invoice, _)| invoice.size_bytes == size as u64).expect("it is there");
        let (one, other) = (of(meant.len()), of("another one".len()));
        (told(&one.0), one.1, told(&other.0), other.1, waiting)
    };
    for end in in_every_order(app, &events, seen).await {
        let nothing = (String::new(), RecipientAnswer::Unspecified);
        assert_eq!(end, (("82".to_owned(), RecipientAnswer::Accepted), 2, nothing, 0, 0));
    }
}

async fn without_a_digest_receipts_about_one_of_several_wait(app: &TestApp) {
    let name = "IT01234567897_0000T.xml";
    let events = [
        Event::Receives(b"one".to_vec(), name.to_owned()),
        Event::Receives(b"another".to_vec(), name.to_owned()),
        Event::IsTold(metadata(name, "83", None)),
        Event::IsTold(answer("83", "EC01", "a")),
    ];
    let seen = |invoices: &[(pb::Invoice, usize)], waiting: usize| {
        let untold = |(invoice, receipts): &(pb::Invoice, usize)| {
            (invoice.sdi_identifier.as_str(), invoice.recipient_answer(), *receipts) == ("", RecipientAnswer::Unspecified, 0)
        };
        (invoices.iter().all(untold), waiting)
    };
    for end in in_every_order(app, &events, seen).await {
        assert_eq!(end, (true, 2));
    }
}

async fn a_file_that_was_sent_and_received_has_the_receipts_of_both_sides_apart(app: &TestApp) {
    let invoice = app.customer("ann").create().await.invoice();
    let name = invoice.file_name.clone();
    let events = [
        Event::Sends(Box::new(invoice.clone())),
        Event::Receives(invoice.bytes.clone(), name.clone()),
        Event::IsTold(metadata(&name, "84", None)),
        Event::IsTold(message("NotificaDecorrenzaTermini", &name, "84", "")),
    ];
    let seen = |invoices: &[(pb::Invoice, usize)], waiting: usize| {
        let mut told: Vec<_> = invoices
            .iter()
            .map(|(invoice, receipts)| (invoice.state(), invoice.sdi_identifier.clone(), invoice.recipient_answer(), *receipts))
            .collect();
        told.sort_by_key(|(state, ..)| i32::from(*state));
        (told, waiting)
    };
    let expected = vec![
        (InvoiceState::Delivered, "84".to_owned(), RecipientAnswer::TermPassed, 1),
        (InvoiceState::Received, "84".to_owned(), RecipientAnswer::Unspecified, 1),
    ];
    for end in in_every_order(app, &events, seen).await {
        assert_eq!(end, (expected.clone(), 0));
    }
}

async fn an_import_in_any_order_brings_receipts_and_received_invoices_together(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let invoice = ann.invoice();
    let file = |kind: ImportKind, file_name: &str, file: Vec<u8>| pb::ImportInvoicesRequest {
        kind: kind.into(),
        file_name: file_name.to_owned(),
        file,
        state: 0,
    };
    let files = [
        file(ImportKind::Receipt, "ec.xml", answer("85", "EC02", "a")),
        file(ImportKind::Receipt, "mt.xml", metadata(&invoice.file_name, "85", None)),
        file(ImportKind::Received, &invoice.file_name, invoice.bytes.clone()),
    ];
    for round in 0..2 {
        let mut results = served(ann.service.invoices().import_invoices(stream::iter(files.clone())).await);
        let mut ids = Vec::new();
        while let Some(result) = results.message().await.unwrap_or_else(|status| panic!("{status}")) {
            let Some(Outcome::Stored(stored)) = result.outcome else { panic!("{result:?}") };
            assert_eq!(stored.already_stored, round > 0);
            ids.push(stored.invoice_id);
        }
        let invoice = ann.gets(&ids[2]).await;
        assert_eq!((invoice.sdi_identifier.as_str(), invoice.recipient_answer()), ("85", RecipientAnswer::Refused));
        assert!(round == 0 || ids.iter().all(|id| *id == ids[2]), "{ids:?}");
    }
}

async fn an_export_has_the_receipts_of_a_received_invoice_beside_it(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let received = ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    let mut expected = Vec::new();
    for file in [metadata(&invoice.file_name, "88", None), answer("88", "EC01", "a")] {
        let receipt = ann.records(file.clone(), "receipt.xml").await.receipt.expect("it is kept");
        expected.push((format!("{}/receipts/{}_receipt.xml", received.invoice_id, receipt.receipt_id), file));
    }
    let request = pb::ExportInvoicesRequest { direction: pb::Direction::Received.into(), ..Default::default() };
    let files = unpacked(&exported(&ann, request).await.zip);
    for (path, file) in expected {
        let found = files.iter().find(|(name, _)| name.ends_with(&path));
        assert!(found.is_some_and(|(_, content)| *content == file), "{path} in {:?}", files.keys());
    }
}

async fn receipts_and_invoices_of_other_accounts_do_not_meet(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    let invoice = ann.invoice();
    let told = bob.records(metadata(&invoice.file_name, "86", None), "mt.xml").await;
    let received = ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    assert_eq!((told.invoice, received.sdi_identifier.as_str()), (None, ""));
    let told = bob.records(answer("86", "EC01", "a"), "ec.xml").await;
    assert_eq!((told.invoice, ann.gets(&received.invoice_id).await), (None, received));
}

async fn a_receipt_and_a_received_invoice_that_come_at_once_do_not_miss_each_other(app: &TestApp) {
    const ROUNDS: usize = 32;
    let ann = app.customer("ann").trial(2).create().await;
    let invoices: Vec<_> = (0..ROUNDS).map(|_| ann.invoice()).collect();
    let rounds = invoices.iter().zip(1_000..).map(async |(invoice, number): (&GeneratedInvoice, u32)| {
        let number = number.to_string();
        let received = ann.try_receive(invoice.bytes.clone(), &invoice.file_name);
        let told = ann.records(metadata(&invoice.file_name, &number, None), "mt.xml");
        let (received, _, _) = tokio::join!(received, told, ann.records(answer(&number, "EC01", "a"), "ec.xml"));
        let invoice = ann.gets(&received?.invoice_id).await;
        assert_eq!((invoice.recipient_answer(), invoice.sdi_identifier), (RecipientAnswer::Accepted, number));
        Ok::<_, tonic::Status>(())
    });
    try_join_all(rounds).await.unwrap_or_else(|status| panic!("{status}"));
}

/// As those that an earlier version recorded, which only looked for sent invoices.
async fn a_receipt_that_waits_looks_again_when_it_is_recorded_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let received = ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    let mt = metadata(&invoice.file_name, "87", None);
    ann.records(mt.clone(), "mt.xml").await;
    for sql in ["UPDATE receipt SET invoice_id = NULL", "UPDATE invoice SET sdi_identifier = NULL"] {
        app.database.execute(sql).await.unwrap_or_else(|error| panic!("{error}"));
    }
    let again = ann.records(mt, "mt.xml").await;
    let found = again.invoice.expect("it is known");
    assert_eq!((again.already_stored, found.invoice_id, found.sdi_identifier.as_str()), (true, received.invoice_id, "87"));
}

async fn the_next_name_is_none_that_the_account_has_received(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let named = async || {
        let draft = ann.creates(&GeneratedInvoice { file_name: String::new(), ..ann.invoice() }).await;
        ann.try_queue(&draft).await.unwrap_or_else(|status| panic!("{status}")).file_name
    };
    let first = named().await;
    let (start, serial) = first.rsplit_once("0001").expect("the first of five digits");
    // Somebody else sent it for the account, to the account: the SdI knows the name.
    ann.receives(b"a self-invoice".to_vec(), &format!("{start}0002{serial}")).await;
    assert_eq!(named().await, format!("{start}0003{serial}"));
}
