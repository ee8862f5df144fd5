//! The customer code of a pre-printed postal slip ("bollettino premarcato", document type 896).

use std::fmt;
use std::str::FromStr;

use super::order_number::{InvalidOrderNumber, OrderNumber};

/// The four digits that our slips begin with: they tell the issuer's kinds of slip apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SlipPrefix(u16);

/// The 18 digits of a slip: the prefix, the order number, and the remainder of these 16 digits by 93.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SlipCode {
    prefix: SlipPrefix,
    order: OrderNumber,
}

/// Text that is no slip code of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSlipCode {
    /// A prefix that is not four digits.
    #[error("the prefix of slip codes has four digits")]
    Prefix,
    /// A code that is not 18 digits.
    #[error("a slip code has 18 digits")]
    NotEighteenDigits,
    /// The last two digits are not the remainder of the others by 93.
    #[error("the last two digits of the slip code do not fit the others: look for a mistyped digit")]
    CheckDigits,
    /// It is a slip code, but carries no order number of ours.
    #[error("the slip code carries no order number of ours: {0}")]
    OrderNumber(#[from] InvalidOrderNumber),
}

impl FromStr for SlipPrefix {
    type Err = InvalidSlipCode;

    fn from_str(text: &str) -> Result<Self, InvalidSlipCode> {
        if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidSlipCode::Prefix);
        }
        text.parse().map(Self).map_err(|_| InvalidSlipCode::Prefix)
    }
}

impl fmt::Display for SlipPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl SlipCode {
    const DIGITS: usize = 18;
    const MODULUS: u64 = 93;

    /// The code that leads to the order with this number.
    #[must_use]
    pub const fn of(prefix: SlipPrefix, order: OrderNumber) -> Self {
        Self { prefix, order }
    }

    /// The order it leads to.
    #[must_use]
    pub const fn order_number(self) -> OrderNumber {
        self.order
    }

    /// The kind of slip.
    #[must_use]
    pub const fn prefix(self) -> SlipPrefix {
        self.prefix
    }
}

impl FromStr for SlipCode {
    type Err = InvalidSlipCode;

    fn from_str(text: &str) -> Result<Self, InvalidSlipCode> {
        if text.len() != Self::DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidSlipCode::NotEighteenDigits);
        }
        let number: u64 = text.parse().map_err(|_| InvalidSlipCode::NotEighteenDigits)?;
        if number / 100 % Self::MODULUS != number % 100 {
            return Err(InvalidSlipCode::CheckDigits);
        }
        Ok(Self { prefix: text[..4].parse()?, order: text[4..16].parse()? })
    }
}

impl fmt::Display for SlipCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = u64::from(self.prefix.0) * 1_000_000_000_000 + self.order.as_u64();
        write!(f, "{body:016}{:02}", body % Self::MODULUS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_two_digits_are_the_remainder_by_93() {
        let code = SlipCode::of("0042".parse().unwrap(), OrderNumber::from_ten_digits(794));
        assert_eq!(code.to_string(), "004200000007944404");
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!("12345".parse::<SlipPrefix>(), Err(InvalidSlipCode::Prefix));
        assert_eq!("+123".parse::<SlipPrefix>(), Err(InvalidSlipCode::Prefix));
        assert_eq!("123".parse::<SlipCode>(), Err(InvalidSlipCode::NotEighteenDigits));
        // Right for a slip (12 / 93 leaves 12), but no order number ends in 12 zeros and a 12.
        assert_eq!("000000000000001212".parse::<SlipCode>(), Err(InvalidSlipCode::OrderNumber(InvalidOrderNumber::CheckDigits)));
        assert_eq!("000000000000001213".parse::<SlipCode>(), Err(InvalidSlipCode::CheckDigits));
    }

    proptest! {
        #[test]
        fn every_order_has_a_code_that_leads_back(random: u64, prefix in 0..10_000_u32) {
            let prefix: SlipPrefix = format!("{prefix:04}").parse().unwrap();
            let code = SlipCode::of(prefix, OrderNumber::from_ten_digits(random));
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }
    }
}
