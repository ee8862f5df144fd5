//! What a cart holds, and what can be wrong with it (B1, B4).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::cart::extension::{CoTermination, TERM_YEARS};
use crate::catalogue::{Catalogue, ProductCode, ServiceKind};
use crate::clock::CalendarDay;
use crate::ids::ServiceId;
use crate::money::MoneyError;
use crate::space::Gigabytes;

/// The GB that one pack can have (B1).
pub const PACK_GIGABYTES: RangeInclusive<u32> = 1..=1000;

/// The additional users that one purchase can have; 0 is none.
pub const ADDITIONAL_USERS: RangeInclusive<u32> = 0..=1000;

/// What a cart holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    /// The space pack, [`PACK_GIGABYTES`].
    pub pack: Gigabytes,
    /// The term, [`TERM_YEARS`].
    pub term_years: u32,
    /// Whether the active services are prolonged to the new expiry (B3). OFF leaves an expired base plan expired, too.
    pub extension: bool,
    /// Modules to buy, each once and none that is active (B4).
    pub modules: Vec<ProductCode>,
    /// Additional users to buy, [`ADDITIONAL_USERS`].
    pub additional_users: u32,
}

/// The cart as it opens: 1 GB, one year, extension ON (B1).
impl Default for Selection {
    fn default() -> Self {
        Self { pack: Gigabytes::ONE, term_years: 1, extension: true, modules: vec![], additional_users: 0 }
    }
}

impl Selection {
    /// How a purchase on `today` brings the services to one expiry.
    pub(super) fn co_termination(&self, today: CalendarDay, services: &[OwnedService]) -> CoTermination {
        let base_plan = services.iter().find(|service| service.kind == ServiceKind::BasePlan);
        CoTermination::new(today, self.term_years, base_plan.map(|service| service.expiry))
    }

    /// Everything that is wrong.
    pub(super) fn violations(&self, catalogue: &Catalogue, purchase: &CoTermination, services: &[OwnedService]) -> Vec<Violation> {
        let &Self { pack, term_years, ref modules, additional_users, extension: _ } = self;
        let mut violations = vec![];
        if !TERM_YEARS.contains(&term_years) {
            violations.push(Violation::TermYears { given: term_years });
        }
        if !PACK_GIGABYTES.contains(&pack.get()) {
            violations.push(Violation::PackGigabytes { given: pack });
        }
        if !ADDITIONAL_USERS.contains(&additional_users) {
            violations.push(Violation::AdditionalUsers { given: additional_users });
        }
        let mut seen = BTreeSet::new();
        for module in modules {
            if !seen.insert(module) {
                violations.push(Violation::ModuleTwice { module: module.clone() });
            } else if !catalogue.modules().any(|product| product.code == *module) {
                violations.push(Violation::ModuleUnknown { module: module.clone() });
            } else if let Some(owned) = active_module(purchase, module, services) {
                violations.push(Violation::ModuleOwned { module: module.clone(), expiry: owned.expiry });
            }
        }
        violations
    }
}

/// Something the account has bought, active or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedService {
    /// Which one.
    pub id: ServiceId,
    /// What kind of thing it is.
    pub kind: ServiceKind,
    /// What it was sold as.
    pub product: ProductCode,
    /// GB of a space pack, number of users; 1 for the rest.
    pub quantity: u32,
    /// Its last day.
    pub expiry: CalendarDay,
}

pub(super) fn active_module<'s>(purchase: &CoTermination, module: &ProductCode, services: &'s [OwnedService]) -> Option<&'s OwnedService> {
    services.iter().find(|service| service.product == *module && purchase.is_active(service.expiry))
}

/// Why something cannot be priced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The term is not one that is sold.
    #[error("the term is {given} years; it must be {} to {}", TERM_YEARS.start(), TERM_YEARS.end())]
    TermYears {
        /// The years that were given.
        given: u32,
    },
    /// The pack is not one that is sold.
    #[error("the space pack is {given}; it must be {} to {} GB", PACK_GIGABYTES.start(), PACK_GIGABYTES.end())]
    PackGigabytes {
        /// The GB that were given.
        given: Gigabytes,
    },
    /// Too many users.
    #[error("there are {given} additional users; there must be {} to {}", ADDITIONAL_USERS.start(), ADDITIONAL_USERS.end())]
    AdditionalUsers {
        /// The users that were given.
        given: u32,
    },
    /// The catalogue has no such module.
    #[error("there is no module {module}; choose one of the catalogue's")]
    ModuleUnknown {
        /// The module.
        module: ProductCode,
    },
    /// The module is in the cart more than once (B4).
    #[error("module {module} is in the cart more than once; leave one")]
    ModuleTwice {
        /// The module.
        module: ProductCode,
    },
    /// The account has the module already: it is prolonged, not bought again (B4).
    #[error("the account has module {module} until {expiry}; remove it from the cart, extension or renewal prolongs it")]
    ModuleOwned {
        /// The module.
        module: ProductCode,
        /// Its expiry.
        expiry: CalendarDay,
    },
    /// There is nothing to renew.
    #[error("no service was named to renew; name at least one")]
    NothingToRenew,
    /// The catalogue has no price for it. Ours to put right: whatever was sold must keep a price.
    #[error("the catalogue has no price for {product} on {day}; add one that is valid from then or before")]
    NoPrice {
        /// The product.
        product: ProductCode,
        /// The day of pricing.
        day: CalendarDay,
    },
    /// The sum is more than can be kept; no price list of this world comes near it.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> ProductCode {
        text.parse().unwrap()
    }

    fn violations(selection: &Selection) -> Vec<Violation> {
        let today: CalendarDay = "2026-11-23".parse().unwrap();
        let owned = |id, kind, product, expiry| OwnedService {
            id: ServiceId::from(uuid::Uuid::from_u128(id)),
            kind,
            product: code(product),
            quantity: 1,
            expiry,
        };
        let services = [
            owned(1, ServiceKind::BasePlan, "fatturazione-elettronica", today.plus_months(4)),
            owned(2, ServiceKind::Module, "documents", today),
            owned(3, ServiceKind::Module, "woocommerce", today.minus_days(1)),
        ];
        selection.violations(&Catalogue::shipped(), &selection.co_termination(today, &services), &services)
    }

    #[test]
    fn a_cart_as_it_opens_is_in_order() {
        assert_eq!(violations(&Selection::default()), []);
    }

    #[test]
    fn the_least_and_the_most_that_is_sold_is_in_order() {
        let modules = vec![code("woocommerce"), code("collections")];
        for (gigabytes, term_years, additional_users) in [(1, 1, 0), (1000, 10, 1000)] {
            let pack = Gigabytes::new(gigabytes);
            let selection = Selection { pack, term_years, additional_users, modules: modules.clone(), extension: false };
            assert_eq!(violations(&selection), []);
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let selection = Selection {
            pack: Gigabytes::new(1001),
            term_years: 11,
            additional_users: 1001,
            modules: ["documents", "collections", "collections", "space-pack", "gift"].map(code).to_vec(),
            extension: true,
        };
        assert_eq!(
            violations(&selection),
            [
                Violation::TermYears { given: 11 },
                Violation::PackGigabytes { given: Gigabytes::new(1001) },
                Violation::AdditionalUsers { given: 1001 },
                Violation::ModuleOwned { module: code("documents"), expiry: "2026-11-23".parse().unwrap() },
                Violation::ModuleTwice { module: code("collections") },
                Violation::ModuleUnknown { module: code("space-pack") },
                Violation::ModuleUnknown { module: code("gift") },
            ]
        );
        let nothing = Selection { pack: Gigabytes::ZERO, term_years: 0, ..Selection::default() };
        assert_eq!(violations(&nothing), [Violation::TermYears { given: 0 }, Violation::PackGigabytes { given: Gigabytes::ZERO }]);
    }
}
