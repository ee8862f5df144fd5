//! What carts cost and do, worked by hand, through CartService (B1 to B6).
//!
//! Yearly prices of the shipped catalogue: base plan 29.00, GB 12.00, documents 36.00, collections 48.00, user 10.00; VAT 22%.

use std::fs;

use spazio::config::Config;
use tonic::Code;

use crate::support::pb::{ErrorReason, PaymentMethod};
use crate::support::{Customer, Engine, TestApp, on, pb, played, refused, request_id, served};

on_both_databases!(
    a_cart_opens_with_one_gigabyte_for_a_year_and_extension_on,
    a_started_month_counts_whole,
    the_ends_of_months_and_leap_days_are_clipped,
    several_services_modules_and_users_are_brought_to_one_expiry,
    a_term_of_ten_years_crosses_leap_years,
    off_buys_only_what_is_new,
    services_that_outlast_the_new_expiry_are_left_alone,
    a_module_is_in_the_cart_once_and_is_suggested_until_it_is_bought,
    the_term_starts_on_the_day_of_activation,
    a_cart_that_is_cancelled_can_be_changed_again,
);

/// The cart's lines, each `product months net`, then `= total`.
fn table(quote: Option<&pb::Quote>) -> String {
    let quote = quote.expect("a cart is always priced");
    let mut lines: Vec<_> =
        quote.lines.iter().map(|line| format!("{} {} {}", line.product, line.months, text(line.net.as_ref()))).collect();
    // Services of one expiry come in no promised order.
    lines[1..].sort();
    lines.push(format!("= {}", text(quote.total.as_ref())));
    lines.join(", ")
}

fn text(money: Option<&pb::Money>) -> String {
    let money = money.expect("an amount");
    assert_eq!(money.currency_code, "EUR");
    format!("{}.{:02}", money.units, money.cents)
}

async fn price(ann: &Customer, change: &dyn Fn(&mut Wishes)) -> pb::Cart {
    let mut wishes = Wishes { gigabytes: 1, years: 1, extension: true, modules: &[], users: 0 };
    change(&mut wishes);
    let mut cart = ann.opens_cart().await;
    let cart_id = cart.cart_id.clone();
    let (quantity_gb, term_years) = (wishes.gigabytes, wishes.years);
    let quantity =
        pb::SetQuantityRequest { request_id: request_id(), cart_id: cart_id.clone(), etag: String::new(), quantity_gb, term_years };
    served(ann.panel.carts().set_quantity(quantity).await);
    for module in wishes.modules {
        let etag = String::new();
        let add = pb::AddModuleRequest { request_id: request_id(), cart_id: cart_id.clone(), etag, module: (*module).to_owned() };
        served(ann.panel.carts().add_module(add).await);
    }
    let users =
        pb::SetAdditionalUsersRequest { request_id: request_id(), cart_id: cart_id.clone(), etag: String::new(), quantity: wishes.users };
    cart = served(ann.panel.carts().set_additional_users(users).await).cart.expect("the cart");
    if wishes.extension { cart } else { ann.sets_extension(&cart, false).await }
}

struct Wishes {
    gigabytes: i32,
    years: i32,
    extension: bool,
    modules: &'static [&'static str],
    users: i32,
}

/// A customer with the usual plan, bought on this day at noon. The clock stands there afterwards.
async fn customer_of(app: &TestApp, bought: &str) -> Customer {
    app.day_comes(bought).await;
    app.customer("ann").one_gb().create().await
}

async fn a_cart_opens_with_one_gigabyte_for_a_year_and_extension_on(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    let cart = ann.opens_cart().await;
    assert_eq!((cart.quantity_gb, cart.term_years, cart.extension, cart.additional_users), (1, 1, true, 0));
    // Bought today: the plan ends on the same day as the pack, nothing is missing. 12.00 and 2.64.
    assert_eq!(table(cart.quote.as_ref()), "space-pack 12 12.00, = 14.64");
}

async fn a_started_month_counts_whole(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    // Plan until 16 March 2027. On 15 June the new expiry is 15 June 2027: 2 months lead to 16 May, 3 to 16 June: 3 months.
    // 29.00 x 3 / 12 = 7.25; net 19.25; 22% are 4.235, half up 4.24.
    app.day_comes("2026-06-15").await;
    assert_eq!(table(ann.opens_cart().await.quote.as_ref()), "space-pack 12 12.00, fatturazione-elettronica 3 7.25, = 23.49");
    // On the 16th 3 months reach it exactly.
    app.day_comes("2026-06-16").await;
    assert_eq!(table(ann.opens_cart().await.quote.as_ref()), "space-pack 12 12.00, fatturazione-elettronica 3 7.25, = 23.49");
    // On the 17th they miss it by a day: 4 months, 29.00 x 4 / 12 = 9.6667, half up 9.67; net 21.67; 22% are 4.7674, 4.77.
    app.day_comes("2026-06-17").await;
    assert_eq!(table(ann.opens_cart().await.quote.as_ref()), "space-pack 12 12.00, fatturazione-elettronica 4 9.67, = 26.44");
}

async fn the_ends_of_months_and_leap_days_are_clipped(app: &TestApp) {
    // Bought on 31 August 2027, until 31 August 2028. On 29 February 2028 the new expiry is 28 February 2029 (B2):
    // 6 months from 31 August lead to the last of February, the 28th: not before it. 29.00 x 6 / 12 = 14.50; net 26.50; VAT 5.83.
    let ann = customer_of(app, "2027-08-31").await;
    app.day_comes("2028-02-29").await;
    let cart = ann.opens_cart().await;
    assert_eq!(table(cart.quote.as_ref()), "space-pack 12 12.00, fatturazione-elettronica 6 14.50, = 32.33");
    assert_eq!(cart.quote.expect("a quote").new_expiry_day, on("2029-02-28"));
    // On 1 March the new expiry is 1 March 2029: 7 months, 29.00 x 7 / 12 = 16.9167, 16.92; net 28.92; VAT 6.3624, 6.36.
    app.day_comes("2028-03-01").await;
    assert_eq!(table(ann.opens_cart().await.quote.as_ref()), "space-pack 12 12.00, fatturazione-elettronica 7 16.92, = 35.28");
}

async fn several_services_modules_and_users_are_brought_to_one_expiry(app: &TestApp) {
    let ann = customer_of(app, "2026-01-31").await;
    // 28 February 2026: 2 GB and collections until 28 February 2027, with OFF, so that the plan stays at 31 January 2027.
    app.day_comes("2026-02-28").await;
    let cart = price(&ann, &|wishes| (wishes.gigabytes, wishes.extension, wishes.modules) = (2, false, &["collections"])).await;
    assert_eq!(table(cart.quote.as_ref()), "space-pack 12 24.00, collections 12 48.00, = 87.84"); // 72.00 + 15.84
    let order = ann.confirms(&ann.places(&cart).await, PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;
    // 30 April 2026, to 30 April 2027: the plan from 31 January 2027, 3 months lead to 30 April exactly: 29.00 x 3 / 12 = 7.25.
    // From 28 February 2 months lead to 28 April: 3 months. 2 GB 24.00 x 3 / 12 = 6.00, collections 48.00 x 3 / 12 = 12.00.
    // New: 1 GB 12.00, documents 36.00, 3 users 30.00. Net 103.25; 22% are 22.715, half up 22.72.
    app.day_comes("2026-04-30").await;
    let cart = price(&ann, &|wishes| (wishes.modules, wishes.users) = (&["documents"], 3)).await;
    assert_eq!(
        table(cart.quote.as_ref()),
        "space-pack 12 12.00, additional-users 12 30.00, collections 3 12.00, documents 12 36.00, fatturazione-elettronica 3 7.25, \
         space-pack 3 6.00, = 125.97"
    );
    let quote = cart.quote.clone().expect("a quote");
    assert_eq!(quote.services_afterwards.len(), 6);
    assert!(quote.services_afterwards.iter().all(|service| service.expiry_day_after == on("2027-04-30")));
    assert_eq!((text(quote.vat[0].net.as_ref()), text(quote.vat[0].vat.as_ref())), ("103.25".to_owned(), "22.72".to_owned()));

    let order = ann.confirms(&ann.places(&cart).await, PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;
    assert!(ann.services().await.iter().all(|service| service.expiry_day == on("2027-04-30")), "what was shown is what was granted");
    assert_eq!(ann.space().await.capacity_bytes, 4 << 30, "1 GB of the plan, 2 and 1 bought");
}

async fn a_term_of_ten_years_crosses_leap_years(app: &TestApp) {
    let ann = customer_of(app, "2027-11-30").await;
    // 29 February 2028 and 10 years: 28 February 2038. The plan from 30 November 2028: 111 months to 28 February 2038
    // (9 years are 108 to 30 November 2037, 3 more are clipped to 28 February): 29.00 x 111 / 12 = 268.25.
    // 1000 GB: 12.00 x 1000 x 10 = 120,000.00. Net 120,268.25; 22% are 26,459.015, half up 26,459.02.
    app.day_comes("2028-02-29").await;
    let cart = price(&ann, &|wishes| (wishes.gigabytes, wishes.years) = (1_000, 10)).await;
    assert_eq!(table(cart.quote.as_ref()), "space-pack 120 120000.00, fatturazione-elettronica 111 268.25, = 146727.27");
}

async fn off_buys_only_what_is_new(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    app.day_comes("2026-09-16").await;
    // 12.00 x 5 x 2 = 120.00, documents 72.00, 1 user 20.00: 212.00; VAT 46.64.
    let cart = price(&ann, &|wishes| {
        *wishes = Wishes { gigabytes: 5, years: 2, extension: false, modules: &["documents"], users: 1 };
    })
    .await;
    assert_eq!(table(cart.quote.as_ref()), "space-pack 24 120.00, additional-users 24 20.00, documents 24 72.00, = 258.64");
    let order = ann.confirms(&ann.places(&cart).await, PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;
    for service in ann.services().await {
        let expected = if service.kind() == pb::ServiceKind::BasePlan { on("2027-03-16") } else { on("2028-09-16") };
        assert_eq!(service.expiry_day, expected, "{}", service.product);
    }
}

async fn services_that_outlast_the_new_expiry_are_left_alone(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    let cart = price(&ann, &|wishes| wishes.years = 3).await;
    // Three years: 36.00 for the pack; the plan from 16 March 2027 to 2029, 24 months: 58.00. Net 94.00; VAT 20.68.
    assert_eq!(table(cart.quote.as_ref()), "space-pack 36 36.00, fatturazione-elettronica 24 58.00, = 114.68");
    let order = ann.confirms(&ann.places(&cart).await, PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;

    let cart = ann.opens_cart().await;
    assert_eq!(table(cart.quote.as_ref()), "space-pack 12 12.00, = 14.64");
    let kept = cart.quote.expect("a quote").services_afterwards;
    let kept: Vec<_> = kept.iter().filter(|service| !service.service_id.is_empty()).map(|service| service.expiry_day_after).collect();
    assert_eq!(kept, [on("2029-03-16"), on("2029-03-16")]);
}

async fn a_module_is_in_the_cart_once_and_is_suggested_until_it_is_bought(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    let suggested = |cart: &pb::Cart| cart.suggestions.iter().map(|suggestion| suggestion.module.clone()).collect::<Vec<_>>();
    let cart = ann.adds_module(&ann.opens_cart().await, "documents").await;
    assert_eq!(suggested(&cart), ["collections", "woocommerce", "electronic-orders"]);
    let twice = pb::AddModuleRequest {
        request_id: request_id(),
        cart_id: cart.cart_id.clone(),
        etag: String::new(),
        module: "documents".to_owned(),
    };
    assert_eq!(refused(ann.panel.carts().add_module(twice).await).reason, ErrorReason::ModulePresent);
    let order = ann.confirms(&ann.places(&cart).await, PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;

    let cart = ann.opens_cart().await;
    assert_eq!(suggested(&cart), ["collections", "woocommerce", "electronic-orders"]);
    let owned = pb::AddModuleRequest {
        request_id: request_id(),
        cart_id: cart.cart_id.clone(),
        etag: String::new(),
        module: "documents".to_owned(),
    };
    assert_eq!(refused(ann.panel.carts().add_module(owned).await).reason, ErrorReason::ModulePresent);
}

/// Nobody loses days they paid for (B9): paid a week later, the pack runs its year from that day.
async fn the_term_starts_on_the_day_of_activation(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    app.day_comes("2026-05-04").await;
    let order = ann.confirms(&ann.places(&ann.opens_cart().await).await, PaymentMethod::BankTransfer).await;
    app.day_comes("2026-05-11").await;
    ann.pays(&order).await;
    assert!(ann.services().await.iter().all(|service| service.expiry_day == on("2027-05-11")));
}

async fn a_cart_that_is_cancelled_can_be_changed_again(app: &TestApp) {
    let ann = customer_of(app, "2026-03-16").await;
    let cart = ann.opens_cart().await;
    let order = ann.places(&cart).await;
    let change = pb::SetExtensionRequest { request_id: request_id(), cart_id: cart.cart_id.clone(), ..Default::default() };
    let refusal = refused(ann.panel.carts().set_extension(change.clone()).await);
    assert_eq!((refusal.reason, refusal.metadata.get("order_id")), (ErrorReason::CartOrdered, Some(&order.order_id)));
    ann.try_cancel(&order).await.expect("a placed order can be cancelled");
    served(ann.panel.carts().set_extension(change).await);
}

/// B6: the customer is told, instead of being charged another price.
mod prices_that_change {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn between_showing_and_ordering_are_told_on_sqlite() {
        are_told(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn between_showing_and_ordering_are_told_on_postgres() {
        are_told(Engine::Postgres).await;
    }

    async fn are_told(engine: Engine) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("catalogue.toml");
        fs::write(&file, dearer_from("2026-03-17")).expect("the catalogue is written");
        let configure = |config: &mut Config| config.catalogue.file = Some(file);
        played(engine, configure, async |app: &TestApp| {
            let ann = customer_of(app, "2026-03-16").await;
            let cart = ann.opens_cart().await;
            assert_eq!(table(cart.quote.as_ref()), "space-pack 12 12.00, = 14.64");
            app.day_comes("2026-03-17").await;
            let refusal = refused(ann.try_place(&cart).await);
            assert_eq!((refusal.code, refusal.reason), (Code::Aborted, ErrorReason::PricesChanged));
            // 15.00 and the plan's one missing month, 29.00 / 12 = 2.4167, 2.42: 17.42; 22% are 3.8324, 3.83.
            assert_eq!(refusal.number("total_cents"), 2_125);
            let cart = served(ann.panel.carts().get_cart(pb::GetCartRequest { cart_id: cart.cart_id }).await).cart.expect("the cart");
            assert_eq!(table(cart.quote.as_ref()), "space-pack 12 15.00, fatturazione-elettronica 1 2.42, = 21.25");
            let order = ann.places(&cart).await;
            assert_eq!(text(order.total.as_ref()), "21.25", "shown again, it can be ordered");
        })
        .await;
    }

    /// The shipped catalogue with a GB that costs 15.00 from a day on.
    fn dearer_from(day: &str) -> String {
        let shipped = include_str!("../../catalogue.toml");
        let old = r#"prices = [{ valid_from = 2020-01-01, yearly = "12.00" }]"#;
        assert!(shipped.contains(old));
        let new = old.replace(" }]", &format!(r#" }}, {{ valid_from = {day}, yearly = "15.00" }}]"#));
        shipped.replace(old, &new)
    }
}
