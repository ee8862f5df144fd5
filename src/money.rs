//! Euro, VAT, and the one way to round: half up to the cent (B5). Every calculation is exact, in whole cents.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU64;

use rust_decimal::{Decimal, RoundingStrategy};

/// An amount of money in euro, in whole cents, never negative: this product takes payments and grants space, it owes nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Euro {
    cents: i64,
}

impl Euro {
    /// Nothing.
    pub const ZERO: Self = Self { cents: 0 };
    /// The largest amount: databases keep cents as signed 64-bit integers.
    pub const MAX: Self = Self { cents: i64::MAX };

    /// So many cents. Errors: [`MoneyError::Negative`].
    pub const fn from_cents(cents: i64) -> Result<Self, MoneyError> {
        if cents < 0 { Err(MoneyError::Negative) } else { Ok(Self { cents }) }
    }

    /// The amount in cents.
    #[must_use]
    pub const fn cents(self) -> i64 {
        self.cents
    }

    /// The amount rounded half up to the cent: 0.005 is 0.01. Errors: [`MoneyError::Negative`], [`MoneyError::TooLarge`].
    pub fn from_decimal_half_up(amount: Decimal) -> Result<Self, MoneyError> {
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(MoneyError::Negative);
        }
        // Away from zero is upwards, because nothing here is below zero.
        let mut rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(2);
        // Rescaling keeps fewer decimals when the digits do not fit, which only an amount far beyond MAX can cause.
        if rounded.scale() != 2 {
            return Err(MoneyError::TooLarge);
        }
        i64::try_from(rounded.mantissa()).map_or(Err(MoneyError::TooLarge), Self::from_cents)
    }

    /// The amount with two decimals.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.cents, 2)
    }

    /// The sum. Errors: [`MoneyError::TooLarge`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.cents.checked_add(other.cents).map(|cents| Self { cents }).ok_or(MoneyError::TooLarge)
    }

    /// The sum of all. Errors: [`MoneyError::TooLarge`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// amount x numerator / denominator, rounded half up to the cent once, at the end. Errors: [`MoneyError::TooLarge`].
    pub fn share(self, numerator: u64, denominator: NonZeroU64) -> Result<Self, MoneyError> {
        let product = u128::from(self.cents.unsigned_abs()) * u128::from(numerator);
        let denominator = u128::from(denominator.get());
        let (whole, rest) = (product / denominator, product % denominator);
        let rounded = whole + u128::from(2 * rest >= denominator);
        i64::try_from(rounded).map(|cents| Self { cents }).map_err(|_| MoneyError::TooLarge)
    }
}

/// `1234.56 EUR`: the same in every language.
impl fmt::Display for Euro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} EUR", self.cents / 100, self.cents % 100)
    }
}

/// A rate of VAT from 0% to 100%, in basis points: 2200 is 22%.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VatRate {
    basis_points: u16,
}

impl VatRate {
    /// The rate with so many hundredths of a per cent. Errors: [`MoneyError::NotAVatRate`] above 10000.
    pub const fn from_basis_points(basis_points: u16) -> Result<Self, MoneyError> {
        if basis_points > 10_000 { Err(MoneyError::NotAVatRate) } else { Ok(Self { basis_points }) }
    }

    /// The rate in per cent, at most two decimals: 22, 5.5. Errors: [`MoneyError::NotAVatRate`].
    pub fn from_percent(percent: Decimal) -> Result<Self, MoneyError> {
        let basis_points = percent.checked_mul(Decimal::ONE_HUNDRED).filter(Decimal::is_integer).ok_or(MoneyError::NotAVatRate)?;
        u16::try_from(basis_points).map_or(Err(MoneyError::NotAVatRate), Self::from_basis_points)
    }

    /// The rate in hundredths of a per cent.
    #[must_use]
    pub const fn basis_points(self) -> u16 {
        self.basis_points
    }

    /// The VAT on `net`, half up to the cent (B5).
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it never panics: at most 100% of an amount is at most that amount")]
    pub fn vat_on(self, net: Euro) -> Euro {
        const WHOLE: NonZeroU64 = NonZeroU64::new(10_000).expect("not zero");
        net.share(u64::from(self.basis_points), WHOLE).expect("at most 100% of an amount is at most that amount")
    }
}

/// The per cent without the sign and without needless zeros: `22`, `5.5`.
impl fmt::Display for VatRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(i64::from(self.basis_points), 2).normalize().fmt(f)
    }
}

/// The sum of lines with one rate, and the VAT on that sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VatAmount {
    /// The rate.
    pub rate: VatRate,
    /// The sum of the lines.
    pub net: Euro,
    /// The VAT on [`VatAmount::net`], half up to the cent.
    pub vat: Euro,
}

/// What lines add up to: VAT is reckoned per rate on the sum of the lines, never line by line (B5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amounts {
    /// The sum of the lines.
    pub net: Euro,
    /// One entry per rate, lowest rate first.
    pub vat: Vec<VatAmount>,
    /// The net and every VAT.
    pub total: Euro,
}

impl Amounts {
    /// Adds up lines, each given as its rate and its net. Errors: [`MoneyError::TooLarge`].
    pub fn of(lines: impl IntoIterator<Item = (VatRate, Euro)>) -> Result<Self, MoneyError> {
        let mut per_rate = BTreeMap::<VatRate, Euro>::new();
        for (rate, net) in lines {
            let sum = per_rate.entry(rate).or_default();
            *sum = sum.checked_add(net)?;
        }
        let vat: Vec<_> = per_rate.into_iter().map(|(rate, net)| VatAmount { rate, net, vat: rate.vat_on(net) }).collect();
        let net = Euro::sum(vat.iter().map(|amount| amount.net))?;
        let total = Euro::sum(vat.iter().map(|amount| amount.vat))?.checked_add(net)?;
        Ok(Self { net, vat, total })
    }
}

/// Why something is not an amount or a rate of this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below zero.
    #[error("an amount of money cannot be negative")]
    Negative,
    /// More than [`Euro::MAX`].
    #[error("an amount of money is larger than can be kept: at most {} is possible", Euro::MAX)]
    TooLarge,
    /// Not from 0% to 100% in steps of 0.01%.
    #[error("a VAT rate must be from 0 to 100 per cent with at most two decimals")]
    NotAVatRate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cents(cents: i64) -> Euro {
        Euro::from_cents(cents).unwrap()
    }

    fn rate(basis_points: u16) -> VatRate {
        VatRate::from_basis_points(basis_points).unwrap()
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn half_a_cent_is_rounded_up() {
        for (amount, rounded) in
            [("0", 0), ("-0.00", 0), ("0.004999", 0), ("0.005", 1), ("0.015", 2), ("0.025", 3), ("1.2", 120), ("29", 2900)]
        {
            assert_eq!(Euro::from_decimal_half_up(decimal(amount)), Ok(cents(rounded)), "{amount}");
        }
    }

    #[test]
    fn an_amount_is_never_negative_and_never_more_than_can_be_kept() {
        assert_eq!(Euro::from_cents(-1), Err(MoneyError::Negative));
        assert_eq!(Euro::from_decimal_half_up(decimal("-0.001")), Err(MoneyError::Negative));
        assert_eq!(Euro::from_decimal_half_up(decimal("92233720368547758.07")), Ok(Euro::MAX));
        assert_eq!(Euro::from_decimal_half_up(decimal("92233720368547758.075")), Err(MoneyError::TooLarge));
        assert_eq!(Euro::from_decimal_half_up(Decimal::MAX), Err(MoneyError::TooLarge));
        assert_eq!(Euro::MAX.checked_add(cents(1)), Err(MoneyError::TooLarge));
        assert_eq!(Euro::MAX.share(2, NonZeroU64::MIN), Err(MoneyError::TooLarge));
        assert_eq!(Euro::MAX.share(u64::MAX, NonZeroU64::MAX), Ok(Euro::MAX));
        assert_eq!(Euro::sum([Euro::MAX, cents(1)]), Err(MoneyError::TooLarge));
    }

    #[test]
    fn amounts_and_rates_are_written_the_same_in_every_language() {
        assert_eq!(cents(123_456).to_string(), "1234.56 EUR");
        assert_eq!(cents(5).to_string(), "0.05 EUR");
        assert_eq!(rate(2200).to_string(), "22");
        assert_eq!(rate(550).to_string(), "5.5");
        assert_eq!(rate(0).to_string(), "0");
        assert_eq!(rate(10_000).to_string(), "100");
    }

    #[test]
    fn a_rate_lies_between_0_and_100_per_cent() {
        assert_eq!(VatRate::from_percent(decimal("22")), Ok(rate(2200)));
        assert_eq!(VatRate::from_percent(decimal("5.50")), Ok(rate(550)));
        for text in ["-1", "100.01", "22.005", "79228162514264337593543950335"] {
            assert_eq!(VatRate::from_percent(decimal(text)), Err(MoneyError::NotAVatRate), "{text}");
        }
        assert_eq!(VatRate::from_basis_points(10_001), Err(MoneyError::NotAVatRate));
    }

    #[test]
    fn vat_is_rounded_half_up() {
        // 22% of 0.25 is 0.055, of 0.02 is 0.0044, of 12.00 is 2.64; 5% of 0.10 is 0.005.
        assert_eq!(rate(2200).vat_on(cents(25)), cents(6));
        assert_eq!(rate(2200).vat_on(cents(2)), cents(0));
        assert_eq!(rate(2200).vat_on(cents(1200)), cents(264));
        assert_eq!(rate(500).vat_on(cents(10)), cents(1));
        assert_eq!(rate(10_000).vat_on(Euro::MAX), Euro::MAX);
    }

    #[test]
    fn vat_is_reckoned_on_the_sum_of_the_lines_of_a_rate() {
        // Two lines of 0.02 at 22%: on the sum 0.0088, that is 0.01; line by line it would be 0.00. One line of 1.00 at 4%: 0.04.
        let amounts = Amounts::of([(rate(2200), cents(2)), (rate(400), cents(100)), (rate(2200), cents(2))]).unwrap();
        let per_rate = |basis_points, net, vat| VatAmount { rate: rate(basis_points), net: cents(net), vat: cents(vat) };
        assert_eq!(amounts.vat, [per_rate(400, 100, 4), per_rate(2200, 4, 1)]);
        assert_eq!((amounts.net, amounts.total), (cents(104), cents(109)));
        assert_eq!(Amounts::of([]).unwrap(), Amounts { net: Euro::ZERO, vat: vec![], total: Euro::ZERO });
        assert_eq!(Amounts::of([(rate(2200), Euro::MAX)]), Err(MoneyError::TooLarge));
    }

    proptest! {
        #[test]
        fn a_share_agrees_with_decimal_arithmetic(
            amount in 0_i64..10_000_000_000,
            numerator in 0_u64..100_000,
            denominator in 1_u64..1_000,
        ) {
            let exact = Decimal::new(amount, 2) * Decimal::from(numerator) / Decimal::from(denominator);
            let share = cents(amount).share(numerator, NonZeroU64::new(denominator).unwrap());
            prop_assert_eq!(share, Euro::from_decimal_half_up(exact));
        }

        #[test]
        fn an_amount_reads_back_from_its_decimal(amount in 0_i64..) {
            prop_assert_eq!(Euro::from_decimal_half_up(cents(amount).to_decimal()), Ok(cents(amount)));
        }

        #[test]
        fn a_total_is_its_net_and_its_vat(lines in prop::collection::vec((0_u16..=10_000, 0_i64..1_000_000_000), 0..20)) {
            let amounts = Amounts::of(lines.iter().map(|&(points, net)| (rate(points), cents(net)))).unwrap();
            prop_assert_eq!(amounts.net.cents(), lines.iter().map(|&(_, net)| net).sum::<i64>());
            prop_assert_eq!(amounts.total.cents() - amounts.net.cents(), amounts.vat.iter().map(|vat| vat.vat.cents()).sum::<i64>());
            prop_assert!(amounts.vat.is_sorted_by(|a, b| a.rate < b.rate), "each rate once, lowest first");
        }
    }
}
