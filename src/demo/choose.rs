//! Act three: how much space to buy, and what the extension of all services costs and gives.

use super::Story;
use super::check::{Given as _, Stop};
use super::prices::{check_cart, same_day};
use super::shown::{bytes, calendar_day, cents, day, euro, exact, short, unit, with_quantity};
use crate::pb::spazio::v1 as pb;
use crate::space::BYTES_PER_GIGABYTE;

/// The module that is added to the cart.
const MODULE: &str = "documents";
/// GB and years that a cart opens with (B1).
const OPENS_WITH: u32 = 1;

/// From the recommendation to a cart that is ready to be ordered.
pub(super) async fn choose(story: &mut Story) -> Result<pb::Cart, Stop> {
    let recommended = recommend(story).await?;
    let cart = open(story, recommended).await?;
    let cart = compare(story, &cart).await?;
    add_module(story, &cart).await
}

/// How many GB are recommended, with every number (S6).
async fn recommend(story: &mut Story) -> Result<u32, Stop> {
    story.tell.step("How much space to buy: the recommendation and its arithmetic");
    let request = pb::RecommendQuantityRequest { extension: true, term_years: 1 };
    let answer = story.stage.quota().recommend_quantity(story.stage.as_customer(request)).await?.into_inner();
    let found = answer.recommendation.given("the recommendation")?;
    check_recommendation(story, &found)?;
    let row = |label: &str, text: String| vec![label.to_owned(), text];
    let (average, days) = (found.average_bytes_per_day, found.days_until_expiry);
    // With the average as it is shown, cut to whole bytes, a pocket calculator would find less than is expected.
    let (used, since) = (exact(found.usage_bytes), found.days_since_purchase);
    story.tell.table(
        &["", ""],
        &[
            row("used now", format!("{} = {} bytes", bytes(found.usage_bytes), exact(found.usage_bytes))),
            row("since the purchase", format!("{} days", found.days_since_purchase)),
            row("average consumption", format!("{used} / {since} = {} bytes a day, cut to whole bytes", exact(average))),
            row("until the new expiry", format!("{days} days, to {}", day(found.expiry_day.as_ref()))),
            row("expected by then", format!("{used} + {used} x {days} / {since} = {} bytes, rounded up", exact(found.projected_bytes))),
            row("space by then", format!("{} bytes", exact(found.capacity_at_expiry_bytes))),
            row("missing", format!("{} bytes = {}", exact(found.missing_bytes), bytes(found.missing_bytes))),
            row("recommended", format!("{} GB: rounded up to whole GB, at least 1 while suspended", found.recommended_gb)),
        ],
    );
    story.tell.gap();
    story.tell.say(&found.disclaimer);
    Ok(found.recommended_gb)
}

fn check_recommendation(story: &mut Story, found: &pb::Recommendation) -> Result<(), Stop> {
    let Story { stage, check, dates, stored, plan_bytes, .. } = story;
    let today = stage.today();
    let expiry = today.plus_years(1);
    let (since, until) = (dates.purchase.days_until(today).unsigned_abs(), today.days_until(expiry).unsigned_abs());
    let projected = (*stored * (since + until)).div_ceil(since);
    let missing = projected.saturating_sub(*plan_bytes);
    check.same("usage of the recommendation", *stored, found.usage_bytes)?;
    check.same("days since the purchase", since, u64::from(found.days_since_purchase))?;
    check.same("average bytes a day", *stored / since, found.average_bytes_per_day)?;
    same_day(check, "the expiry that is projected to", expiry, found.expiry_day.as_ref())?;
    check.same("days until the expiry", until, u64::from(found.days_until_expiry))?;
    check.same("projected bytes", projected, found.projected_bytes)?;
    check.same("capacity at the expiry", *plan_bytes, found.capacity_at_expiry_bytes)?;
    check.same("missing bytes", missing, found.missing_bytes)?;
    check.same("recommended GB", missing.div_ceil(BYTES_PER_GIGABYTE).max(1), u64::from(found.recommended_gb))
}

/// Opens a cart, which begins with 1 GB, one year, extension ON (B1), and puts the recommended quantity in.
async fn open(story: &mut Story, recommended: u32) -> Result<pb::Cart, Stop> {
    story.tell.step("A cart is opened");
    let request = pb::OpenCartRequest { request_id: story.stage.request_id() };
    let cart = story.stage.carts().open_cart(story.stage.as_customer(request)).await?.into_inner().cart.given("the cart")?;
    story.check.same("GB of a new cart", OPENS_WITH, cart.quantity_gb)?;
    story.check.same("years of a new cart", OPENS_WITH, cart.term_years)?;
    story.check.holds("a new cart has the extension ON", cart.extension)?;
    let cart = if recommended == cart.quantity_gb { cart } else { set_quantity(story, &cart, recommended).await? };
    story.check.same("GB of the cart", recommended, cart.quantity_gb)?;
    story.tell.say(&format!(
        "It opens with 1 GB for one year and the extension of all services ON. The recommended quantity is {recommended} GB, and that is \
         what it holds now."
    ));
    Ok(cart)
}

/// Puts so many GB into the cart.
pub(super) async fn set_quantity(story: &Story, cart: &pb::Cart, gigabytes: u32) -> Result<pb::Cart, Stop> {
    let request = pb::SetQuantityRequest {
        request_id: story.stage.request_id(),
        cart_id: cart.cart_id.clone(),
        etag: cart.etag.clone(),
        quantity_gb: i32::try_from(gigabytes).map_err(Stop::stage)?,
        term_years: 0,
    };
    story.stage.carts().set_quantity(story.stage.as_customer(request)).await?.into_inner().cart.given("the cart")
}

/// The extension OFF and ON again, side by side; it stays ON.
pub(super) async fn compare(story: &mut Story, cart: &pb::Cart) -> Result<pb::Cart, Stop> {
    story.tell.step("Extension ON against OFF");
    let services = story.services().await?;
    let today = story.stage.today();
    let off = set_extension(story, cart, false).await?;
    check_cart(&mut story.check, &off, &services, today)?;
    let on = set_extension(story, &off, true).await?;
    check_cart(&mut story.check, &on, &services, today)?;
    story.tell.say(
        "ON brings every active service to the same new expiry, for the months it misses; a started month counts whole. OFF leaves them as \
         they are.",
    );
    story.tell.gap();
    let total = |cart: &pb::Cart| cart.quote.as_ref().and_then(|quote| quote.total.clone());
    let (with, without) = (total(&on), total(&off));
    story.check.holds("ON costs at least as much as OFF", cents(with.as_ref()) >= cents(without.as_ref()))?;
    story.tell.table(&["", "ON>", "until>", "OFF>", "until>"], &side_by_side(&on, &off)?);
    tell_pro_rata(story, &on);
    Ok(on)
}

async fn set_extension(story: &Story, cart: &pb::Cart, extension: bool) -> Result<pb::Cart, Stop> {
    let request =
        pb::SetExtensionRequest { request_id: story.stage.request_id(), cart_id: cart.cart_id.clone(), etag: cart.etag.clone(), extension };
    story.stage.carts().set_extension(story.stage.as_customer(request)).await?.into_inner().cart.given("the cart")
}

/// A row for every service afterwards with price and date, then the sums.
fn side_by_side(on: &pb::Cart, off: &pb::Cart) -> Result<Vec<Vec<String>>, Stop> {
    let (with, without) = (on.quote.as_ref().given("the price")?, off.quote.as_ref().given("the price")?);
    let mut rows = Vec::new();
    for (one, other) in with.services_afterwards.iter().zip(&without.services_afterwards) {
        let name = with_quantity(&one.display_name, unit(one.kind()), one.quantity);
        rows.push([vec![name], price_and_expiry(with, one), price_and_expiry(without, other)].concat());
    }
    let sums = |label: &str, sum: fn(&pb::Quote) -> String| vec![label.to_owned(), sum(with), String::new(), sum(without)];
    rows.push(sums("net", |quote| euro(quote.net.as_ref())));
    rows.push(sums("VAT", |quote| quote.vat.iter().map(|vat| euro(vat.vat.as_ref())).collect::<Vec<_>>().join(" + ")));
    rows.push(sums("total", |quote| euro(quote.total.as_ref())));
    Ok(rows)
}

/// What a service costs in this purchase, and how long it is good afterwards.
fn price_and_expiry(quote: &pb::Quote, outlook: &pb::ServiceOutlook) -> Vec<String> {
    let price = match line_of(quote, outlook) {
        Some(line) => format!("{} months {:>7}", line.months, euro(line.net.as_ref())),
        None => "nothing".to_owned(),
    };
    vec![price, day(outlook.expiry_day_after.as_ref())]
}

/// The line that pays for a service: by its id, or for what is bought now by its name.
fn line_of<'a>(quote: &'a pb::Quote, outlook: &pb::ServiceOutlook) -> Option<&'a pb::Line> {
    quote.lines.iter().find(|line| line.service_id == outlook.service_id && line.display_name == outlook.display_name)
}

/// How the first service that is prolonged is priced.
fn tell_pro_rata(story: &Story, cart: &pb::Cart) {
    let lines = cart.quote.as_ref().map_or(&[][..], |quote| &quote.lines);
    if let Some(line) = lines.iter().find(|line| line.kind() == pb::LineKind::Extension) {
        let (yearly, net) = (euro(line.yearly_price.as_ref()), euro(line.net.as_ref()));
        story.tell.gap();
        story.tell.say(&format!("{}: {yearly} a year x {} / 12 months = {net}.", line.display_name, line.months));
    }
}

/// Adds a module that the cart suggests (B4).
async fn add_module(story: &mut Story, cart: &pb::Cart) -> Result<pb::Cart, Stop> {
    story.tell.step("A module is added");
    let suggested: Vec<_> =
        cart.suggestions.iter().map(|found| format!("{} ({} a year)", found.display_name, euro(found.yearly_price.as_ref()))).collect();
    story.check.same("suggested modules", 4, suggested.len())?;
    story.tell.say(&format!("The cart suggests what the account has not bought: {}.", suggested.join(", ")));
    let request = pb::AddModuleRequest {
        request_id: story.stage.request_id(),
        cart_id: cart.cart_id.clone(),
        etag: cart.etag.clone(),
        module: MODULE.to_owned(),
    };
    let cart = story.stage.carts().add_module(story.stage.as_customer(request)).await?.into_inner().cart.given("the cart")?;
    let (services, today) = (story.services().await?, story.stage.today());
    check_cart(&mut story.check, &cart, &services, today)?;
    story.check.same("the modules in the cart", MODULE.to_owned(), cart.modules.join(", "))?;
    story.check.holds("it is no longer suggested", cart.suggestions.iter().all(|found| found.module != MODULE))?;
    story.tell.gap();
    lines(story, cart.quote.as_ref().given("the price")?);
    Ok(cart)
}

/// The lines of a quote and their total.
pub(super) fn lines(story: &Story, quote: &pb::Quote) {
    let mut rows: Vec<_> = quote.lines.iter().map(line).collect();
    let vat = quote.vat.iter().map(|vat| format!("{}% VAT {}", vat.vat_percent, euro(vat.vat.as_ref()))).collect::<Vec<_>>().join(", ");
    rows.push(vec![
        "in all".to_owned(),
        String::new(),
        String::new(),
        euro(quote.net.as_ref()),
        format!("and {vat} = {}", euro(quote.total.as_ref())),
    ]);
    story.tell.table(&["", "a year>", "months>", "net>", "good until"], &rows);
}

fn line(line: &pb::Line) -> Vec<String> {
    let quantity = if line.quantity > 1 { format!("{} x {}", line.quantity, line.display_name) } else { line.display_name.clone() };
    let until = match (calendar_day(line.old_expiry_day.as_ref()), calendar_day(line.new_expiry_day.as_ref())) {
        (Some(old), Some(new)) => format!("{} (was {})", short(new), short(old)),
        (_, new) => new.map(short).unwrap_or_default(),
    };
    vec![quantity, euro(line.yearly_price.as_ref()), line.months.to_string(), euro(line.net.as_ref()), until]
}
