//! The price list: what is sold, under which names, from which day at which price (B5).

mod parse;

use std::fmt;
use std::str::FromStr;

use crate::clock::CalendarDay;
use crate::money::{Euro, VatRate};
use crate::space::Bytes;
use crate::words::words;

pub use parse::CatalogueError;

/// The price list that is shipped with the program, for those who configure no other.
const SHIPPED: &str = include_str!("../../catalogue.toml");

/// What is sold. Built by [`Catalogue::parse`] only, so it has at least one base plan, exactly one space pack and exactly
/// one product for additional users, and every product has a price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Catalogue {
    base_plans: Vec<Product>,
    space_pack: Product,
    modules: Vec<Product>,
    additional_users: Product,
}

impl Catalogue {
    /// Reads a catalogue from TOML; `catalogue.toml` explains the format.
    ///
    /// Errors: everything that is wrong with it, at once; only text that is not TOML of this shape ends the reading at its first fault.
    pub fn parse(text: &str) -> Result<Self, Vec<CatalogueError>> {
        parse::parse(text)
    }

    /// The catalogue that is shipped with the program.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it never panics: a test reads the same text")]
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("the shipped catalogue is read by a test")
    }

    /// The product with this code.
    #[must_use]
    pub fn product(&self, code: &str) -> Option<&Product> {
        self.products().find(|product| product.code.as_str() == code)
    }

    /// The price that holds for this product on `day`; None for an unknown product, or before its first price.
    #[must_use]
    pub fn price(&self, code: &str, day: CalendarDay) -> Option<&Price> {
        self.product(code).and_then(|product| product.price_on(day))
    }

    /// What people call the product with this code, in Italian or in English; the code itself if the catalogue no longer has it.
    #[must_use]
    pub fn display_name(&self, code: &str, italian: bool) -> String {
        self.product(code).map_or(code, |product| if italian { &product.name.it } else { &product.name.en }).to_owned()
    }

    /// Everything that is sold.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.base_plans.iter().chain([&self.space_pack]).chain(&self.modules).chain([&self.additional_users])
    }

    /// The base plans, in the catalogue's order.
    pub fn base_plans(&self) -> impl Iterator<Item = &Product> {
        self.base_plans.iter()
    }

    /// The space pack, priced per GB.
    #[must_use]
    pub fn space_pack(&self) -> &Product {
        &self.space_pack
    }

    /// The modules, in the catalogue's order.
    pub fn modules(&self) -> impl Iterator<Item = &Product> {
        self.modules.iter()
    }

    /// Additional users, priced per user.
    #[must_use]
    pub fn additional_users(&self) -> &Product {
        &self.additional_users
    }
}

/// Something that is sold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Product {
    /// What orders and services refer to it by.
    pub code: ProductCode,
    /// What kind of service it becomes when it is bought.
    pub kind: ServiceKind,
    /// What people call it.
    pub name: Names,
    /// The space that one of it adds to the capacity (S2): of a base plan what it includes, of a space pack 1 GB, of the rest none.
    pub space: Bytes,
    /// Never empty; the days strictly ascending.
    prices: Vec<Price>,
}

impl Product {
    /// The price that holds on `day`; None before the first.
    #[must_use]
    pub fn price_on(&self, day: CalendarDay) -> Option<&Price> {
        self.prices.iter().rev().find(|price| price.valid_from <= day)
    }

    /// The space that `quantity` of it add to the capacity; at most what the type can hold.
    #[must_use]
    pub fn space_of(&self, quantity: u32) -> Bytes {
        Bytes::new(self.space.get().saturating_mul(u64::from(quantity))).unwrap_or(Bytes::MAX)
    }
}

/// A product's name in the languages that people are written to.
#[derive(Clone, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// In Italian.
    pub it: String,
    /// In English.
    pub en: String,
}

/// What one of a product costs for a year, from a day on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Price {
    /// The first day on which it holds.
    pub valid_from: CalendarDay,
    /// For one GB, one user, one plan or one module, and one year; without VAT.
    pub yearly: Euro,
    /// The rate of VAT on it.
    pub vat_rate: VatRate,
}

words! {
    /// What kind of thing is sold, and bought.
    pub enum ServiceKind {
        /// The plan that everything hangs on.
        BasePlan = "base_plan",
        /// A number of GB bought together.
        SpacePack = "space_pack",
        /// A module.
        Module = "module",
        /// A number of additional users.
        AdditionalUsers = "additional_users",
    }
}

/// What a product is referred to by: 1 to 64 lower-case letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProductCode(String);

impl ProductCode {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProductCode {
    type Err = InvalidProductCode;

    fn from_str(text: &str) -> Result<Self, InvalidProductCode> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) { Ok(Self(text.to_owned())) } else { Err(InvalidProductCode) }
    }
}

/// Text that cannot be a product's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code of a product must be 1 to 64 lower-case letters, digits and hyphens")]
pub struct InvalidProductCode;

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDay {
        text.parse().unwrap()
    }

    #[test]
    fn the_shipped_catalogue_sells_what_the_product_promises() {
        let catalogue = Catalogue::shipped();
        let codes: Vec<_> = catalogue.products().map(|product| product.code.as_str()).collect();
        let trials = ["trial-1m", "trial-2m", "trial-4m", "trial-8m", "trial-16m"];
        let priced_trials = ["priced-trial-4m", "priced-trial-8m", "priced-trial-16m"];
        let base_plans = [&["fatturazione-elettronica"], &trials[..], &priced_trials].concat();
        let modules = ["documents", "collections", "woocommerce", "electronic-orders"];
        assert_eq!(codes, [&base_plans[..], &["space-pack"], &modules, &["additional-users"]].concat());
        assert!(catalogue.base_plans().all(|plan| plan.kind == ServiceKind::BasePlan));
        assert!(catalogue.modules().all(|module| module.kind == ServiceKind::Module));
        let space = |text| catalogue.product(text).unwrap().space.get();
        assert_eq!(space("fatturazione-elettronica"), 1_073_741_824);
        assert_eq!(space("trial-16m"), 16 * 1_048_576);
        assert_eq!(space("space-pack"), 1_073_741_824);
        assert_eq!(space("documents"), 0);
        assert_eq!(catalogue.space_pack().space_of(3).get(), 3_221_225_472);
    }

    #[test]
    fn a_price_holds_from_its_day_until_the_next_one() {
        let text = SHIPPED.replace(
            r#"prices = [{ valid_from = 2020-01-01, yearly = "12.00" }]"#,
            r#"prices = [
                { valid_from = 2020-01-01, yearly = "12.00" },
                { valid_from = 2027-03-01, yearly = "13.50", vat_percent = "10" },
            ]"#,
        );
        let catalogue = Catalogue::parse(&text).unwrap();
        let price = |on| {
            let price = catalogue.price("space-pack", day(on))?;
            Some((price.yearly.cents(), price.vat_rate.basis_points()))
        };
        assert_eq!(price("2019-12-31"), None);
        assert_eq!(price("2020-01-01"), Some((1200, 2200)));
        assert_eq!(price("2027-02-28"), Some((1200, 2200)));
        assert_eq!(price("2027-03-01"), Some((1350, 1000)));
        assert_eq!(catalogue.price("unknown", day("2026-01-01")), None);
    }

    #[test]
    fn a_product_has_a_name_in_both_languages_and_one_that_is_gone_has_its_code() {
        let catalogue = Catalogue::shipped();
        assert_eq!(catalogue.display_name("documents", true), "Documenti");
        assert_eq!(catalogue.display_name("documents", false), "Documents");
        assert_eq!(catalogue.display_name("discontinued", true), "discontinued");
    }

    #[test]
    fn a_product_code_is_lower_case() {
        for text in ["", "Documents", "space pack", "caffè", &"a".repeat(65)] {
            assert_eq!(text.parse::<ProductCode>(), Err(InvalidProductCode), "{text:?}");
        }
    }
}
