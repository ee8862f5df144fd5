//! The structured reference of a bank transfer.

use std::fmt;
use std::str::FromStr;

use super::iso7064;
use super::order_number::{InvalidOrderNumber, OrderNumber};

/// An ISO 11649 creditor reference that carries an order number: "RF", two check digits, the 12 digits.
///
/// Banks check it when the transfer is typed in, so a mistyped one seldom reaches us.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CreditorReference(OrderNumber);

/// Text that is no creditor reference of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCreditorReference {
    /// It does not begin with RF and two digits.
    #[error("a creditor reference begins with RF and two check digits")]
    NotRf,
    /// Its check digits do not fit.
    #[error("the check digits of the creditor reference do not fit: look for a mistyped character")]
    CheckDigits,
    /// It is a creditor reference, but carries no order number: somebody else's.
    #[error("the creditor reference carries no order number of ours: {0}")]
    OrderNumber(#[from] InvalidOrderNumber),
}

impl CreditorReference {
    /// The reference that leads to the order with this number.
    #[must_use]
    pub const fn of(order: OrderNumber) -> Self {
        Self(order)
    }

    /// The order it leads to.
    #[must_use]
    pub const fn order_number(self) -> OrderNumber {
        self.0
    }

    /// As people read it: in groups of four, as ISO 11649 wants it on paper.
    #[must_use]
    pub fn grouped(self) -> String {
        in_groups_of_four(&self.to_string())
    }

    fn check_digits(order: OrderNumber) -> u64 {
        let remainder = iso7064::remainder(&format!("{order}RF00")).expect("digits and upper-case letters only");
        iso7064::check_digits(remainder)
    }
}

/// Splits a text of ASCII characters into groups of four.
pub(super) fn in_groups_of_four(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What people and banks add or change when they copy a reference: spaces and lower case.
pub(super) fn without_spaces_upper_case(text: &str) -> String {
    text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect()
}

impl FromStr for CreditorReference {
    type Err = InvalidCreditorReference;

    fn from_str(text: &str) -> Result<Self, InvalidCreditorReference> {
        let compact = without_spaces_upper_case(text);
        let rest = compact.strip_prefix("RF").ok_or(InvalidCreditorReference::NotRf)?;
        let (check, body) = rest.split_at_checked(2).ok_or(InvalidCreditorReference::NotRf)?;
        if !check.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidCreditorReference::NotRf);
        }
        if iso7064::remainder(&format!("{body}RF{check}")) != Some(iso7064::VALID) {
            return Err(InvalidCreditorReference::CheckDigits);
        }
        Ok(Self(body.parse()?))
    }
}

impl fmt::Display for CreditorReference {
    /// The electronic form, without spaces: "RF" and 14 digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RF{:02}{}", Self::check_digits(self.0), self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_digits_are_those_of_the_standard() {
        // The example of ISO 11649: RF18 5390 0754 7034.
        assert_eq!(iso7064::remainder("539007547034RF00").map(iso7064::check_digits), Some(18));
        assert_eq!(iso7064::remainder("539007547034RF18"), Some(iso7064::VALID));
    }

    #[test]
    fn it_is_read_however_it_was_copied() {
        let reference = CreditorReference::of(OrderNumber::from_ten_digits(1_234_567_890));
        assert_eq!(reference.grouped().to_lowercase().parse(), Ok(reference));
        assert_eq!(reference.grouped().split(' ').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
    }

    #[test]
    fn a_reference_of_somebody_else_is_told_from_a_typo() {
        assert_eq!(
            "RF18 5390 0754 7034".parse::<CreditorReference>(),
            Err(InvalidCreditorReference::OrderNumber(InvalidOrderNumber::CheckDigits))
        );
        assert_eq!("RF19 5390 0754 7034".parse::<CreditorReference>(), Err(InvalidCreditorReference::CheckDigits));
        assert_eq!("ordine 12".parse::<CreditorReference>(), Err(InvalidCreditorReference::NotRf));
        assert_eq!("RF1è".parse::<CreditorReference>(), Err(InvalidCreditorReference::NotRf));
    }

    proptest! {
        #[test]
        fn every_order_has_a_reference_that_leads_back(random: u64) {
            let order = OrderNumber::from_ten_digits(random);
            let text = CreditorReference::of(order).to_string();
            prop_assert_eq!(text.len(), 16);
            prop_assert_eq!(text.parse::<CreditorReference>().unwrap().order_number(), order);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}") {
            let _ = text.parse::<CreditorReference>();
        }
    }
}
