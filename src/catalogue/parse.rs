//! Reads a catalogue from TOML and collects everything that is wrong with it.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::value::Datetime;

use super::{Catalogue, Names, Price, Product, ProductCode, ServiceKind};
use crate::clock::CalendarDay;
use crate::config::toml_fault;
use crate::money::{Euro, VatRate};
use crate::space::{Bytes, Gigabytes};

const BYTES_PER_MIB: u64 = 1_048_576;

/// The file as it is written. What can be wrong with a value is text here and judged below, so that all of it is told at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    vat_percent: String,
    #[serde(default, rename = "product")]
    products: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    kind: String,
    name: Names,
    space_mib: Option<u32>,
    #[serde(default)]
    prices: Vec<PriceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    valid_from: Datetime,
    yearly: String,
    vat_percent: Option<String>,
}

/// What is wrong with a catalogue. Each names the product, by the code it has in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML, or not of this shape.
    #[error("the catalogue cannot be read, line {line}: {reason}")]
    Unreadable {
        /// Where, counted from 1.
        line: usize,
        /// What was expected.
        reason: String,
    },
    /// The catalogue sells in euro only.
    #[error("the catalogue's currency is {0:?}; it must be \"EUR\"")]
    CurrencyNotEuro(String),
    /// A rate of VAT that is none.
    #[error("the VAT rate {vat_percent:?} of {place} must be per cent from \"0\" to \"100\", such as \"22\"")]
    VatRate {
        /// The product, or "the catalogue".
        place: String,
        /// What is written.
        vat_percent: String,
    },
    /// A code that is none.
    #[error("the product code {0:?} must be 1 to 64 lower-case letters, digits and hyphens")]
    Code(String),
    /// Two products with one code.
    #[error("the product code {0} is there twice; give each product its own")]
    DuplicateCode(ProductCode),
    /// A kind that is none.
    #[error("product {product} has the kind {kind:?}; it must be base_plan, space_pack, module or additional_users")]
    UnknownKind {
        /// The product.
        product: String,
        /// What is written.
        kind: String,
    },
    /// A name is empty.
    #[error("product {0} needs a name in Italian and in English")]
    NoName(String),
    /// A base plan includes space (S2).
    #[error("base plan {0} includes no space; say how much with space_mib, at least 1")]
    BasePlanWithoutSpace(String),
    /// Only a base plan says how much space it includes.
    #[error("product {0} is no base plan; leave its space_mib out")]
    SpaceNotItsOwn(String),
    /// A product without a price could not be sold.
    #[error("product {0} has no price; give it at least one")]
    NoPrice(String),
    /// A price with a time, or on a day that does not exist.
    #[error("a price of product {product} is valid from {valid_from}; it must be a day, such as 2026-01-01")]
    ValidFrom {
        /// The product.
        product: String,
        /// What is written.
        valid_from: String,
    },
    /// A price that is no amount.
    #[error("product {product} costs {yearly:?}; a price must be euro with exactly two decimals, such as \"12.00\"")]
    PriceNotTwoDecimals {
        /// The product.
        product: String,
        /// What is written.
        yearly: String,
    },
    /// A price below zero.
    #[error("product {product} costs {yearly:?}; a price cannot be negative")]
    NegativePrice {
        /// The product.
        product: String,
        /// What is written.
        yearly: String,
    },
    /// Prices out of order, or two from one day.
    #[error("the price of product {product} from {day} does not come after the one before it; sort prices by valid_from, each day once")]
    UnsortedPrices {
        /// The product.
        product: String,
        /// The first day that is out of order.
        day: CalendarDay,
    },
    /// A kind of which the catalogue has none, and of which it must have one at least.
    #[error("the catalogue has no product of the kind {0}; add one")]
    MissingKind(ServiceKind),
    /// A kind of which it must have one at most, because a cart asks for a quantity of it without naming a product.
    #[error("the catalogue has more than one product of the kind {0}; leave one")]
    SeveralOfKind(ServiceKind),
}

pub(super) fn parse(text: &str) -> Result<Catalogue, Vec<CatalogueError>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let (line, reason) = toml_fault(text, &error);
        vec![CatalogueError::Unreadable { line, reason }]
    })?;
    let mut reading = Reading::default();
    reading.currency(&file.currency);
    let vat_rate = reading.vat_rate("the catalogue", &file.vat_percent);
    let products = file.products.into_iter().map(|entry| reading.product(entry, vat_rate)).collect();
    reading.catalogue(products)
}

/// A reading under way: the faults found so far. Its functions answer None where they found one.
#[derive(Default)]
struct Reading {
    errors: Vec<CatalogueError>,
    codes: BTreeSet<ProductCode>,
    kinds: Vec<ServiceKind>,
}

impl Reading {
    fn fault<T>(&mut self, error: CatalogueError) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn currency(&mut self, currency: &str) {
        if currency != "EUR" {
            self.errors.push(CatalogueError::CurrencyNotEuro(currency.to_owned()));
        }
    }

    fn vat_rate(&mut self, place: &str, percent: &str) -> Option<VatRate> {
        let rate = Decimal::from_str_exact(percent).ok().and_then(|percent| VatRate::from_percent(percent).ok());
        rate.or_else(|| self.fault(CatalogueError::VatRate { place: place.to_owned(), vat_percent: percent.to_owned() }))
    }

    fn product(&mut self, entry: Entry, vat_rate: Option<VatRate>) -> Option<Product> {
        let code = self.code(&entry.code);
        let kind = self.kind(&entry);
        let space = kind.and_then(|kind| self.space(&entry, kind));
        if entry.name.it.trim().is_empty() || entry.name.en.trim().is_empty() {
            self.errors.push(CatalogueError::NoName(entry.code.clone()));
        }
        let prices = self.prices(&entry, vat_rate);
        Some(Product { code: code?, kind: kind?, name: entry.name, space: space?, prices: prices? })
    }

    fn code(&mut self, text: &str) -> Option<ProductCode> {
        let Ok(code) = text.parse::<ProductCode>() else {
            return self.fault(CatalogueError::Code(text.to_owned()));
        };
        if self.codes.insert(code.clone()) { Some(code) } else { self.fault(CatalogueError::DuplicateCode(code)) }
    }

    fn kind(&mut self, entry: &Entry) -> Option<ServiceKind> {
        let Ok(kind) = entry.kind.parse() else {
            return self.fault(CatalogueError::UnknownKind { product: entry.code.clone(), kind: entry.kind.clone() });
        };
        self.kinds.push(kind);
        Some(kind)
    }

    fn space(&mut self, entry: &Entry, kind: ServiceKind) -> Option<Bytes> {
        match (kind, entry.space_mib) {
            (ServiceKind::BasePlan, None | Some(0)) => self.fault(CatalogueError::BasePlanWithoutSpace(entry.code.clone())),
            (ServiceKind::BasePlan, Some(mib)) => {
                Some(Bytes::new(u64::from(mib) * BYTES_PER_MIB).expect("2^32 units of 2^20 bytes are 2^52 bytes"))
            }
            (ServiceKind::SpacePack | ServiceKind::Module | ServiceKind::AdditionalUsers, Some(_)) => {
                self.fault(CatalogueError::SpaceNotItsOwn(entry.code.clone()))
            }
            (ServiceKind::SpacePack, None) => Some(Gigabytes::ONE.into()),
            (ServiceKind::Module | ServiceKind::AdditionalUsers, None) => Some(Bytes::ZERO),
        }
    }

    fn prices(&mut self, entry: &Entry, vat_rate: Option<VatRate>) -> Option<Vec<Price>> {
        if entry.prices.is_empty() {
            return self.fault(CatalogueError::NoPrice(entry.code.clone()));
        }
        let read: Vec<_> = entry.prices.iter().map(|price| self.price(&entry.code, price, vat_rate)).collect();
        let prices: Vec<Price> = read.into_iter().collect::<Option<_>>()?;
        match prices.windows(2).find(|pair| pair[1].valid_from <= pair[0].valid_from) {
            Some(pair) => self.fault(CatalogueError::UnsortedPrices { product: entry.code.clone(), day: pair[1].valid_from }),
            None => Some(prices),
        }
    }

    fn price(&mut self, product: &str, entry: &PriceEntry, vat_rate: Option<VatRate>) -> Option<Price> {
        let valid_from = self.valid_from(product, entry.valid_from);
        let yearly = self.yearly(product, &entry.yearly);
        let vat_rate = match &entry.vat_percent {
            Some(percent) => self.vat_rate(product, percent),
            None => vat_rate,
        };
        Some(Price { valid_from: valid_from?, yearly: yearly?, vat_rate: vat_rate? })
    }

    fn valid_from(&mut self, product: &str, written: Datetime) -> Option<CalendarDay> {
        let valid_from = written.to_string();
        let day = valid_from.parse().ok();
        day.or_else(|| self.fault(CatalogueError::ValidFrom { product: product.to_owned(), valid_from }))
    }

    fn yearly(&mut self, product: &str, written: &str) -> Option<Euro> {
        let (product, yearly) = (product.to_owned(), written.to_owned());
        match Decimal::from_str_exact(written) {
            Ok(amount) if amount.is_sign_negative() => self.fault(CatalogueError::NegativePrice { product, yearly }),
            Ok(amount) if amount.scale() == 2 => {
                let euro = Euro::from_decimal_half_up(amount).ok();
                euro.or_else(|| self.fault(CatalogueError::PriceNotTwoDecimals { product, yearly }))
            }
            Ok(_) | Err(_) => self.fault(CatalogueError::PriceNotTwoDecimals { product, yearly }),
        }
    }

    /// Sorts the products by kind, if nothing was wrong.
    fn catalogue(mut self, products: Vec<Option<Product>>) -> Result<Catalogue, Vec<CatalogueError>> {
        self.kinds_that_are_missing_or_too_many();
        let (mut base_plans, mut space_packs, mut modules, mut additional_users) = (vec![], vec![], vec![], vec![]);
        for product in products.into_iter().flatten() {
            match product.kind {
                ServiceKind::BasePlan => base_plans.push(product),
                ServiceKind::SpacePack => space_packs.push(product),
                ServiceKind::Module => modules.push(product),
                ServiceKind::AdditionalUsers => additional_users.push(product),
            }
        }
        match (space_packs.pop(), additional_users.pop()) {
            (Some(space_pack), Some(additional_users)) if self.errors.is_empty() => {
                Ok(Catalogue { base_plans, space_pack, modules, additional_users })
            }
            _ => Err(self.errors),
        }
    }

    /// Judged by the kinds that are written, so that a product with a fault of its own is not told to be missing too.
    fn kinds_that_are_missing_or_too_many(&mut self) {
        for &kind in ServiceKind::ALL {
            let count = self.kinds.iter().filter(|&&written| written == kind).count();
            let (at_least, at_most) = match kind {
                ServiceKind::BasePlan => (1, usize::MAX),
                ServiceKind::SpacePack | ServiceKind::AdditionalUsers => (1, 1),
                ServiceKind::Module => (0, usize::MAX),
            };
            if count < at_least {
                self.errors.push(CatalogueError::MissingKind(kind));
            } else if count > at_most {
                self.errors.push(CatalogueError::SeveralOfKind(kind));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        currency = "EUR"
        vat_percent = "22"
        [[product]]
        code = "plan"
        kind = "base_plan"
        name = { it = "Piano", en = "Plan" }
        space_mib = 1024
        prices = [{ valid_from = 2026-01-01, yearly = "29.00" }, { valid_from = 2027-01-01, yearly = "31.00" }]
        [[product]]
        code = "pack"
        kind = "space_pack"
        name = { it = "Spazio", en = "Space" }
        prices = [{ valid_from = 2026-01-01, yearly = "12.00" }]
        [[product]]
        code = "users"
        kind = "additional_users"
        name = { it = "Utenti", en = "Users" }
        prices = [{ valid_from = 2026-01-01, yearly = "10.00" }]
    "#;

    /// The faults of the good catalogue with `from` replaced by `to`.
    fn errors_with(from: &str, to: &str) -> Vec<CatalogueError> {
        assert!(GOOD.contains(from), "{from} is not in the good catalogue");
        Catalogue::parse(&GOOD.replacen(from, to, 1)).expect_err(to)
    }

    #[test]
    fn a_good_catalogue_is_read_whole() {
        let catalogue = Catalogue::parse(GOOD).unwrap();
        let prices: Vec<_> = catalogue.products().flat_map(|product| &product.prices).map(|price| price.yearly.cents()).collect();
        assert_eq!(prices, [2900, 3100, 1200, 1000]);
        assert_eq!(catalogue.product("plan").unwrap().name, Names { it: "Piano".into(), en: "Plan".into() });
    }

    #[test]
    fn each_fault_is_named_with_its_product() {
        let (plan, pack) = (|| "plan".to_owned(), || "pack".to_owned());
        for (from, to, error) in [
            (r#""EUR""#, r#""USD""#, CatalogueError::CurrencyNotEuro("USD".into())),
            (r#""22""#, r#""122""#, CatalogueError::VatRate { place: "the catalogue".into(), vat_percent: "122".into() }),
            (r#""12.00""#, r#""12.00", vat_percent = "x""#, CatalogueError::VatRate { place: pack(), vat_percent: "x".into() }),
            (r#""users""#, r#""Users""#, CatalogueError::Code("Users".into())),
            (r#""users""#, r#""pack""#, CatalogueError::DuplicateCode("pack".parse().unwrap())),
            (r#""Space""#, r#"" ""#, CatalogueError::NoName(pack())),
            ("space_mib = 1024", "", CatalogueError::BasePlanWithoutSpace(plan())),
            ("space_mib = 1024", "space_mib = 0", CatalogueError::BasePlanWithoutSpace(plan())),
            (r#"kind = "space_pack""#, "kind = \"space_pack\"\nspace_mib = 5", CatalogueError::SpaceNotItsOwn(pack())),
            (r#"[{ valid_from = 2026-01-01, yearly = "12.00" }]"#, "[]", CatalogueError::NoPrice(pack())),
            (r#""12.00""#, r#""12.0""#, CatalogueError::PriceNotTwoDecimals { product: pack(), yearly: "12.0".into() }),
            (r#""12.00""#, r#""12,00""#, CatalogueError::PriceNotTwoDecimals { product: pack(), yearly: "12,00".into() }),
            (r#""12.00""#, r#""12.005""#, CatalogueError::PriceNotTwoDecimals { product: pack(), yearly: "12.005".into() }),
            (r#""12.00""#, r#""-12.00""#, CatalogueError::NegativePrice { product: pack(), yearly: "-12.00".into() }),
            ("2027-01-01", "2026-01-01", CatalogueError::UnsortedPrices { product: plan(), day: "2026-01-01".parse().unwrap() }),
            ("2027-01-01", "2025-06-30", CatalogueError::UnsortedPrices { product: plan(), day: "2025-06-30".parse().unwrap() }),
            (
                "2027-01-01",
                "2027-01-01T00:00:00Z",
                CatalogueError::ValidFrom { product: plan(), valid_from: "2027-01-01T00:00:00Z".into() },
            ),
        ] {
            assert_eq!(errors_with(from, to), [error], "{from} replaced by {to}");
        }
    }

    #[test]
    fn a_kind_that_is_unknown_missing_or_there_twice_is_named() {
        let unknown = CatalogueError::UnknownKind { product: "pack".into(), kind: "gift".into() };
        assert_eq!(errors_with(r#""space_pack""#, r#""gift""#), [unknown, CatalogueError::MissingKind(ServiceKind::SpacePack)]);
        let twice = [CatalogueError::SeveralOfKind(ServiceKind::SpacePack), CatalogueError::MissingKind(ServiceKind::AdditionalUsers)];
        assert_eq!(errors_with(r#""additional_users""#, r#""space_pack""#), twice);
        let empty = Catalogue::parse("currency = \"EUR\"\nvat_percent = \"22\"").unwrap_err();
        let missing = [ServiceKind::BasePlan, ServiceKind::SpacePack, ServiceKind::AdditionalUsers].map(CatalogueError::MissingKind);
        assert_eq!(empty, missing);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let text = GOOD.replace("EUR", "LIT").replace("1024", "0").replace("\"12.00\"", "\"-1.00\"").replace("\"10.00\"", "\"ten\"");
        let errors = Catalogue::parse(&text).unwrap_err();
        assert_eq!(
            errors,
            [
                CatalogueError::CurrencyNotEuro("LIT".into()),
                CatalogueError::BasePlanWithoutSpace("plan".into()),
                CatalogueError::NegativePrice { product: "pack".into(), yearly: "-1.00".into() },
                CatalogueError::PriceNotTwoDecimals { product: "users".into(), yearly: "ten".into() },
            ]
        );
    }

    #[test]
    fn text_of_another_shape_is_one_fault_that_says_where() {
        let misspelled = GOOD.replace("space_mib", "space_mb");
        let place = 1 + GOOD.lines().position(|line| line.contains("space_mib")).unwrap();
        for (text, at) in [("\ncurrency = ", 2), ("colour = \"red\"", 1), (&misspelled, place)] {
            let errors = Catalogue::parse(text).unwrap_err();
            let told = matches!(&errors[..], [CatalogueError::Unreadable { line, reason }] if *line == at && !reason.contains('\n'));
            assert!(told, "{at}: {errors:?}");
        }
    }
}
