//! Act five: a purchase by card turns automatic renewal on, and a year later it runs.

use super::Story;
use super::check::{Given as _, Stop};
use super::choose::{compare, lines, set_quantity};
use super::pay::{confirmation, form, place};
use super::prices::{check_cart, check_totals, net_cents, same_day};
use super::shown::{calendar_day, cents, day, euro, long, method, unit, with_quantity};
use crate::clock::CalendarDay;
use crate::pb::spazio::v1 as pb;
use crate::space::BYTES_PER_GIGABYTE;

/// GB of the second purchase.
const SECOND_PURCHASE: u32 = 2;
/// How long before the expiry a renewal runs (N2).
const DAYS_BEFORE: u32 = 7;

/// A second purchase, by card: recorded at once, and from then on everything renews itself (N1).
pub(super) async fn buy_by_card(story: &mut Story) -> Result<(), Stop> {
    story.tell.step("Three months later: more space, this time by card");
    story.stage.turn_to(story.dates.second_purchase);
    let before = story.space().await?.capacity_bytes;
    let request = pb::OpenCartRequest { request_id: story.stage.request_id() };
    let cart = story.stage.carts().open_cart(story.stage.as_customer(request)).await?.into_inner().cart.given("the cart")?;
    let cart = set_quantity(story, &cart, SECOND_PURCHASE).await?;
    let today = story.stage.today();
    story.tell.say(&format!("{}: {SECOND_PURCHASE} GB more. By now there is more to bring to the same expiry:", long(today)));
    story.tell.gap();
    let services = story.services().await?;
    check_cart(&mut story.check, &cart, &services, today)?;
    lines(story, cart.quote.as_ref().given("the price")?);
    let cart = compare(story, &cart).await?;

    story.tell.step("Paid by card: recorded at once, automatic renewal on");
    let placed = place(story, &cart).await?;
    let terms = form(story, &placed).await?.terms;
    let request = confirmation(story, &placed, pb::PaymentMethod::Card, &terms);
    let order = story.stage.orders().confirm_order(story.stage.as_customer(request)).await?.into_inner().order.given("the order")?;
    story.check.same("the order, at first", "ORDER_STATE_AWAITING_PAYMENT", order.state().as_str_name())?;
    story.check.same("its charge, at first", "CHARGE_STATE_PROCESSING", order.charge_state().as_str_name())?;
    story.stage.settle().await?;
    let order = read(story, &order.order_id).await?;
    story.check.same("the order, then", "ORDER_STATE_COMPLETED", order.state().as_str_name())?;
    story.check.same("its charge, then", "CHARGE_STATE_SUCCEEDED", order.charge_state().as_str_name())?;
    let space = story.space().await?;
    let bought = u64::from(SECOND_PURCHASE) * BYTES_PER_GIGABYTE;
    story.check.same("capacity after the payment", before + bought, space.capacity_bytes)?;
    story.tell.say(&format!("Order {}: {} charged, and completed.", order.number, euro(order.total.as_ref())));
    story.tell.gap();
    let expiry = today.plus_years(order.term_years);
    let services = story.services().await?;
    for service in &services {
        check_renewing(story, service, expiry)?;
    }
    show_services(story, &services);
    let letters = story.stage.new_letters().await?;
    story.check.same("mails about the completed order", 1, letters.len())?;
    Ok(())
}

async fn read(story: &Story, order_id: &str) -> Result<pb::Order, Stop> {
    let request = pb::GetOrderRequest { order_id: order_id.to_owned() };
    story.stage.orders().get_order(story.stage.as_customer(request)).await?.into_inner().order.given("the order")
}

/// The service is good until this day and renews itself by card.
fn check_renewing(story: &mut Story, service: &pb::Service, expiry: CalendarDay) -> Result<(), Stop> {
    let name = &service.display_name;
    same_day(&mut story.check, &format!("the expiry of {name}"), expiry, service.expiry_day.as_ref())?;
    story.check.holds(format!("{name} renews itself"), service.automatic_renewal)?;
    story.check.same(format!("what pays for the renewal of {name}"), "card", method(service.renewal_method()))
}

fn show_services(story: &Story, services: &[pb::Service]) {
    let row = |service: &pb::Service| {
        let renews = if service.automatic_renewal { method(service.renewal_method()) } else { "no" };
        let name = with_quantity(&service.display_name, unit(service.kind()), service.quantity);
        vec![name, day(service.activation_day.as_ref()), day(service.expiry_day.as_ref()), renews.to_owned()]
    };
    story.tell.table(&["service", "since>", "good until>", "renews by"], &services.iter().map(row).collect::<Vec<_>>());
}

/// Seven days before the expiry the renewal runs by itself, once.
pub(super) async fn renew(story: &mut Story) -> Result<(), Stop> {
    let before = story.services().await?;
    let expiry = before.first().and_then(|service| calendar_day(service.expiry_day.as_ref())).given("the expiry")?;
    let eve = expiry.minus_days(DAYS_BEFORE);
    story.tell.step("Seven days before the expiry the renewal runs by itself");
    story.stage.turn_to(eve.minus_days(1));
    story.stage.settle().await?;
    story.check.same("renewal orders eight days before", 0, renewals(story).await?.len())?;
    story.stage.turn_to(eve);
    story.stage.settle().await?;
    // A second round on the same day must find nothing to do.
    story.stage.settle().await?;
    let renewals = renewals(story).await?;
    story.check.same("renewal orders seven days before", 1, renewals.len())?;
    let order = renewals.first().given("the renewal order")?;
    story.check.same("the renewal order", "ORDER_STATE_COMPLETED", order.state().as_str_name())?;
    story.check.same("what paid for it", "card", method(order.payment_method()))?;
    story.check.same("lines of the renewal", before.len(), order.lines.len())?;
    for line in &order.lines {
        story.check.same(format!("months of {}", line.display_name), 12, line.months)?;
        story.check.same(format!("net of {}, in cents", line.display_name), net_cents(line), cents(line.net.as_ref()))?;
    }
    check_totals(&mut story.check, &order.lines, order.net.as_ref(), order.total.as_ref())?;
    story.tell.say(&format!("{}: order {}, {} by card.", long(eve), order.number, euro(order.total.as_ref())));
    story.tell.gap();

    let after = story.services().await?;
    for service in &after {
        check_renewing(story, service, expiry.plus_years(1))?;
    }
    show_services(story, &after);
    story.tell.gap();
    let letters = story.stage.new_letters().await?;
    story.check.same("mails about the renewal", 1, letters.len())?;
    let letter = letters.first().given("the mail")?;
    story.check.holds("the mail names the renewal order", letter.text.contains(&order.number))?;
    story.tell.mail(letter);
    Ok(())
}

async fn renewals(story: &Story) -> Result<Vec<pb::Order>, Stop> {
    let listed = story.stage.orders().list_orders(story.stage.as_customer(pb::ListOrdersRequest::default())).await?.into_inner();
    Ok(listed.orders.into_iter().filter(|order| order.kind() == pb::OrderKind::Renewal).collect())
}
