//! Numbers of a document, exact: how they are read, compared and shown.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::fatturapa::tree::Element;
use crate::fatturapa::values::decimal;

/// One cent.
pub(super) const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// A hundred, which percentages are parts of.
pub(super) const HUNDRED: Decimal = Decimal::from_parts(100, 0, 0, false, 0);

/// The number that an element holds. One that the schemas do not allow is the schema verdict's matter.
pub(super) fn number_of(element: Element<'_, '_>) -> Option<Decimal> {
    decimal(element.text().trim())
}

/// The number of the element with this name; none if it is not there or cannot be read.
pub(super) fn number_at(parent: Element<'_, '_>, name: &str) -> Option<Decimal> {
    parent.child(name).and_then(number_of)
}

/// The number of the element with this name, `default` if there is no such element; none if it cannot be read.
pub(super) fn number_or(parent: Element<'_, '_>, name: &str, default: Decimal) -> Option<Decimal> {
    parent.child(name).map_or(Some(default), number_of)
}

/// A sum; none if any of the numbers is missing or the sum is too large.
pub(super) fn sum(numbers: impl IntoIterator<Item = Option<Decimal>>) -> Option<Decimal> {
    numbers.into_iter().try_fold(Decimal::ZERO, |sum, number| sum.checked_add(number?))
}

/// So many per cent of an amount.
pub(super) fn per_cent(amount: Decimal, rate: Decimal) -> Option<Decimal> {
    amount.checked_mul(rate)?.checked_div(HUNDRED)
}

/// Rounded to cents, half a cent up as the specification wants; below zero, away from it.
pub(super) fn to_cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Whether two amounts differ by no more than this.
pub(super) fn within(tolerance: Decimal, one: Decimal, other: Decimal) -> bool {
    one.checked_sub(other).is_some_and(|difference| difference.abs() <= tolerance)
}

/// A number as it would stand in a file: with a point and at least two decimals, at most 8.
pub(super) fn shown(number: Decimal) -> String {
    let mut number = number.round_dp(8).normalize();
    if number.scale() < 2 {
        number.rescale(2);
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        text.parse().expect("a number")
    }

    #[test]
    fn half_a_cent_is_rounded_up() {
        for (exact, rounded) in [("1500.2448", "1500.24"), ("1500.2458", "1500.25"), ("0.005", "0.01"), ("-0.005", "-0.01")] {
            assert_eq!(to_cents(of(exact)), of(rounded));
        }
    }

    #[test]
    fn a_difference_as_large_as_the_tolerance_is_allowed() {
        assert!(within(CENT, of("1.01"), of("1.00")) && within(CENT, of("0.99"), of("1.00")));
        assert!(!within(CENT, of("1.01000001"), of("1.00")));
        assert!(!within(CENT, Decimal::MAX, Decimal::MIN));
    }

    #[test]
    fn numbers_are_shown_as_they_stand_in_files() {
        for (number, expected) in
            [("1", "1.00"), ("1.500", "1.50"), ("1.12345678", "1.12345678"), ("-0.0", "0.00"), ("42092.05875", "42092.05875")]
        {
            assert_eq!(shown(of(number)), expected);
        }
    }

    #[test]
    fn what_cannot_be_added_up_has_no_sum() {
        assert_eq!(sum([Some(of("0.10")), Some(of("0.20"))]), Some(of("0.30")));
        assert_eq!(sum([Some(Decimal::ONE), None]), None);
        assert_eq!(sum([Some(Decimal::MAX), Some(Decimal::MAX)]), None);
        assert_eq!(sum([]), Some(Decimal::ZERO));
    }
}
