//! What a purchase costs and does, if it is activated today (B1 to B5), and what a renewal costs (N4).
//!
//! Every line costs yearly price x quantity x months / 12, half up to the cent. Something that is bought now runs the whole term, an
//! active service is prolonged by the months it misses, see [`super::extension`]. The prices are those of the day of pricing.

mod selection;

use std::num::NonZeroU64;

use super::extension::{CoTermination, Months, TERM_YEARS};
use crate::catalogue::{Catalogue, Product, ProductCode, ServiceKind};
use crate::clock::CalendarDay;
use crate::ids::ServiceId;
use crate::money::{Amounts, Euro, MoneyError, VatRate};
use crate::words::words;

pub use selection::{ADDITIONAL_USERS, OwnedService, PACK_GIGABYTES, Selection, Violation};

words! {
    /// What a line pays for.
    pub enum LineKind {
        /// A new space pack.
        NewPack = "new_pack",
        /// A new module.
        NewModule = "new_module",
        /// New additional users.
        NewUsers = "new_users",
        /// A service brought to the new expiry; a deleted base plan bought anew, too.
        Extension = "extension",
        /// A service prolonged by a term from its old expiry.
        Renewal = "renewal",
    }
}

/// A line of a quote, with everything its net is computed from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it pays for.
    pub kind: LineKind,
    /// The product.
    pub product: ProductCode,
    /// The service that is prolonged; None for what is new.
    pub service: Option<ServiceId>,
    /// GB, users, or 1.
    pub quantity: u32,
    /// The months that are paid for.
    pub months: Months,
    /// What one costs for a year, without VAT.
    pub yearly_price: Euro,
    /// See [`line_net`].
    pub net: Euro,
    /// The rate of VAT.
    pub vat_rate: VatRate,
    /// The expiry before; None for what is new.
    pub old_expiry: Option<CalendarDay>,
    /// The expiry afterwards.
    pub expiry_after: CalendarDay,
}

/// Which expiry a service has afterwards (B5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlook {
    /// The service; None for one that is bought now.
    pub service: Option<ServiceId>,
    /// What kind of thing it is.
    pub kind: ServiceKind,
    /// The product.
    pub product: ProductCode,
    /// GB, users, or 1.
    pub quantity: u32,
    /// The expiry now; None for what is bought now.
    pub before: Option<CalendarDay>,
    /// The expiry afterwards.
    pub after: CalendarDay,
}

/// What a purchase costs and does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quote {
    /// Of a purchase, activation day + term (B2); of a renewal, the latest day a renewed service lasts to.
    pub new_expiry: CalendarDay,
    /// New things first, in the order pack, modules, users; then the services, in the order they were given in.
    pub lines: Vec<Line>,
    /// Net, VAT per rate, total.
    pub amounts: Amounts,
    /// Every service afterwards, those left alone too: the account's first, in the order they were given in, then the new ones.
    pub services_afterwards: Vec<Outlook>,
}

/// Prices a cart that is activated on `today` in an account that has `services`.
///
/// Errors: everything that is wrong with the selection, at once; if nothing is, everything that cannot be priced.
pub fn quote(catalogue: &Catalogue, today: CalendarDay, selection: &Selection, services: &[OwnedService]) -> Result<Quote, Vec<Violation>> {
    let purchase = selection.co_termination(today, services);
    let violations = selection.violations(catalogue, &purchase, services);
    if !violations.is_empty() {
        return Err(violations);
    }
    let mut lines = new_things(catalogue, &purchase, selection);
    if selection.extension {
        lines.extend(services.iter().filter_map(|service| extension(&purchase, service)));
    }
    // A module that expired and is bought again is one service afterwards, not two.
    let stays = |service: &&OwnedService| !(service.kind == ServiceKind::Module && selection.modules.contains(&service.product));
    Pricing { catalogue, today }.quote(&lines, services.iter().filter(stays))
}

/// A service to be renewed, and by how many years.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renewed {
    /// The service.
    pub service: OwnedService,
    /// The term it was bought for, which its renewal repeats (N1).
    pub term_years: u32,
}

/// Prices a renewal: each service by its own term from its own expiry, so that renewing early loses no day (N4).
///
/// Errors: a term is not sold, there is nothing to renew, or everything that cannot be priced.
pub fn renewal(catalogue: &Catalogue, today: CalendarDay, renewed: &[Renewed]) -> Result<Quote, Vec<Violation>> {
    if let Some(Renewed { term_years, .. }) = renewed.iter().find(|renewed| !TERM_YEARS.contains(&renewed.term_years)) {
        return Err(vec![Violation::TermYears { given: *term_years }]);
    }
    let lines: Vec<_> = renewed.iter().map(renewed_line).collect();
    Pricing { catalogue, today }.quote(&lines, renewed.iter().map(|renewed| &renewed.service))
}

/// The modules that the cart suggests (B4): on sale today, neither active nor in the cart.
#[must_use]
pub fn suggestions<'c>(catalogue: &'c Catalogue, today: CalendarDay, selection: &Selection, services: &[OwnedService]) -> Vec<&'c Product> {
    let purchase = selection.co_termination(today, services);
    let suggested = |product: &&Product| {
        product.price_on(today).is_some()
            && !selection.modules.contains(&product.code)
            && selection::active_module(&purchase, &product.code, services).is_none()
    };
    catalogue.modules().filter(suggested).collect()
}

/// yearly price x quantity x months / 12, half up to the cent, rounded once (B3, B5). Errors: [`MoneyError::TooLarge`].
pub fn line_net(yearly_price: Euro, quantity: u32, months: Months) -> Result<Euro, MoneyError> {
    const MONTHS_OF_A_YEAR: NonZeroU64 = NonZeroU64::new(12).expect("not zero");
    yearly_price.share(u64::from(quantity) * u64::from(months.get()), MONTHS_OF_A_YEAR)
}

/// A line that has no price yet.
struct Unpriced<'a> {
    kind: LineKind,
    product: &'a ProductCode,
    service: Option<&'a OwnedService>,
    quantity: u32,
    months: Months,
    expiry_after: CalendarDay,
}

fn new_things<'a>(catalogue: &'a Catalogue, purchase: &CoTermination, selection: &'a Selection) -> Vec<Unpriced<'a>> {
    let (months, expiry_after) = (purchase.term(), purchase.new_expiry());
    let new = |kind, product, quantity| Unpriced { kind, product, service: None, quantity, months, expiry_after };
    let mut things = vec![new(LineKind::NewPack, &catalogue.space_pack().code, selection.pack.get())];
    things.extend(selection.modules.iter().map(|module| new(LineKind::NewModule, module, 1)));
    if selection.additional_users > 0 {
        things.push(new(LineKind::NewUsers, &catalogue.additional_users().code, selection.additional_users));
    }
    things
}

fn extension<'a>(purchase: &CoTermination, service: &'a OwnedService) -> Option<Unpriced<'a>> {
    let months = match service.kind {
        ServiceKind::BasePlan => purchase.months_for_base_plan(),
        ServiceKind::SpacePack | ServiceKind::Module | ServiceKind::AdditionalUsers => purchase.months_for(service.expiry),
    };
    Some(prolonged(LineKind::Extension, service, months?, purchase.new_expiry()))
}

fn renewed_line(renewed: &Renewed) -> Unpriced<'_> {
    let Renewed { service, term_years } = renewed;
    let term_years = *term_years;
    prolonged(LineKind::Renewal, service, Months::of_years(term_years), service.expiry.plus_years(term_years))
}

fn prolonged(kind: LineKind, service: &OwnedService, months: Months, expiry_after: CalendarDay) -> Unpriced<'_> {
    Unpriced { kind, product: &service.product, service: Some(service), quantity: service.quantity, months, expiry_after }
}

/// Puts prices to lines: those of one catalogue on one day.
struct Pricing<'a> {
    catalogue: &'a Catalogue,
    today: CalendarDay,
}

impl Pricing<'_> {
    fn quote<'s>(&self, unpriced: &[Unpriced<'_>], services: impl Iterator<Item = &'s OwnedService>) -> Result<Quote, Vec<Violation>> {
        let new_expiry = unpriced.iter().map(|line| line.expiry_after).max().ok_or_else(|| vec![Violation::NothingToRenew])?;
        let (mut lines, mut violations) = (vec![], vec![]);
        for line in unpriced {
            match self.line(line) {
                Ok(line) => lines.push(line),
                Err(violation) => violations.push(violation),
            }
        }
        if !violations.is_empty() {
            return Err(violations);
        }
        let amounts = Amounts::of(lines.iter().map(|line| (line.vat_rate, line.net))).map_err(|error| vec![error.into()])?;
        let services_afterwards = outlook(services, &lines);
        Ok(Quote { new_expiry, lines, amounts, services_afterwards })
    }

    fn line(&self, line: &Unpriced<'_>) -> Result<Line, Violation> {
        let no_price = || Violation::NoPrice { product: line.product.clone(), day: self.today };
        let price = self.catalogue.price(line.product.as_str(), self.today).ok_or_else(no_price)?;
        Ok(Line {
            kind: line.kind,
            product: line.product.clone(),
            service: line.service.map(|service| service.id),
            quantity: line.quantity,
            months: line.months,
            yearly_price: price.yearly,
            net: line_net(price.yearly, line.quantity, line.months)?,
            vat_rate: price.vat_rate,
            old_expiry: line.service.map(|service| service.expiry),
            expiry_after: line.expiry_after,
        })
    }
}

fn outlook<'s>(services: impl Iterator<Item = &'s OwnedService>, lines: &[Line]) -> Vec<Outlook> {
    let owned = services.map(|service| Outlook {
        service: Some(service.id),
        kind: service.kind,
        product: service.product.clone(),
        quantity: service.quantity,
        before: Some(service.expiry),
        after: lines.iter().find(|line| line.service == Some(service.id)).map_or(service.expiry, |line| line.expiry_after),
    });
    let new = lines.iter().filter_map(|line| {
        let kind = kind_when_new(line.kind)?;
        let after = line.expiry_after;
        Some(Outlook { service: None, kind, product: line.product.clone(), quantity: line.quantity, before: None, after })
    });
    owned.chain(new).collect()
}

fn kind_when_new(line: LineKind) -> Option<ServiceKind> {
    match line {
        LineKind::NewPack => Some(ServiceKind::SpacePack),
        LineKind::NewModule => Some(ServiceKind::Module),
        LineKind::NewUsers => Some(ServiceKind::AdditionalUsers),
        LineKind::Extension | LineKind::Renewal => None,
    }
}

#[cfg(test)]
mod tests {
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
        for (yearly, quantity, months, net) in [(90, 1, 1, 8), (3050, 1, 3, 763), (1000, 1, 7, 583), (2900, 1, 11, 2658), (1000, 7, 1, 583)]
        {
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
        let text = include_str!("../../catalogue.toml")
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
}
