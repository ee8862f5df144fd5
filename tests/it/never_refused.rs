//! What is never refused for space, what is, and how (S3, S4, and the table "What an account may do").

use spazio::demo::invoices::GeneratedInvoice;
use spazio::policy::Effect;
use tonic::Code;

use crate::support::pb::{AccountState, Action, ErrorReason};
use crate::support::{Caller, Customer, Refusal, TestApp, instant, methods, pb, refused, request_id, served};

on_both_databases!(
    reading_receiving_and_buying_go_on_however_full_the_space_is,
    reading_receiving_and_buying_go_on_when_the_base_plan_has_expired,
    writes_on_sent_invoices_go_on_at_99_percent,
    writes_on_sent_invoices_are_refused_from_100_percent_on,
    writes_on_sent_invoices_are_refused_when_the_base_plan_has_expired,
    a_suspended_account_is_told_what_is_missing_in_two_languages,
    a_document_that_would_cross_100_percent_is_told_how_many_bytes_it_needs,
    an_expired_account_is_told_what_does_not_hold,
    ninety_days_after_the_expiry_the_documents_are_closed_and_a_purchase_opens_the_account_again,
    the_panel_is_told_the_same_that_a_call_would_be,
);

/// What a full or expired account can still do. (A recorded payment ends the expiry: that is tried elsewhere.)
const FREE: [Effect; 4] = [Effect::Read, Effect::ReadDocuments, Effect::Receive, Effect::Purchase];

/// 4 MiB: 1% of it holds several invoices.
async fn customer(app: &TestApp, name: &str) -> Customer {
    app.customer(name).trial(4).create().await
}

async fn goes_on(app: &TestApp, ann: &Customer, when: &str) {
    for method in methods().filter(|method| method.does(&FREE)) {
        for caller in method.callers(app, ann) {
            let request = method.example(app, ann).await;
            let answer = caller.raw(method.policy.path, request).await;
            answer.unwrap_or_else(|status| panic!("{} {when}: {status}", method.name()));
        }
    }
    let GeneratedInvoice { bytes, file_name, .. } = ann.invoice();
    let received = ann.receives(bytes.clone(), &file_name).await;
    assert!(ann.downloads(&received.invoice_id).await.1 == bytes, "{when}");
}

async fn reading_receiving_and_buying_go_on_however_full_the_space_is(app: &TestApp) {
    for percent in [0, 99, 100, 250] {
        let ann = app.customer(&format!("ann{percent}")).trial(4).filled_to(percent).await;
        goes_on(app, &ann, &format!("at {percent}%")).await;
    }
}

async fn reading_receiving_and_buying_go_on_when_the_base_plan_has_expired(app: &TestApp) {
    let ann = app.customer("ann").trial(4).filled_to(250).await;
    // Bought on 16 March 2026: good through 16 March 2027, and kept for 90 days more.
    for day in ["2027-03-17", "2027-06-14"] {
        app.day_comes(day).await;
        assert_eq!(ann.space().await.account_state(), AccountState::Expired);
        goes_on(app, &ann, day).await;
    }
}

/// A request for each method that writes sent invoices, made while there is space.
async fn sent_writes(app: &TestApp, ann: &Customer) -> Vec<(&'static str, Vec<u8>)> {
    let mut writes = Vec::new();
    for method in methods().filter(|method| method.does(&[Effect::SentWrite])) {
        writes.push((method.policy.path, method.example(app, ann).await));
    }
    assert_eq!(writes.len(), 5, "create, update, delete, queue, copy");
    writes
}

async fn refusals(caller: &Caller, writes: Vec<(&'static str, Vec<u8>)>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (path, request) in writes {
        refusals.push(refused(caller.raw(path, request).await));
    }
    refusals
}

async fn writes_on_sent_invoices_go_on_at_99_percent(app: &TestApp) {
    let ann = customer(app, "ann").await;
    let writes = sent_writes(app, &ann).await;
    ann.fill_to(ann.space().await.capacity_bytes * 99 / 100).await;
    for (path, request) in writes {
        ann.panel.raw(path, request).await.unwrap_or_else(|status| panic!("{path}: {status}"));
    }
}

async fn writes_on_sent_invoices_are_refused_from_100_percent_on(app: &TestApp) {
    for percent in [100, 250] {
        let ann = customer(app, &format!("ann{percent}")).await;
        let writes = sent_writes(app, &ann).await;
        ann.fill_to(ann.space().await.capacity_bytes * percent / 100).await;
        for refusal in refusals(&ann.panel, writes.clone()).await.into_iter().chain(refusals(&ann.service, writes).await) {
            assert_eq!((refusal.code, refusal.reason), (Code::ResourceExhausted, ErrorReason::SpaceExhausted), "at {percent}%");
        }
    }
}

async fn writes_on_sent_invoices_are_refused_when_the_base_plan_has_expired(app: &TestApp) {
    let ann = customer(app, "ann").await;
    let writes = sent_writes(app, &ann).await;
    // The last day counts whole, Europe/Rome: until 16 March 2027, 24:00 in Rome, which is 23:00 UTC.
    app.clock().set(instant("2027-03-16T22:59:59Z"));
    ann.creates(&ann.invoice()).await;
    app.clock().set(instant("2027-03-16T23:00:00Z"));
    for refusal in refusals(&ann.panel, writes).await {
        assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::AccountExpired));
    }
}

async fn a_suspended_account_is_told_what_is_missing_in_two_languages(app: &TestApp) {
    let ann = app.customer("ann").trial(4).filled_to(250).await;
    let refusal = refused(ann.try_create(&ann.invoice()).await);

    assert_eq!(refusal.number("used_bytes"), 10 << 20);
    assert_eq!(refusal.number("capacity_bytes"), 4 << 20);
    assert_eq!(refusal.number("free_bytes"), 0);
    assert_eq!(refusal.number("gb_to_buy"), 1);
    assert_eq!(refusal.metadata.len(), 4, "{:?}", refusal.metadata);
    assert_eq!(refusal.quota.len(), 1);
    assert_eq!(refusal.quota[0].subject, ann.account.to_string());
    assert_eq!(refusal.quota[0].description, refusal.message);
    let languages: Vec<_> = refusal.localized.iter().map(|(language, _)| language.as_str()).collect();
    assert_eq!(languages, ["it", "en"]);
    assert!(refusal.localized[0].1.starts_with("Spazio esaurito: acquista almeno 1 GB"), "{:?}", refusal.localized);
    assert!(refusal.localized[1].1.starts_with("No space left: buy at least 1 GB"), "{:?}", refusal.localized);
    assert!(refusal.preconditions.is_empty() && refusal.violations.is_empty());
}

async fn a_document_that_would_cross_100_percent_is_told_how_many_bytes_it_needs(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.fill_but(9_999).await;
    let refusal = refused(ann.try_create(&ann.invoice_of(10_000)).await);
    assert_eq!((refusal.code, refusal.reason), (Code::ResourceExhausted, ErrorReason::SpaceExhausted));
    assert_eq!((refusal.number("needed_bytes"), refusal.number("free_bytes"), refusal.number("gb_to_buy")), (10_000, 9_999, 1));
    let sizes = "9 KB (10000 bytes), 9 KB (9999 bytes)";
    assert!(
        refusal.message.starts_with(&format!("not enough space for this invoice: it needs {sizes} are free of ")),
        "{}",
        refusal.message
    );
    assert_eq!(refusal.quota[0].description, refusal.message);
    let [(_, italian), (_, english)] = &refusal.localized[..] else { panic!("{:?}", refusal.localized) };
    assert!(
        italian.starts_with("Spazio insufficiente per questa fattura: occorrono 9 KB (10000 byte), ne restano 9 KB (9999 byte)."),
        "{italian}"
    );
    assert!(italian.contains("almeno 1 GB") && english.contains("at least 1 GB"), "{italian} {english}");
    assert!(english.starts_with(&format!("Not enough space for this invoice: it needs {sizes} are left.")), "{english}");
    assert_eq!(ann.space().await.free_bytes, 9_999, "nothing was charged");

    ann.creates(&ann.invoice_of(9_999)).await;
    assert_eq!(ann.space().await.free_bytes, 0);
}

async fn an_expired_account_is_told_what_does_not_hold(app: &TestApp) {
    let ann = customer(app, "ann").await;
    app.day_comes("2027-03-17").await;
    let refusal = refused(ann.try_create(&ann.invoice()).await);
    assert_eq!(refusal.metadata.get("expiry_day").map(String::as_str), Some("2027-03-16"));
    assert_eq!(refusal.preconditions.len(), 1);
    assert_eq!(refusal.preconditions[0].r#type, "ACCOUNT_EXPIRED");
    assert_eq!(refusal.preconditions[0].subject, ann.account.to_string());
    assert_eq!(refusal.localized.len(), 2);
    assert!(refusal.quota.is_empty());

    // Buying with extension ON prolongs the base plan too.
    ann.buys(1).await;
    ann.creates(&ann.invoice()).await;
}

async fn ninety_days_after_the_expiry_the_documents_are_closed_and_a_purchase_opens_the_account_again(app: &TestApp) {
    let ann = customer(app, "ann").await;
    let received = ann.receives(b"delivered long ago".to_vec(), "old.xml").await;
    let mut closed = sent_writes(app, &ann).await;
    for method in methods().filter(|method| method.does(&[Effect::ReadDocuments])) {
        closed.push((method.policy.path, method.example(app, &ann).await));
    }
    // 16 March 2027 and 90 days: 14 June.
    app.day_comes("2027-06-15").await;
    assert_eq!(ann.space().await.account_state(), AccountState::Deleted);
    // Of what a mail about full space says (buying 1 GB helps, receiving goes on) nothing would be true.
    assert_eq!(app.mails_with("100.00%").await, Vec::<String>::new());
    assert_eq!(app.mails_with("100,00%").await, Vec::<String>::new());
    for refusal in refusals(&ann.panel, closed).await {
        assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::AccountDeleted));
        assert_eq!(refusal.preconditions[0].r#type, "ACCOUNT_DELETED");
    }
    let delivery = pb::ReceiveInvoiceRequest { request_id: request_id(), file: b"late".to_vec(), file_name: "late.xml".to_owned() };
    assert_eq!(refused(ann.service.invoices().receive_invoice(delivery).await).reason, ErrorReason::AccountDeleted);
    served(ann.panel.accounts().get_account(pb::GetAccountRequest {}).await);

    ann.buys(1).await;
    assert_eq!(ann.space().await.account_state(), AccountState::Active);
    assert_eq!(ann.downloads(&received.invoice_id).await.1, b"delivered long ago");
}

async fn the_panel_is_told_the_same_that_a_call_would_be(app: &TestApp) {
    let ann = customer(app, "ann").await;
    let all =
        [Action::WriteSentInvoices, Action::ReadSentInvoices, Action::ReceiveInvoices, Action::ReadReceivedInvoices, Action::Purchase];
    assert_eq!(permitted(&ann).await, all);
    ann.fill_to(4 << 20).await;
    assert_eq!(permitted(&ann).await, all[1..]);
    app.day_comes("2027-03-17").await;
    assert_eq!(permitted(&ann).await, all[1..]);
    app.day_comes("2027-06-15").await;
    assert_eq!(permitted(&ann).await, all[4..]);
}

/// The permitted actions. Of those that are not, the panel shows the reason of the refusal.
async fn permitted(ann: &Customer) -> Vec<Action> {
    let (permitted, denied): (Vec<_>, Vec<_>) = ann.space().await.actions.into_iter().partition(|action| action.permitted);
    if let Some(write) = denied.iter().find(|denied| denied.action() == Action::WriteSentInvoices) {
        let request = Customer::create_request(&ann.invoice());
        let refusal = refused(ann.panel.invoices().create_sent_invoice(request).await);
        assert_eq!(write.reason, spazio::refusal::reason_name(refusal.reason));
        assert_eq!(write.message, refusal.localized[0].1, "in the account's language");
    }
    assert!(denied.iter().all(|denied| !denied.reason.is_empty() && !denied.message.is_empty()));
    permitted.iter().map(pb::ActionPermission::action).collect()
}
