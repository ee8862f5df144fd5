//! The number a customer reads on an order and writes on a transfer.

use std::fmt;
use std::str::FromStr;

use super::iso7064;

/// An order's number: 12 digits, ten chosen at random and two check digits (ISO 7064 mod 97-10).
///
/// Random, so that it tells nobody how many orders there are; checked, so that one mistyped digit or two
/// swapped neighbours never lead to somebody else's order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OrderNumber(u64);

/// Text that is no order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrderNumber {
    /// It is not 12 digits long.
    #[error("an order number has 12 digits, this has {found} characters")]
    Length {
        /// How many characters were found, spaces left out.
        found: usize,
    },
    /// Something in it is not a digit.
    #[error("an order number has digits only")]
    NotDigits,
    /// The check digits do not fit the others.
    #[error("the check digits of the order number do not fit: look for a mistyped or swapped digit")]
    CheckDigits,
}

impl OrderNumber {
    /// How many digits an order number has.
    pub const DIGITS: usize = 12;
    const BODIES: u64 = 10_000_000_000;

    /// The order number whose first ten digits are those of `random`, which is taken modulo 10^10.
    #[must_use]
    pub fn from_ten_digits(random: u64) -> Self {
        let with_zeros = random % Self::BODIES * 100;
        Self(with_zeros + iso7064::check_digits(with_zeros % 97))
    }

    /// The number itself, as it is stored: at most 12 digits, the leading zeros not seen.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for OrderNumber {
    type Error = InvalidOrderNumber;

    fn try_from(number: u64) -> Result<Self, InvalidOrderNumber> {
        format!("{number:012}").parse()
    }
}

impl FromStr for OrderNumber {
    type Err = InvalidOrderNumber;

    /// Reads 12 digits; spaces between them are how people copy them, and do no harm.
    fn from_str(text: &str) -> Result<Self, InvalidOrderNumber> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let found = digits.chars().count();
        if found != Self::DIGITS {
            return Err(InvalidOrderNumber::Length { found });
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidOrderNumber::NotDigits);
        }
        let number: u64 = digits.parse().map_err(|_| InvalidOrderNumber::NotDigits)?;
        // Rebuilding it also refuses check digits 00, 01 and 99, which leave the right remainder but are
        // never issued: each order has one number only.
        if Self::from_ten_digits(number / 100).0 != number {
            return Err(InvalidOrderNumber::CheckDigits);
        }
        Ok(Self(number))
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_digits_are_those_of_the_standard() {
        // ISO 7064's own example: 794 takes the check digits 44.
        assert_eq!(OrderNumber::from_ten_digits(794).to_string(), "000000079444");
        assert_eq!(OrderNumber::from_ten_digits(0).to_string(), "000000000098");
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!("00000007944".parse::<OrderNumber>(), Err(InvalidOrderNumber::Length { found: 11 }));
        assert_eq!("00000007944x".parse::<OrderNumber>(), Err(InvalidOrderNumber::NotDigits));
        assert_eq!("000000079445".parse::<OrderNumber>(), Err(InvalidOrderNumber::CheckDigits));
        assert_eq!("0000 0007 9444".parse::<OrderNumber>(), Ok(OrderNumber::from_ten_digits(794)));
    }

    #[test]
    fn check_digits_that_are_never_issued_are_refused() {
        // 0000000000|01 leaves the remainder 1 too, but the number issued is 0000000000|98.
        assert_eq!("000000000001".parse::<OrderNumber>(), Err(InvalidOrderNumber::CheckDigits));
    }

    proptest! {
        #[test]
        fn every_number_reads_back(random: u64) {
            let number = OrderNumber::from_ten_digits(random);
            prop_assert_eq!(number.to_string().len(), OrderNumber::DIGITS);
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            prop_assert_eq!(OrderNumber::try_from(number.as_u64()), Ok(number));
        }

        #[test]
        fn one_mistyped_digit_is_found(random: u64, place in 0..12_usize, other in 1..10_u8) {
            let mut digits = OrderNumber::from_ten_digits(random).to_string().into_bytes();
            digits[place] = b'0' + (digits[place] - b'0' + other) % 10;
            let typo = String::from_utf8(digits).unwrap();
            prop_assert_eq!(typo.parse::<OrderNumber>(), Err(InvalidOrderNumber::CheckDigits));
        }

        #[test]
        fn two_swapped_neighbours_are_found(random: u64, place in 0..11_usize) {
            let mut digits = OrderNumber::from_ten_digits(random).to_string().into_bytes();
            prop_assume!(digits[place] != digits[place + 1]);
            digits.swap(place, place + 1);
            let typo = String::from_utf8(digits).unwrap();
            prop_assert_eq!(typo.parse::<OrderNumber>(), Err(InvalidOrderNumber::CheckDigits));
        }
    }
}
