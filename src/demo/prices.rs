//! What a purchase must cost and do, worked out a second time and more simply, so that a fault of the pricing shows (B2, B3, B5).

use std::collections::BTreeSet;

use super::check::{Checks, Given as _, Stop};
use super::shown::{calendar_day, cents};
use crate::catalogue::Catalogue;
use crate::clock::CalendarDay;
use crate::pb::spazio::v1 as pb;

/// Of the longest term, ten years (N4).
const MOST_MONTHS: u32 = 120;

/// Holds a cart's quote against the rules, for what the account has on `today`.
pub(super) fn check_cart(check: &mut Checks, cart: &pb::Cart, services: &[pb::Service], today: CalendarDay) -> Result<(), Stop> {
    let quote = cart.quote.as_ref().given("the cart's price")?;
    let new_expiry = today.plus_years(cart.term_years);
    same_day(check, "the new expiry", new_expiry, quote.new_expiry_day.as_ref())?;
    for line in &quote.lines {
        check_line(check, line, cart.term_years * 12, new_expiry, today)?;
    }
    let prolonged: Vec<_> = services.iter().filter(|service| cart.extension && misses(service, new_expiry)).collect();
    let expected = prolonged.iter().map(|service| service.service_id.as_str()).collect();
    let found = quote.lines.iter().map(|line| line.service_id.as_str()).filter(|id| !id.is_empty()).collect();
    check.same("the services that are prolonged", joined(&expected), joined(&found))?;
    for outlook in quote.services_afterwards.iter().filter(|outlook| !outlook.service_id.is_empty()) {
        let is_prolonged = prolonged.iter().any(|service| service.service_id == outlook.service_id);
        let before = calendar_day(outlook.expiry_day_before.as_ref()).given("the expiry before")?;
        let after = if is_prolonged { new_expiry } else { before };
        same_day(check, &format!("the expiry of {} afterwards", outlook.display_name), after, outlook.expiry_day_after.as_ref())?;
    }
    check_totals(check, &quote.lines, quote.net.as_ref(), quote.total.as_ref())
}

/// Whether the service is active and ends before the new expiry.
fn misses(service: &pb::Service, new_expiry: CalendarDay) -> bool {
    service.active && calendar_day(service.expiry_day.as_ref()).is_some_and(|expiry| expiry < new_expiry)
}

fn joined(ids: &BTreeSet<&str>) -> String {
    ids.iter().copied().collect::<Vec<_>>().join(", ")
}

/// A line: its price from the catalogue, its months counted one by one, its net rounded half up.
fn check_line(check: &mut Checks, line: &pb::Line, term_months: u32, new_expiry: CalendarDay, today: CalendarDay) -> Result<(), Stop> {
    let name = &line.display_name;
    let price = Catalogue::shipped().price(&line.product, today).map(|price| price.yearly.cents()).given("a price in the catalogue")?;
    check.same(format!("the yearly price of {name}, in cents"), price, cents(line.yearly_price.as_ref()))?;
    let months = match calendar_day(line.old_expiry_day.as_ref()) {
        Some(old) => (1..=MOST_MONTHS).find(|months| old.plus_months(*months) >= new_expiry).unwrap_or(0),
        None => term_months,
    };
    check.same(format!("the months of {name}"), months, line.months)?;
    check.same(format!("the net of {name}, in cents"), net_cents(line), cents(line.net.as_ref()))?;
    same_day(check, &format!("the new expiry of {name}"), new_expiry, line.new_expiry_day.as_ref())
}

/// yearly price x quantity x months / 12, half up.
pub(super) fn net_cents(line: &pb::Line) -> i64 {
    let product = cents(line.yearly_price.as_ref()) * i64::from(line.quantity) * i64::from(line.months);
    (2 * product + 12) / 24
}

/// The sum of the lines, and VAT on that sum: everything the shipped catalogue sells has one rate.
pub(super) fn check_totals(check: &mut Checks, lines: &[pb::Line], net: Option<&pb::Money>, total: Option<&pb::Money>) -> Result<(), Stop> {
    let sum: i64 = lines.iter().map(|line| cents(line.net.as_ref())).sum();
    check.same("the sum of the lines, in cents", sum, cents(net))?;
    let rate: i64 = lines.first().and_then(|line| line.vat_percent.parse().ok()).given("a VAT rate in whole per cent")?;
    check.same("the total with VAT, in cents", sum + (2 * sum * rate + 100) / 200, cents(total))
}

/// A day that must be this one.
pub(super) fn same_day(check: &mut Checks, what: &str, expected: CalendarDay, found: Option<&pb::CalendarDay>) -> Result<(), Stop> {
    let found = calendar_day(found).map_or_else(|| "no day".to_owned(), |day| day.to_string());
    check.same(what, expected.to_string(), found)
}
