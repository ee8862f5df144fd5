//! The guide's whole story, once, through the front door.

use spazio::demo::invoices::GeneratedInvoice;

use crate::support::pb::{ErrorReason, LineKind, OrderState, PaymentMethod, SpaceLevel};
use crate::support::{Customer, TestApp, accepted, by_card, euro, on, pb, refused, served};

on_both_databases!(space_runs_out_is_bought_and_renews_itself);

const CAPACITY: u64 = 4 << 20;

/// Each chapter begins where the one before ended.
async fn space_runs_out_is_bought_and_renews_itself(app: &TestApp) {
    // Bought 200 days before 16 March 2026: on 28 August 2025, good until 28 August 2026.
    let ann = app.customer("ann").priced_trial(4).for_days(200).create().await;
    the_space_fills_up(app, &ann).await;
    let refused_request = sending_is_refused(&ann).await;
    everything_else_goes_on(&ann).await;
    the_quantity_is_recommended(&ann).await;
    let order = a_cart_is_filled_and_ordered(&ann).await;
    a_bank_transfer_brings_the_space(app, &ann, &order, refused_request).await;
    a_card_purchase_turns_automatic_renewal_on(app, &ann).await;
    the_renewal_runs_once(app, &ann).await;
}

async fn the_space_fills_up(app: &TestApp, ann: &Customer) {
    ann.sends(&ann.invoice_of(CAPACITY / 2)).await;
    assert_eq!(ann.space().await.level(), SpaceLevel::Ok);
    assert_eq!(app.mails().await.len(), 0, "nothing to tell yet");

    // 2,097,152 + 838,861 = 2,936,013 bytes are 70.00000% of 4,194,304, and a byte less is not.
    ann.sends(&ann.invoice_of(838_861)).await;
    let space = ann.space().await;
    assert_eq!((space.level(), space.used_percent.as_str()), (SpaceLevel::Warning, "70.00"));
    let warnings = app.mails_with("Spazio occupato: 70").await;
    assert_eq!(warnings.len(), 1, "told once");
    assert!(warnings[0].contains(&ann.email));

    let free = ann.space().await.free_bytes;
    // A draft: queueing it would be a write of its own, and that is over now.
    ann.creates(&ann.invoice_of(free)).await;
    let space = ann.space().await;
    assert_eq!((space.level(), space.used_percent.as_str(), space.free_bytes), (SpaceLevel::Exhausted, "100.00", 0));
    assert_eq!(space.account_state(), pb::AccountState::Suspended);
    assert_eq!(space.suspended_time, Some(spazio::wire::timestamp(app.now())));
    assert_eq!(app.mails_with("Spazio esaurito").await.len(), 1);
    assert_eq!(app.mails_with("Spazio occupato").await.len(), 2, "the one at 70% and the one at 100%, which skips 90%");
}

async fn sending_is_refused(ann: &Customer) -> pb::CreateSentInvoiceRequest {
    let request = Customer::create_request(&ann.invoice());
    let refusal = refused(ann.panel.invoices().create_sent_invoice(request.clone()).await);
    assert_eq!(refusal.reason, ErrorReason::SpaceExhausted);
    assert_eq!((refusal.number("used_bytes"), refusal.number("free_bytes"), refusal.number("gb_to_buy")), (CAPACITY, 0, 1));
    request
}

async fn everything_else_goes_on(ann: &Customer) {
    let GeneratedInvoice { bytes, file_name, .. } = ann.invoice();
    let received = ann.receives(bytes.clone(), &file_name).await;
    let list = served(ann.panel.invoices().list_invoices(pb::ListInvoicesRequest::default()).await);
    assert_eq!(list.invoices.len(), 4, "three sent, one received");
    let (description, downloaded) = ann.downloads(&received.invoice_id).await;
    assert!(downloaded == bytes, "byte for byte");
    assert_eq!((description.file_name, description.sha256), (file_name, received.sha256));

    let denied: Vec<_> = ann.space().await.actions.into_iter().filter(|action| !action.permitted).collect();
    assert_eq!(denied.len(), 1);
    assert_eq!((denied[0].action(), denied[0].reason.as_str()), (pb::Action::WriteSentInvoices, "SPACE_EXHAUSTED"));
    assert!(denied[0].message.contains("acquista almeno 1 GB"), "{}", denied[0].message);
}

async fn the_quantity_is_recommended(ann: &Customer) {
    let request = pb::RecommendQuantityRequest { extension: true, term_years: 0 };
    let recommendation = served(ann.panel.quota().recommend_quantity(request).await).recommendation.expect("a recommendation");
    let usage = ann.space().await.usage_bytes;
    // Until 16 March 2027 are 365 days: usage grows by usage x 365 / 200, and 1 GB is far more than enough.
    assert_eq!((recommendation.usage_bytes, recommendation.days_since_purchase, recommendation.days_until_expiry), (usage, 200, 365));
    assert_eq!(recommendation.expiry_day, on("2027-03-16"));
    assert_eq!(recommendation.average_bytes_per_day, usage / 200);
    assert_eq!(recommendation.projected_bytes, (usage * 565).div_ceil(200));
    assert_eq!(recommendation.missing_bytes, recommendation.projected_bytes - recommendation.capacity_at_expiry_bytes);
    assert_eq!((recommendation.recommended_gb, recommendation.suspended), (1, true));
    assert!(recommendation.disclaimer.starts_with("Stima"), "{}", recommendation.disclaimer);
}

async fn a_cart_is_filled_and_ordered(ann: &Customer) -> pb::Order {
    let cart = ann.opens_cart().await;
    assert_eq!((cart.quantity_gb, cart.term_years, cart.extension), (1, 1, true));
    let quote = cart.quote.clone().expect("a quote");
    // The pack for a year; the base plan from 28 August to 16 March misses 7 months: 6 lead to 28 February. 29.00 x 7 / 12 = 16.9167,
    // half up 16.92. Net 28.92; 22% are 6.3624, 6.36.
    assert_eq!(lines(&quote), [line(LineKind::NewPack, 12, "12.00"), line(LineKind::Extension, 7, "16.92")]);
    assert_eq!((quote.net, quote.total), (Some(euro("28.92")), Some(euro("35.28"))));
    assert_eq!(expiries(&quote.services_afterwards), [on("2027-03-16"), on("2027-03-16")]);
    let suggested: Vec<_> = cart.suggestions.iter().map(|suggestion| suggestion.module.as_str()).collect();
    assert_eq!(suggested, ["documents", "collections", "woocommerce", "electronic-orders"]);

    let off = ann.sets_extension(&cart, false).await;
    let quote = off.quote.clone().expect("a quote");
    assert_eq!(lines(&quote), [line(LineKind::NewPack, 12, "12.00")]);
    assert_eq!(expiries(&quote.services_afterwards), [on("2026-08-28"), on("2027-03-16")]);

    let cart = ann.sets_extension(&off, true).await;
    let cart = ann.adds_module(&cart, "documents").await;
    // 28.92 + 36.00 = 64.92; 22% are 14.2824, half up 14.28.
    let order = ann.places(&cart).await;
    assert_eq!((order.state(), order.net.clone(), order.total.clone()), (OrderState::Placed, Some(euro("64.92")), Some(euro("79.20"))));

    let form = ann.form(&order).await;
    // Monday 16 March 2026: the next working day is Tuesday, the fifth Monday, the seventh Wednesday of the week after.
    let times: Vec<_> =
        form.payment_options.iter().map(|option| (option.payment_method(), option.earliest_day, option.latest_day)).collect();
    assert_eq!(
        times,
        [
            (PaymentMethod::Card, on("2026-03-16"), on("2026-03-16")),
            (PaymentMethod::Paypal, on("2026-03-16"), on("2026-03-16")),
            (PaymentMethod::BankTransfer, on("2026-03-17"), on("2026-03-17")),
            (PaymentMethod::PostalSlip, on("2026-03-23"), on("2026-03-25")),
        ]
    );
    let refusal = refused(ann.try_confirm(&order, PaymentMethod::BankTransfer, accepted(&form)[..2].to_vec()).await);
    assert_eq!((refusal.reason, refusal.fields()), (ErrorReason::TermsNotAccepted, vec!["accepted_terms[privacy-notice]"]));
    order
}

async fn a_bank_transfer_brings_the_space(app: &TestApp, ann: &Customer, order: &pb::Order, request: pb::CreateSentInvoiceRequest) {
    let order = ann.confirms(order, PaymentMethod::BankTransfer).await;
    assert_eq!(order.state(), OrderState::AwaitingPayment);
    assert_eq!(ann.space().await.capacity_bytes, CAPACITY, "confirmed is not completed");
    assert_eq!(order.accepted_terms.len(), 3);

    let how = order.bank_transfer.clone().expect("how to pay");
    let mails = app.mails_with("come pagare").await;
    assert_eq!(mails.len(), 1);
    // The mail writes IBAN and reference in groups of four.
    let mail = mails[0].replace(' ', "");
    for needed in [&order.number, &how.iban, &how.creditor_reference, &ann.email] {
        assert!(mail.contains(&needed.replace(' ', "")), "{needed} is not in {}", mails[0]);
    }
    assert!(mails[0].contains("79,20"), "{}", mails[0]);
    assert!(how.epc_qr_payload.contains("EUR79.2"), "{}", how.epc_qr_payload);
    assert!(how.creditor_reference.starts_with("RF"));

    ann.pays(&order).await;
    let space = ann.space().await;
    assert_eq!((space.capacity_bytes, space.account_state()), (CAPACITY + (1 << 30), pb::AccountState::Active));
    let stored = served(ann.panel.invoices().create_sent_invoice(request).await);
    assert_eq!(stored.invoice.expect("the invoice").state(), pb::InvoiceState::Draft, "the very same request");
    assert!(ann.services().await.iter().all(|service| service.expiry_day == on("2027-03-16") && !service.automatic_renewal));
}

async fn a_card_purchase_turns_automatic_renewal_on(app: &TestApp, ann: &Customer) {
    app.day_comes("2026-03-26").await;
    let cart = ann.opens_cart().await;
    // Until 26 March 2027 every service misses a month: the plan 29.00 / 12 = 2.42, the pack 12.00 / 12 = 1.00,
    // the module 36.00 / 12 = 3.00.
    let quote = cart.quote.clone().expect("a quote");
    let mut extensions: Vec<_> = lines(&quote).split_off(1);
    extensions.sort_by(|one, other| one.2.cmp(&other.2));
    assert_eq!(extensions, ["1.00", "2.42", "3.00"].map(|net| line(LineKind::Extension, 1, net)));
    // 12.00 + 6.42 = 18.42; 22% are 4.0524, half up 4.05.
    assert_eq!(quote.total, Some(euro("22.47")));

    let order = ann.places(&cart).await;
    let order = ann.confirms(&order, by_card("sim-ok")).await;
    app.settled().await;
    let order = ann.order(&order).await;
    assert_eq!((order.state(), order.charge_state()), (OrderState::Completed, pb::ChargeState::Succeeded));
    let services = ann.services().await;
    assert_eq!(services.len(), 4);
    for service in services {
        assert_eq!((service.automatic_renewal, service.renewal_method()), (true, PaymentMethod::Card), "{}", service.product);
        assert_eq!(service.expiry_day, on("2027-03-26"), "{}", service.product);
    }
}

async fn the_renewal_runs_once(app: &TestApp, ann: &Customer) {
    app.day_comes("2027-03-18").await;
    assert_eq!(ann.orders().await.len(), 2, "eight days before the expiry nothing happens");
    for day in ["2027-03-19", "2027-03-19", "2027-03-21", "2027-03-26"] {
        app.day_comes(day).await;
    }
    let orders = ann.orders().await;
    let renewals: Vec<_> = orders.iter().filter(|order| order.kind() == pb::OrderKind::Renewal).collect();
    assert_eq!(renewals.len(), 1);
    // Two packs 24.00, the module 36.00, the plan 29.00: 89.00; 22% are 19.58.
    assert_eq!((renewals[0].state(), renewals[0].total.clone()), (OrderState::Completed, Some(euro("108.58"))));
    assert!(ann.services().await.iter().all(|service| service.expiry_day == on("2028-03-26")));
    assert_eq!(app.database.number("SELECT COUNT(*) FROM simulated_charge").await, 2, "one for the purchase, one for the renewal");
}

/// Kind, months and net of each line.
fn lines(quote: &pb::Quote) -> Vec<(LineKind, u32, String)> {
    quote.lines.iter().map(|line| (line.kind(), line.months, text(line.net.as_ref()))).collect()
}

fn line(kind: LineKind, months: u32, net: &str) -> (LineKind, u32, String) {
    (kind, months, net.to_owned())
}

fn text(money: Option<&pb::Money>) -> String {
    let money = money.expect("an amount");
    format!("{}.{:02}", money.units, money.cents)
}

fn expiries(services: &[pb::ServiceOutlook]) -> Vec<Option<pb::CalendarDay>> {
    services.iter().map(|service| service.expiry_day_after).collect()
}
