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
mod tests;
