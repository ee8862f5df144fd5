//! The audit: space that was granted without being paid is found, and told by the program with exit code 4 (B9).
//!
//! That it tells no difference where there is none, the end of every other test shows.

use crate::support::{Customer, Engine, Site, TestApp, euro, pb, spazio as program};

on_both_databases!(
    a_service_that_no_paid_order_granted_is_found,
    an_expiry_that_was_not_granted_is_found,
    a_pack_that_was_made_larger_is_found,
    a_completed_order_without_its_exact_payment_is_found,
    a_payment_applied_to_an_order_that_is_not_completed_is_found,
);

/// Changes rows past the server; so many must be changed.
async fn tampers(app: &TestApp, rows: u64, sql: &str) {
    let changed = app.database.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(changed, rows, "{sql}");
}

/// The id of the customer's last service of a kind.
async fn last(customer: &Customer, kind: pb::ServiceKind) -> String {
    let services = customer.services().await;
    services.into_iter().rfind(|service| service.kind() == kind).expect("there is one").service_id
}

/// An order without extension that awaits a bank transfer of 14.64 euro.
async fn awaiting(customer: &Customer) -> pb::Order {
    let cart = customer.opens_cart().await;
    let order = customer.places(&customer.sets_extension(&cart, false).await).await;
    customer.confirms(&order, pb::PaymentMethod::BankTransfer).await
}

async fn a_service_that_no_paid_order_granted_is_found(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    awaiting(&ann).await;
    let new_id = match app.database.engine {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "gen_random_uuid()",
    };
    let given = format!(
        "INSERT INTO service SELECT {new_id}, account_id, 'space_pack', 'space', 1, 1073741824, activation_day, expiry_day, 1, NULL, \
         created_time FROM service"
    );
    tampers(app, 1, &given).await;
    let pack = last(&ann, pb::ServiceKind::SpacePack).await;
    let found = [format!("{}: {pack} is a space_pack, the completed orders that granted it are none", ann.account)];
    assert_eq!(app.differences().await, found);

    // A grant from an order that nobody paid is none.
    let noted = "INSERT INTO granted SELECT purchase_id, line, purchase_line.account_id, service.id, NULL, service.expiry_day, \
                 service.created_time FROM purchase_line, service WHERE service.kind = 'space_pack'";
    tampers(app, 1, noted).await;
    assert_eq!(app.differences().await, found);

    tampers(app, 1, "DELETE FROM granted").await;
    tampers(app, 1, "DELETE FROM service WHERE kind = 'space_pack'").await;
}

async fn an_expiry_that_was_not_granted_is_found(app: &TestApp) {
    let ann = app.customer("ann").for_days(30).create().await;
    // The plan was prolonged twice: what counts is the later.
    ann.buys(1).await;
    app.day_comes("2027-02-01").await;
    ann.buys(1).await;
    let plan = last(&ann, pb::ServiceKind::BasePlan).await;
    assert_eq!(app.differences().await, [""; 0]);

    tampers(app, 1, "UPDATE service SET expiry_day = '2099-12-31' WHERE kind = 'base_plan'").await;
    let found = format!("{}: the expiry of {plan} is 2099-12-31, the latest granted to it is 2028-02-01", ann.account);
    assert_eq!(app.differences().await, [found]);
    tampers(app, 1, "UPDATE service SET expiry_day = '2028-02-01' WHERE kind = 'base_plan'").await;
}

async fn a_pack_that_was_made_larger_is_found(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.buys(2).await;
    let pack = last(&ann, pb::ServiceKind::SpacePack).await;

    tampers(app, 1, "UPDATE service SET space_bytes = 2147483649 WHERE kind = 'space_pack'").await;
    let space = format!("{}: the space of {pack} is 2147483649, that of its quantity is 2147483648", ann.account);
    assert_eq!(app.differences().await, [space]);

    tampers(app, 1, "UPDATE service SET quantity = 3, space_bytes = 3221225472 WHERE kind = 'space_pack'").await;
    let quantity = format!("{}: the quantity of {pack} is 3, the ordered one is 2", ann.account);
    assert_eq!(app.differences().await, [quantity]);
    tampers(app, 1, "UPDATE service SET quantity = 2, space_bytes = 2147483648 WHERE kind = 'space_pack'").await;
}

async fn a_completed_order_without_its_exact_payment_is_found(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = ann.buys(1).await;
    let completed = format!("{}: {} is completed and its total is 14.64 EUR, the payment applied to it is", ann.account, order.order_id);

    tampers(app, 1, "UPDATE payment SET amount_cents = 1463").await;
    assert_eq!(app.differences().await, [format!("{completed} 14.63 EUR")]);
    tampers(app, 1, "UPDATE payment SET amount_cents = 1464, outcome = 'under_review', review_reason = 'paid_twice'").await;
    assert_eq!(app.differences().await, [format!("{completed} none")]);
    tampers(app, 1, "UPDATE payment SET outcome = 'applied', review_reason = NULL").await;
}

async fn a_payment_applied_to_an_order_that_is_not_completed_is_found(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = awaiting(&ann).await;
    let payment = pb::RecordPaymentRequest { amount: Some(euro("14.63")), ..Customer::payment_of(&order, "CRO 1") };
    ann.try_record(payment).await.expect("it is kept");
    assert_eq!(app.differences().await, [""; 0]);

    tampers(app, 1, "UPDATE payment SET outcome = 'applied', review_reason = NULL").await;
    let found = format!(
        "{}: {} is awaiting_payment and its total is 14.64 EUR, the payment applied to it is 14.63 EUR",
        ann.account, order.order_id
    );
    assert_eq!(app.differences().await, [found]);
    tampers(app, 1, "UPDATE payment SET outcome = 'under_review', review_reason = 'amount_differs'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_the_program_tells_what_was_granted_unpaid_and_ends_with_4() {
    the_program_tells_what_was_granted_unpaid_and_ends_with_4(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_the_program_tells_what_was_granted_unpaid_and_ends_with_4() {
    the_program_tells_what_was_granted_unpaid_and_ends_with_4(Engine::Postgres).await;
}

async fn the_program_tells_what_was_granted_unpaid_and_ends_with_4(engine: Engine) {
    let site = Site::fresh(engine).await;
    let process = site.serve();
    let ann = process.customer("ann").create().await;
    ann.buys(1).await;
    let pack = last(&ann, pb::ServiceKind::SpacePack).await;
    process.stops();

    let larger = "UPDATE service SET space_bytes = space_bytes * 2 WHERE kind = 'space_pack'";
    site.database.execute(larger).await.expect("packs can be made larger");
    let (code, told) = audited(&site);
    assert_eq!(code, Some(4), "{told}");
    assert!(told.starts_with("1 account, 0 documents, 0 bytes, 2 services, 1 order\n"), "{told}");
    assert!(told.contains(&format!("the space of {pack} is 2147483648")), "{told}");

    let as_bought = "UPDATE service SET space_bytes = space_bytes / 2 WHERE kind = 'space_pack'";
    site.database.execute(as_bought).await.expect("and smaller");
    let (code, told) = audited(&site);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("services, orders and payments agree"), "{told}");
    site.finish().await;
}

/// The exit code of `spazio audit`, and what it printed.
fn audited(site: &Site) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = program(folder.path()).args(["audit", "--database", &site.database.url]).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}
