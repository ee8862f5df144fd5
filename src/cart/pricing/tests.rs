//! What things cost and do, on days that people choose.

use super::*;
use crate::space::Gigabytes;
use proptest::prelude::*;
use std::sync::LazyLock;

// Yearly prices: base plan 29.00, GB 12.00, documents 36.00, collections 48.00, woocommerce 60.00, orders 36.00, user 10.00.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::shipped);

const TODAY: &str = "2026-11-23";

fn day(text: &str) -> CalendarDay {
    text.parse().unwrap()
}

fn code(text: &str) -> ProductCode {
    text.parse().unwrap()
}

fn cents(cents: i64) -> Euro {
    Euro::from_cents(cents).unwrap()
}

/// A service that knows its kind from the catalogue.
fn owned(id: u128, product: &str, quantity: u32, expiry: CalendarDay) -> OwnedService {
    let kind = CATALOGUE.product(product).unwrap().kind;
    OwnedService { id: ServiceId::from(uuid::Uuid::from_u128(id)), kind, product: code(product), quantity, expiry }
}

fn base_plan_until(expiry: &str) -> OwnedService {
    owned(1, "fatturazione-elettronica", 1, day(expiry))
}

fn with_modules(modules: &[&str]) -> Selection {
    Selection { modules: modules.iter().map(|module| code(module)).collect(), ..Selection::default() }
}

/// Months and net in cents of each line.
fn lines(quote: &Quote) -> Vec<(&str, u32, i64)> {
    quote.lines.iter().map(|line| (line.product.as_str(), line.months.get(), line.net.cents())).collect()
}

fn net_and_total(quote: &Quote) -> (i64, i64) {
    (quote.amounts.net.cents(), quote.amounts.total.cents())
}

fn on(today: &str, selection: &Selection, services: &[OwnedService]) -> Quote {
    quote(&CATALOGUE, day(today), selection, services).unwrap()
}

#[test]
fn a_cart_as_it_opens_buys_one_gigabyte_and_prolongs_the_base_plan() {
    // To 23 November 2027, 15 March 2027 misses 9 months: 8 lead to 15 November. 29.00 x 9 / 12 = 21.75.
    // Net 33.75; 22% of it is 7.425, half up 7.43.
    let quote = on(TODAY, &Selection::default(), &[base_plan_until("2027-03-15")]);
    assert_eq!(quote.new_expiry, day("2027-11-23"));
    assert_eq!(lines(&quote), [("space-pack", 12, 1200), ("fatturazione-elettronica", 9, 2175)]);
    assert_eq!(net_and_total(&quote), (3375, 4118));
    let line = &quote.lines[1];
    assert_eq!((line.kind, line.yearly_price, line.quantity), (LineKind::Extension, cents(2900), 1));
    assert_eq!((line.old_expiry, line.expiry_after), (Some(day("2027-03-15")), day("2027-11-23")));
}

#[test]
fn every_active_service_is_prolonged_and_the_others_are_left_alone() {
    // From 31 January 2026 to 31 January 2027: the plan that ends today 12 months, 29.00; 2 GB until 28 February 12 months,
    // because 11 lead to the 28th, 24.00; 3 users until 31 December 1 month, 10.00 x 3 / 12 = 2.50. With 1 GB for 12.00 the net
    // is 67.50, VAT 14.85.
    let services = [
        base_plan_until("2026-01-31"),
        owned(2, "space-pack", 2, day("2026-02-28")),
        owned(3, "additional-users", 3, day("2026-12-31")),
        owned(4, "woocommerce", 1, day("2027-01-31")),
        owned(5, "collections", 1, day("2029-06-30")),
        owned(6, "documents", 1, day("2026-01-30")),
    ];
    let quote = on("2026-01-31", &Selection::default(), &services);
    assert_eq!(
        lines(&quote),
        [("space-pack", 12, 1200), ("fatturazione-elettronica", 12, 2900), ("space-pack", 12, 2400), ("additional-users", 1, 250)]
    );
    assert_eq!(net_and_total(&quote), (6750, 8235));
    let after: Vec<_> = quote.services_afterwards.iter().map(|outlook| outlook.after.to_string()).collect();
    assert_eq!(after, ["2027-01-31", "2027-01-31", "2027-01-31", "2027-01-31", "2029-06-30", "2026-01-30", "2027-01-31"]);
    let new = quote.services_afterwards.last().unwrap();
    assert_eq!((new.service, new.kind, new.before), (None, ServiceKind::SpacePack, None));
}

#[test]
fn without_extension_only_what_is_new_is_paid_and_it_runs_the_whole_term() {
    // Two years: 3 GB 12.00 x 3 x 2 = 72.00, documents 36.00 x 2 = 72.00, 5 users 10.00 x 5 x 2 = 100.00; VAT on 244.00 is 53.68.
    let selection =
        Selection { pack: Gigabytes::new(3), term_years: 2, extension: false, additional_users: 5, ..with_modules(&["documents"]) };
    let quote = on(TODAY, &selection, &[base_plan_until("2027-03-15")]);
    assert_eq!(lines(&quote), [("space-pack", 24, 7200), ("documents", 24, 7200), ("additional-users", 24, 10_000)]);
    assert_eq!(net_and_total(&quote), (24_400, 29_768));
    assert_eq!(quote.services_afterwards[0].after, day("2027-03-15"));
    assert!(quote.lines.iter().all(|line| line.expiry_after == day("2028-11-23") && line.service.is_none()));
}

#[test]
fn additional_users_are_a_line_from_the_first_one_on() {
    let users = |additional_users| {
        let quote = on(TODAY, &Selection { additional_users, ..Selection::default() }, &[]);
        quote.lines.get(1).map(|line| (line.kind, line.quantity, line.net.cents()))
    };
    assert_eq!([users(0), users(1)], [None, Some((LineKind::NewUsers, 1, 1000))]);
}

#[test]
fn an_expired_account_comes_back_from_its_old_expiry() {
    // 10 October 2026 misses 14 months to 23 November 2027: 29.00 x 14 / 12 = 33.8333, 36.00 x 14 / 12 = 42.00. With 12.00 the
    // net is 87.83; 22% is 19.3226, half up 19.32. The pack had expired before the plan did.
    let services =
        [base_plan_until("2026-10-10"), owned(2, "documents", 1, day("2026-10-10")), owned(3, "space-pack", 5, day("2026-09-01"))];
    let quote = on(TODAY, &Selection::default(), &services);
    assert_eq!(lines(&quote), [("space-pack", 12, 1200), ("fatturazione-elettronica", 14, 3383), ("documents", 14, 4200)]);
    assert_eq!(net_and_total(&quote), (8783, 10_715));
    let off = on(TODAY, &Selection { extension: false, ..Selection::default() }, &services);
    assert_eq!(off.services_afterwards[0].after, day("2026-10-10"), "OFF reactivates nothing");
}

#[test]
fn a_deleted_account_buys_its_base_plan_anew() {
    // Expired more than 90 days ago: the whole term from today, 29.00 + 12.00 = 41.00, VAT 9.02.
    let quote = on(TODAY, &Selection::default(), &[base_plan_until("2026-01-01"), owned(2, "documents", 1, day("2026-01-01"))]);
    assert_eq!(lines(&quote), [("space-pack", 12, 1200), ("fatturazione-elettronica", 12, 2900)]);
    assert_eq!(net_and_total(&quote), (4100, 5002));
}

#[test]
fn a_line_is_rounded_half_up_once() {
    // 0.90 / 12 = 0.075; 30.50 x 3 / 12 = 7.625; 10.00 x 7 / 12 = 5.8333; 29.00 x 11 / 12 = 26.58333.
    for (yearly, quantity, months, net) in [(90, 1, 1, 8), (3050, 1, 3, 763), (1000, 1, 7, 583), (2900, 1, 11, 2658), (1000, 7, 1, 583)] {
        let months = months_between(months);
        assert_eq!(line_net(cents(yearly), quantity, months), Ok(cents(net)));
    }
    assert_eq!(line_net(Euro::MAX, 1, Months::of_years(2)), Err(MoneyError::TooLarge));
}

fn months_between(number: u32) -> Months {
    let start = day("2026-01-01");
    super::super::extension::missing_months(start, start.plus_months(number)).unwrap()
}

#[test]
fn the_price_and_the_vat_of_the_day_hold() {
    let text = include_str!("../../../catalogue.toml")
        .replace(r#"yearly = "12.00" }]"#, r#"yearly = "12.00" }, { valid_from = 2026-12-01, yearly = "15.00", vat_percent = "10" }]"#);
    let catalogue = Catalogue::parse(&text).unwrap();
    let price = |today| {
        let line = quote(&catalogue, day(today), &Selection::default(), &[]).unwrap().lines.remove(0);
        (line.net.cents(), line.vat_rate.basis_points())
    };
    assert_eq!([price("2026-11-30"), price("2026-12-01")], [(1200, 2200), (1500, 1000)]);
}

#[test]
fn everything_without_a_price_is_told_at_once() {
    let mut gone = owned(2, "documents", 1, day("2027-01-01"));
    gone.product = code("discontinued");
    let no_price = |product, today| Violation::NoPrice { product: code(product), day: day(today) };
    let before = quote(&CATALOGUE, day("2019-12-31"), &Selection::default(), std::slice::from_ref(&gone)).unwrap_err();
    assert_eq!(before, [no_price("space-pack", "2019-12-31")]);
    let today = quote(&CATALOGUE, day(TODAY), &Selection::default(), &[gone]).unwrap_err();
    assert_eq!(today, [no_price("discontinued", TODAY)]);
}

#[test]
fn a_module_that_expired_can_be_bought_again_and_is_one_service_afterwards() {
    let services = [base_plan_until("2027-03-15"), owned(2, "documents", 1, day("2026-11-22"))];
    let quote = on(TODAY, &with_modules(&["documents"]), &services);
    let documents: Vec<_> = quote.services_afterwards.iter().filter(|outlook| outlook.product == code("documents")).collect();
    assert_eq!(documents.len(), 1);
    assert_eq!((documents[0].before, documents[0].after), (None, day("2027-11-23")));
}

#[test]
fn the_cart_suggests_the_modules_that_are_neither_active_nor_in_it() {
    let services = [base_plan_until("2027-03-15"), owned(2, "documents", 1, day(TODAY)), owned(3, "woocommerce", 1, day("2026-11-22"))];
    let suggested = suggestions(&CATALOGUE, day(TODAY), &with_modules(&["collections"]), &services);
    let codes: Vec<_> = suggested.iter().map(|product| product.code.as_str()).collect();
    assert_eq!(codes, ["woocommerce", "electronic-orders"]);
}

#[test]
fn a_renewal_prolongs_each_service_by_its_own_term_from_its_own_expiry() {
    // Two years of the base plan: 29.00 x 2 = 58.00; one of 2 GB: 12.00 x 2 = 24.00; VAT on 82.00 is 18.04.
    let base_plan = Renewed { service: base_plan_until("2028-02-29"), term_years: 2 };
    let pack = Renewed { service: owned(2, "space-pack", 2, day("2028-03-07")), term_years: 1 };
    let quote = renewal(&CATALOGUE, day("2028-02-22"), &[base_plan.clone(), pack]).unwrap();
    assert_eq!(lines(&quote), [("fatturazione-elettronica", 24, 5800), ("space-pack", 12, 2400)]);
    assert_eq!(net_and_total(&quote), (8_200, 10_004));
    assert_eq!(quote.lines.iter().map(|line| line.expiry_after).collect::<Vec<_>>(), [day("2030-02-28"), day("2029-03-07")]);
    assert_eq!(quote.new_expiry, day("2030-02-28"));
    assert!(quote.lines.iter().all(|line| line.kind == LineKind::Renewal));
    let unsold = Renewed { term_years: 0, ..base_plan };
    assert_eq!(renewal(&CATALOGUE, day(TODAY), &[unsold]), Err(vec![Violation::TermYears { given: 0 }]));
    assert_eq!(renewal(&CATALOGUE, day(TODAY), &[]), Err(vec![Violation::NothingToRenew]));
}

fn near(today: &'static str) -> impl Strategy<Value = CalendarDay> {
    (0_u32..2_000).prop_map(move |days| day(today).minus_days(200).plus_days(days))
}

prop_compose! {
    fn any_services()(
        base in near(TODAY),
        packs in prop::collection::vec((1_u32..=1000, near(TODAY)), 0..4),
        documents in prop::option::of(near(TODAY)),
        users in prop::option::of((1_u32..=1000, near(TODAY))),
    ) -> Vec<OwnedService> {
        let mut services = vec![owned(1, "fatturazione-elettronica", 1, base)];
        services.extend((10..).zip(packs).map(|(id, (quantity, expiry))| owned(id, "space-pack", quantity, expiry)));
        services.extend(documents.map(|expiry| owned(2, "documents", 1, expiry)));
        services.extend(users.map(|(quantity, expiry)| owned(3, "additional-users", quantity, expiry)));
        services
    }
}

prop_compose! {
    fn any_selection()(
        pack in PACK_GIGABYTES,
        term_years in TERM_YEARS,
        extension in any::<bool>(),
        modules in prop::sample::subsequence(vec!["collections", "woocommerce", "electronic-orders"], 0..=3),
        additional_users in ADDITIONAL_USERS,
    ) -> Selection {
        Selection { pack: Gigabytes::new(pack), term_years, extension, additional_users, ..with_modules(&modules) }
    }
}

proptest! {
    #[test]
    fn a_total_is_the_sum_of_its_lines_and_their_vat(selection in any_selection(), services in any_services()) {
        let quote = on(TODAY, &selection, &services);
        let net: i64 = quote.lines.iter().map(|line| line.net.cents()).sum();
        // One rate in the shipped catalogue: 22% half up, (net x 22 + 50) / 100.
        prop_assert_eq!(net_and_total(&quote), (net, net + (net * 22 + 50) / 100));
    }

    #[test]
    fn extension_never_makes_a_cart_cheaper_and_never_shortens_a_service(selection in any_selection(), services in any_services()) {
        let with = |extension| on(TODAY, &Selection { extension, ..selection.clone() }, &services);
        let (on, off) = (with(true), with(false));
        prop_assert!(on.amounts.total >= off.amounts.total);
        for outlook in on.services_afterwards.iter().chain(&off.services_afterwards) {
            prop_assert!(outlook.before.is_none_or(|before| before <= outlook.after));
        }
        prop_assert!(off.services_afterwards.iter().all(|outlook| outlook.before.is_none_or(|before| before == outlook.after)));
    }

    #[test]
    fn extension_brings_every_active_service_to_the_new_expiry_or_beyond(selection in any_selection(), services in any_services()) {
        let quote = on(TODAY, &Selection { extension: true, ..selection }, &services);
        let new = quote.lines.iter().filter(|line| line.service.is_none()).count();
        prop_assert_eq!(quote.services_afterwards.len(), services.len() + new);
        for outlook in &quote.services_afterwards {
            let was_active = outlook.before.is_none_or(|before| before >= day(TODAY));
            prop_assert!(!was_active || outlook.after >= quote.new_expiry);
            let base_plan = outlook.kind == ServiceKind::BasePlan;
            prop_assert!(!base_plan || outlook.after >= quote.new_expiry, "the base plan always comes along");
            prop_assert!(outlook.before == Some(outlook.after) || outlook.after == quote.new_expiry);
        }
    }

    #[test]
    fn more_of_anything_never_costs_less(
        selection in any_selection(),
        services in any_services(),
        pack in PACK_GIGABYTES,
        users in ADDITIONAL_USERS,
    ) {
        let total = |pack: u32, additional_users| {
            on(TODAY, &Selection { pack: Gigabytes::new(pack), additional_users, ..selection.clone() }, &services).amounts.total
        };
        let (gigabytes, additional_users) = (selection.pack.get(), selection.additional_users);
        prop_assert!(total(gigabytes.min(pack), additional_users) <= total(gigabytes.max(pack), additional_users));
        prop_assert!(total(gigabytes, additional_users.min(users)) <= total(gigabytes, additional_users.max(users)));
    }
}
