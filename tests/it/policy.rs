//! Policy in the contract: who may call what, and what repeating a call does, for every method that the descriptor knows.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures_util::future::join_all;
use spazio::call::ActsAs;
use spazio::clock::Clock;
use spazio::ids::{CartId, Ids, InvoiceId, OrderId, ReceiptId};
use spazio::policy::Role;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::support::pb::ErrorReason;
use crate::support::{Bearer, Caller, Customer, Front, Method, Refusal, TestApp, methods, pb, refused, request_id, served};

on_both_databases!(
    without_a_good_token_nothing_can_be_called,
    each_method_serves_the_roles_of_its_policy_and_no_others,
    another_accounts_ids_are_answered_like_ids_that_do_not_exist,
    another_accounts_name_is_answered_like_one_that_does_not_exist,
    services_and_operators_must_name_an_account_that_exists,
    a_path_that_is_not_in_the_contract_is_refused,
    the_same_request_twenty_times_at_once_has_one_effect_and_one_answer,
    a_request_id_with_other_content_is_refused,
    a_request_id_in_capitals_is_the_same_one,
    the_write_that_filled_the_space_can_be_repeated_afterwards,
    a_refusal_for_space_is_not_kept,
);

async fn without_a_good_token_nothing_can_be_called(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let acts_as = ActsAs::Customer(ann.account);
    let now = app.now();
    let of_another_key = {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Front::over(app.channel(), folder.path(), app.clock().clone()).token(acts_as, now, "spazio")
    };
    let bad_tokens = [
        ("expired", app.token(acts_as, now - TimeDelta::hours(2), "spazio")),
        ("not good yet", app.token(acts_as, now + TimeDelta::hours(2), "spazio")),
        ("for another service", app.token(acts_as, now, "somebody-else")),
        ("signed by another key", of_another_key),
        ("no token at all", "nonsense".to_owned()),
        ("cut off", app.token(acts_as, now, "spazio").rsplit_once('.').expect("three parts").0.to_owned()),
    ];
    for method in methods() {
        // Not even an empty message is looked at.
        let nobody = refused(app.bearing(Bearer::Nobody).raw(method.policy.path, Vec::new()).await);
        assert_eq!((nobody.code, nobody.reason), (Code::Unauthenticated, ErrorReason::TokenMissing), "{}", method.name());
        assert!(nobody.message.contains("a token of the provider's identity service"), "{}", nobody.message);
        for (what, token) in &bad_tokens {
            let refusal = refused(app.bearing(Bearer::Token(token.clone())).raw(method.policy.path, Vec::new()).await);
            assert_eq!((refusal.code, refusal.reason), (Code::Unauthenticated, ErrorReason::TokenInvalid), "{} {what}", method.name());
        }
    }
}

async fn each_method_serves_the_roles_of_its_policy_and_no_others(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for method in methods() {
        for caller in method.callers(app, &ann) {
            let request = method.example(app, &ann).await;
            let answer = caller.raw(method.policy.path, request).await;
            answer.unwrap_or_else(|status| panic!("{} as one of {:?}: {status}", method.name(), method.policy.roles));
        }
        for stranger in method.strangers(app, &ann) {
            let refusal = refused(stranger.raw(method.policy.path, Vec::new()).await);
            assert_eq!((refusal.code, refusal.reason), (Code::PermissionDenied, ErrorReason::RoleNotAllowed), "{}", method.name());
        }
    }
}

async fn another_accounts_ids_are_answered_like_ids_that_do_not_exist(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    let mut looked_at = 0;
    for method in methods() {
        let Some(field) = method.id_field() else { continue };
        let anns = method.example(app, &ann).await;
        let nobodys = method.with(&anns, &field, &id_of_nothing(field.name()));
        for caller in method.callers(app, &bob) {
            let of_ann = answer_to(&caller, &method, &anns).await;
            let of_nobody = answer_to(&caller, &method, &nobodys).await;
            assert_eq!(of_ann.code(), Code::NotFound, "{}: {of_ann}", method.name());
            assert_eq!(whole(&of_ann), whole(&of_nobody), "{} tells the two apart", method.name());
        }
        let own = method.callers(app, &ann).remove(0).raw(method.policy.path, anns).await;
        own.unwrap_or_else(|status| panic!("{}: ann's own is untouched: {status}", method.name()));
        looked_at += 1;
    }
    assert_eq!(looked_at, 18, "the methods that name an invoice, a receipt, a cart or an order");
}

fn id_of_nothing(field: &str) -> String {
    let ids = Ids::new(Clock::system());
    match field {
        "invoice_id" => ids.next::<InvoiceId>().to_string(),
        "receipt_id" => ids.next::<ReceiptId>().to_string(),
        "cart_id" => ids.next::<CartId>().to_string(),
        "order_id" => ids.next::<OrderId>().to_string(),
        other => panic!("{other} names nothing of an account"),
    }
}

async fn answer_to(caller: &Caller, method: &Method, request: &[u8]) -> Status {
    caller.raw(method.policy.path, request.to_vec()).await.expect_err(method.name())
}

/// All that a status tells, details included.
fn whole(status: &Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

async fn another_accounts_name_is_answered_like_one_that_does_not_exist(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    let nobody = Ids::new(Clock::system()).next();
    let about_account = |method: &Method| method.policy.account && method.policy.roles.contains(&Role::Customer);
    for method in methods().filter(about_account) {
        let named_ann = answer_to(&bob.panel.clone().about(ann.account), &method, &[]).await;
        let named_nobody = answer_to(&bob.panel.clone().about(nobody), &method, &[]).await;
        assert_eq!(Refusal::of(&named_ann).reason, ErrorReason::AccountNotFound, "{}", method.name());
        assert_eq!(whole(&named_ann), whole(&named_nobody), "{} tells the two apart", method.name());
    }
    let own = bob.panel.clone().about(bob.account);
    served(own.quota().get_space(pb::GetSpaceRequest {}).await);
}

async fn services_and_operators_must_name_an_account_that_exists(app: &TestApp) {
    let nobody = Ids::new(Clock::system()).next();
    for method in methods().filter(|method| method.policy.account) {
        for role in method.policy.roles.iter().filter(|role| **role != Role::Customer) {
            let caller = app.caller(if *role == Role::Service { ActsAs::Service } else { ActsAs::Operator });
            let refusal = refused(caller.raw(method.policy.path, Vec::new()).await);
            assert_eq!((refusal.reason, refusal.fields()), (ErrorReason::InvalidRequest, vec!["account-id"]), "{}", method.name());
            let refusal = refused(caller.about(nobody).raw(method.policy.path, Vec::new()).await);
            assert_eq!(refusal.reason, ErrorReason::AccountNotFound, "{}", method.name());
        }
    }
}

async fn a_path_that_is_not_in_the_contract_is_refused(app: &TestApp) {
    for path in ["/spazio.v1.QuotaService/GiveSpace", "/spazio.v1.GiftService/Give", "/spazio.v2.QuotaService/GetSpace", "/"] {
        let refusal = refused(app.operator().raw(path, Vec::new()).await);
        assert_eq!((refusal.code, refusal.reason), (Code::Unimplemented, ErrorReason::MethodUnknown), "{path}");
    }
}

const AT_ONCE: usize = 20;

async fn the_same_request_twenty_times_at_once_has_one_effect_and_one_answer(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for method in methods().filter(|method| method.policy.repeatable) {
        let caller = method.callers(app, &ann).remove(0);
        let (alone, all) = (method.example(app, &ann).await, method.example(app, &ann).await);

        let before = rows(app).await;
        caller.raw(method.policy.path, alone).await.unwrap_or_else(|status| panic!("{}: {status}", method.name()));
        let after_one = rows(app).await;
        let calls = join_all((0..AT_ONCE).map(|_| caller.raw(method.policy.path, all.clone()))).await;
        let after_all = rows(app).await;

        assert_eq!(grown(&before, &after_one), grown(&after_one, &after_all), "{} left other traces than one call does", method.name());
        let answers: Vec<_> = calls.into_iter().map(|call| call.unwrap_or_else(|status| panic!("{}: {status}", method.name()))).collect();
        assert!(answers.iter().all(|(_, messages)| *messages == answers[0].1), "{} gave different answers", method.name());
        assert_eq!(answers.iter().filter(|(metadata, _)| !replayed(metadata)).count(), 1, "{}: one answer is the first", method.name());
    }
}

fn replayed(metadata: &MetadataMap) -> bool {
    metadata.get("idempotent-replay").is_some_and(|value| value == "true")
}

/// How many rows each table has, once the background work is done.
async fn rows(app: &TestApp) -> BTreeMap<&'static str, i64> {
    app.settled().await;
    let counts = TABLES.map(|table| format!("SELECT COUNT(*) AS n FROM {table}"));
    let counts = app.database.rows(&counts.join(" UNION ALL ")).await;
    // UNION ALL keeps the order of its parts on both databases.
    TABLES.into_iter().zip(counts.iter().map(|row| row.try_get_by_index(0).expect("a count"))).collect()
}

const TABLES: [&str; 18] = [
    "account",
    "cart",
    "charge",
    "document",
    "granted",
    "invoice",
    "ledger",
    "mail",
    "mandate",
    "payment",
    "purchase",
    "purchase_line",
    "receipt",
    "request",
    "seaql_migrations",
    "service",
    "simulated_charge",
    "space",
];

fn grown(before: &BTreeMap<&'static str, i64>, after: &BTreeMap<&'static str, i64>) -> BTreeMap<&'static str, i64> {
    before.iter().map(|(table, rows)| (*table, after[table] - rows)).collect()
}

async fn a_request_id_with_other_content_is_refused(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    // A request with nothing but its request_id has no other content.
    for method in methods().filter(|method| method.policy.repeatable && method.fields() > 1) {
        let caller = method.callers(app, &ann).remove(0);
        let field = method.field("request_id").expect("a repeatable request has one");
        let first = method.example(app, &ann).await;
        let other = method.with(&method.example(app, &ann).await, &field, &method.text(&first, &field));
        caller.raw(method.policy.path, first).await.unwrap_or_else(|status| panic!("{}: {status}", method.name()));
        let refusal = refused(caller.raw(method.policy.path, other).await);
        assert_eq!((refusal.code, refusal.reason), (Code::FailedPrecondition, ErrorReason::RequestIdReused), "{}", method.name());
    }
}

async fn a_request_id_in_capitals_is_the_same_one(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for method in methods().filter(|method| method.policy.repeatable) {
        let caller = method.callers(app, &ann).remove(0);
        let field = method.field("request_id").expect("a repeatable request has one");
        let small = method.example(app, &ann).await;
        let capitals = method.with(&small, &field, &method.text(&small, &field).to_uppercase());
        assert_ne!(small, capitals, "{}", method.name());
        let (_, first) = caller.raw(method.policy.path, small).await.unwrap_or_else(|status| panic!("{}: {status}", method.name()));
        let (metadata, again) =
            caller.raw(method.policy.path, capitals).await.unwrap_or_else(|status| panic!("{}: {status}", method.name()));
        assert!(replayed(&metadata), "{}", method.name());
        assert_eq!(first, again, "{}", method.name());
    }
}

/// The early answer of the quota interceptor must not hide an answer that was given (src/edge/repetition.rs).
async fn the_write_that_filled_the_space_can_be_repeated_afterwards(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.fill_but(10_000).await;
    let request = Customer::create_request(&ann.invoice_of(10_000));
    let first = ann.panel.invoices().create_sent_invoice(request.clone()).await.expect("it fits exactly");
    assert_eq!(ann.space().await.account_state(), pb::AccountState::Suspended);

    let again = ann.panel.invoices().create_sent_invoice(request.clone()).await.expect("it was answered before");
    assert!(replayed(again.metadata()));
    assert_eq!(first.into_inner(), again.into_inner());

    let other = pb::CreateSentInvoiceRequest { request_id: request_id(), ..request.clone() };
    assert_eq!(refused(ann.panel.invoices().create_sent_invoice(other).await).reason, ErrorReason::SpaceExhausted);
    let reused = Customer::create_request(&ann.invoice());
    let reused = pb::CreateSentInvoiceRequest { request_id: request.request_id, ..reused };
    assert_eq!(refused(ann.panel.invoices().create_sent_invoice(reused).await).reason, ErrorReason::RequestIdReused);
}

async fn a_refusal_for_space_is_not_kept(app: &TestApp) {
    let ann = app.customer("ann").full().await;
    let request = Customer::create_request(&ann.invoice());
    let refusal = refused(ann.panel.invoices().create_sent_invoice(request.clone()).await);
    assert_eq!(refusal.reason, ErrorReason::SpaceExhausted);
    ann.buys(1).await;
    let answer = ann.panel.invoices().create_sent_invoice(request).await.expect("there is space now");
    assert!(!replayed(answer.metadata()));
}
