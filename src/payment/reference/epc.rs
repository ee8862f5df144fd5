//! What the QR code of a bank transfer says: EPC069-12, version 002, read by the banking apps of the SEPA area.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::creditor_reference::CreditorReference;
use super::iban::Iban;

/// A SEPA credit transfer that a banking app can fill in from a QR code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpcTransfer {
    beneficiary: String,
    bic: Option<String>,
    iban: Iban,
    cents: u64,
    reference: CreditorReference,
}

/// A transfer that the format cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEpcTransfer {
    /// The beneficiary's name is empty, too long, or has line breaks.
    #[error("the beneficiary's name must have 1 to 70 characters on one line")]
    Beneficiary,
    /// The amount is outside what the format holds.
    #[error("the amount must be from 0.01 to 999999999.99 euro")]
    Amount,
}

impl EpcTransfer {
    /// Most characters of the beneficiary's name.
    pub const LONGEST_NAME: usize = 70;
    const MOST_CENTS: u64 = 99_999_999_999;

    /// A transfer of `cents` euro cents to the beneficiary, with the order's creditor reference.
    pub fn new(
        beneficiary: &str,
        bic: Option<&str>,
        iban: &Iban,
        cents: u64,
        reference: CreditorReference,
    ) -> Result<Self, InvalidEpcTransfer> {
        let name_fits = (1..=Self::LONGEST_NAME).contains(&beneficiary.chars().count());
        if !name_fits || beneficiary.chars().any(char::is_control) {
            return Err(InvalidEpcTransfer::Beneficiary);
        }
        if !(1..=Self::MOST_CENTS).contains(&cents) {
            return Err(InvalidEpcTransfer::Amount);
        }
        Ok(Self { beneficiary: beneficiary.to_owned(), bic: bic.map(str::to_owned), iban: iban.clone(), cents, reference })
    }

    /// The text to encode, at error correction level M as the guideline demands. Lines end with a line feed;
    /// the empty ones are fields that version 002 leaves free.
    #[must_use]
    pub fn payload(&self) -> String {
        let amount = format!("EUR{}.{:02}", self.cents / 100, self.cents % 100);
        let reference = self.reference.to_string();
        let purpose = "";
        [
            "BCD", // service tag
            "002", // version
            "1",   // UTF-8
            "SCT", // SEPA credit transfer
            self.bic.as_deref().unwrap_or_default(),
            &self.beneficiary,
            self.iban.compact(),
            &amount,
            purpose,
            &reference,
        ]
        .join("\n")
    }

    /// The QR code as an SVG picture: black on white, with the quiet zone that readers need.
    ///
    /// # Panics
    /// Never: the fields are bounded, and a test draws the longest transfer.
    #[must_use]
    pub fn qr_code_svg(&self) -> String {
        let code = QrCode::with_error_correction_level(self.payload(), EcLevel::M).expect("a payload of 331 bytes fits version 13");
        code.render::<svg::Color<'_>>().min_dimensions(240, 240).build()
    }
}

#[cfg(test)]
mod tests {
    use super::super::OrderNumber;
    use super::*;

    fn transfer(beneficiary: &str, cents: u64) -> Result<EpcTransfer, InvalidEpcTransfer> {
        let iban = "IT60 X054 2811 1010 0000 0123 456".parse().unwrap();
        let reference = CreditorReference::of(OrderNumber::from_ten_digits(794));
        EpcTransfer::new(beneficiary, Some("BLOPIT22"), &iban, cents, reference)
    }

    #[test]
    fn the_payload_has_the_lines_of_the_guideline() {
        let payload = transfer("Società Esempio S.r.l.", 4880).unwrap().payload();
        assert_eq!(
            payload.lines().collect::<Vec<_>>(),
            [
                "BCD",
                "002",
                "1",
                "SCT",
                "BLOPIT22",
                "Società Esempio S.r.l.",
                "IT60X0542811101000000123456",
                "EUR48.80",
                "",
                &CreditorReference::of(OrderNumber::from_ten_digits(794)).to_string(),
            ]
        );
    }

    #[test]
    fn the_longest_transfer_fits_the_guidelines_331_bytes() {
        let longest = transfer(&"è".repeat(70), 99_999_999_999).unwrap();
        let payload = longest.payload();
        assert!(payload.len() <= 331, "{}", payload.len());
        assert!(longest.qr_code_svg().contains("<svg"));
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        assert_eq!(transfer("", 4880), Err(InvalidEpcTransfer::Beneficiary));
        assert_eq!(transfer("a\nb", 4880), Err(InvalidEpcTransfer::Beneficiary));
        assert_eq!(transfer(&"x".repeat(71), 4880), Err(InvalidEpcTransfer::Beneficiary));
        assert_eq!(transfer("Esempio", 0), Err(InvalidEpcTransfer::Amount));
        assert_eq!(transfer("Esempio", 100_000_000_000), Err(InvalidEpcTransfer::Amount));
        assert!(transfer("Esempio", 5).unwrap().payload().contains("\nEUR0.05\n"));
    }
}
