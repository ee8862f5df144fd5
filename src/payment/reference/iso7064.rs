//! ISO 7064 mod 97-10, the checksum under IBANs, creditor references and our order numbers.

/// The remainder by 97 of an alphanumeric text, letters counting 10 (A) to 35 (Z) as two digits.
///
/// None if a character is neither an ASCII digit nor an upper-case ASCII letter.
pub(super) fn remainder(text: &str) -> Option<u64> {
    text.chars().try_fold(0, |remainder, c| match c {
        '0'..='9' => Some((remainder * 10 + u64::from(c.to_digit(10)?)) % 97),
        'A'..='Z' => Some((remainder * 100 + u64::from(c.to_digit(36)?)) % 97),
        _ => None,
    })
}

/// The two check digits (2 to 98) that make `remainder * 100 + digits` leave 1.
///
/// `remainder_with_zeros` is the remainder of the text with "00" where the check digits will stand.
pub(super) fn check_digits(remainder_with_zeros: u64) -> u64 {
    98 - remainder_with_zeros
}

/// The remainder that a text with right check digits leaves.
pub(super) const VALID: u64 = 1;
