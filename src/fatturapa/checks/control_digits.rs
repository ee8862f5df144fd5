//! Control digits: whether a number can be right at all. Whether it exists, only its register knows.

/// Whether an Italian VAT number (partita IVA), or an 11-digit fiscal code, has 11 digits of which the last fits.
///
/// Of the first ten, every second is doubled, with 9 taken off above 9; the last makes the sum a multiple of 10.
pub(super) fn vat_number_fits(code: &str) -> bool {
    let digits = code.bytes().all(|byte| byte.is_ascii_digit()) && code.len() == 11;
    let sum: u32 = code
        .bytes()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit @ 0..5) => digit * 2,
                (_, digit) => digit * 2 - 9,
            }
        })
        .sum();
    // Zeros fit each other, and are nobody's number.
    digits && sum > 0 && sum.is_multiple_of(10)
}

/// Whether a fiscal code (codice fiscale) can be right: 11 digits as above, or 16 characters of a person.
///
/// A person's are 6 letters of the name, year, month, day, place, and a control letter. Where two people would have the same code, letters
/// from the list LMNPQRSTUV stand for some of its digits (omocodia); the control letter is made over them as they are.
pub(super) fn fiscal_code_fits(code: &str) -> bool {
    let bytes = code.as_bytes();
    if bytes.len() != 16 {
        return vat_number_fits(code);
    }
    let fits = |(place, byte): (usize, &u8)| match place {
        6 | 7 | 9 | 10 | 12..=14 => byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte),
        8 => b"ABCDEHLMPRST".contains(byte),
        _ => byte.is_ascii_uppercase(),
    };
    bytes.iter().enumerate().all(fits) && bytes.last() == control_letter(&bytes[..15]).as_ref()
}

/// The control letter of the 15 characters before it.
fn control_letter(code: &[u8]) -> Option<u8> {
    /// What the letters from A on weigh at the 1st, 3rd and so on place; the digits weigh what the first ten letters do.
    const ODD: [u32; 26] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let mut sum = 0;
    for (place, byte) in code.iter().enumerate() {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A',
            _ => return None,
        };
        sum += if place % 2 == 0 { ODD[usize::from(value)] } else { u32::from(value) };
    }
    u8::try_from(sum % 26).ok().map(|letter| b'A' + letter)
}

/// Whether the check digits of an IBAN fit (ISO 7064, mod 97-10), and its length where it is of Italy or San Marino.
pub(super) fn iban_fits(iban: &str) -> bool {
    let long_enough = iban.is_ascii() && (15..=34).contains(&iban.len());
    let national = ["IT", "SM"].iter().any(|country| iban.starts_with(country));
    if !long_enough || (national && iban.len() != 27) {
        return false;
    }
    let (beginning, account) = iban.split_at(4);
    let remainder = account.bytes().chain(beginning.bytes()).try_fold(0_u32, |remainder, byte| {
        let value = char::from(byte).to_digit(36)?;
        Some(if value < 10 { remainder * 10 + value } else { remainder * 100 + value } % 97)
    });
    remainder == Some(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vat_numbers_end_in_the_digit_that_fits() {
        for code in ["01234567897", "09876543217", "00743110157"] {
            assert!(vat_number_fits(code), "{code}");
        }
        for code in ["01234567890", "1234567897", "00000000000", "0123456789A", "", "RSSMRA80A01H501U", "٠1234567897"] {
            assert!(!vat_number_fits(code), "{code}");
        }
    }

    #[test]
    fn fiscal_codes_end_in_the_letter_that_fits() {
        for code in ["RSSMRA80A01H501U", "MRTMTT91D08F205J", "01234567897"] {
            assert!(fiscal_code_fits(code), "{code}");
        }
        for code in [
            "RSSMRA80A01H501V",
            "RSSMRA80F01H501U",
            "RSSMRA8OA01H501U",
            "rssmra80a01h501u",
            "RSSMRA80A01H501",
            "012345678",
            "ÀSSMRA80A01H501",
        ] {
            assert!(!fiscal_code_fits(code), "{code}");
        }
    }

    #[test]
    fn letters_may_stand_for_digits_in_fiscal_codes() {
        assert!(fiscal_code_fits("RSSMRA80A01H50MM"));
        assert!(fiscal_code_fits("RSSMRAULALMHRLMD"));
        assert!(!fiscal_code_fits("RSSMRA80A01H50MU"));
        assert!(!fiscal_code_fits("RSSMRA80A01H50AU"));
    }

    #[test]
    fn ibans_have_check_digits_that_fit() {
        for iban in [
            "IT60X0542811101000000123456",
            "it60x0542811101000000123456",
            "DE89370400440532013000",
            "NL91ABNA0417164300",
            "SM86U0322509800000000270100",
        ] {
            assert!(iban_fits(iban), "{iban}");
        }
        for iban in [
            "IT61X0542811101000000123456",
            "IT60X054281110100000012345",
            "IT60 X0542811101000000123456",
            "DE89",
            "",
            "ÈÈ60X0542811101000000123456",
        ] {
            assert!(!iban_fits(iban), "{iban}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in ".{0,40}") {
            let _ = (vat_number_fits(&text), fiscal_code_fits(&text), iban_fits(&text));
        }

        #[test]
        fn one_mistyped_digit_of_a_vat_number_is_found(place in 0..11_usize, other in 1..10_u8) {
            let mut code = *b"01234567897";
            code[place] = b'0' + (code[place] - b'0' + other) % 10;
            prop_assert!(!vat_number_fits(std::str::from_utf8(&code).expect("digits")));
        }
    }
}
