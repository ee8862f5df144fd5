//! The contract's values as a manager reads them.

use crate::clock::CalendarDay;
use crate::pb::spazio::v1 as pb;
use crate::space::Bytes;
use crate::wire;

/// The day of an answer; what is no day of the calendar is none.
pub(super) fn calendar_day(day: Option<&pb::CalendarDay>) -> Option<CalendarDay> {
    day.and_then(|day| wire::calendar_day(day).ok())
}

/// A day of an answer as text: `3 Mar 2027`.
pub(super) fn day(day: Option<&pb::CalendarDay>) -> String {
    calendar_day(day).map_or_else(|| "none".to_owned(), short)
}

/// `3 Mar 2027`.
pub(super) fn short(day: CalendarDay) -> String {
    day.date().format("%-d %b %Y").to_string()
}

/// `Monday 3 March 2027`.
pub(super) fn long(day: CalendarDay) -> String {
    day.date().format("%A %-d %B %Y").to_string()
}

/// An amount in cents; 0 if it is missing.
pub(super) fn cents(amount: Option<&pb::Money>) -> i64 {
    amount.map_or(0, |amount| amount.units * 100 + i64::from(amount.cents))
}

/// An amount: `€14.64`.
pub(super) fn euro(amount: Option<&pb::Money>) -> String {
    let cents = cents(amount);
    format!("€{}.{:02}", cents / 100, cents % 100)
}

/// A number of bytes: `3.9 MB`.
pub(super) fn bytes(number: u64) -> String {
    Bytes::new(number).unwrap_or(Bytes::MAX).to_string()
}

/// A number of bytes to the byte: `4,194,304`.
pub(super) fn exact(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How much is used, in per cent, cut to two decimals (S7).
pub(super) fn percentage(usage: u64, capacity: u64) -> String {
    let hundredths = (u128::from(usage) * 10_000).checked_div(u128::from(capacity)).unwrap_or(10_000);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A payment method.
pub(super) fn method(method: pb::PaymentMethod) -> &'static str {
    match method {
        pb::PaymentMethod::Unspecified => "none",
        pb::PaymentMethod::Card => "card",
        pb::PaymentMethod::Paypal => "PayPal",
        pb::PaymentMethod::BankTransfer => "bank transfer",
        pb::PaymentMethod::PostalSlip => "postal slip",
    }
}

/// An action of the panel.
pub(super) fn action(action: pb::Action) -> &'static str {
    match action {
        pb::Action::Unspecified => "none",
        pb::Action::WriteSentInvoices => "write sent invoices",
        pb::Action::ReadSentInvoices => "read sent invoices",
        pb::Action::ReceiveInvoices => "receive invoices",
        pb::Action::ReadReceivedInvoices => "read received invoices",
        pb::Action::Purchase => "buy, pay, renew",
    }
}

/// A service or a line with its quantity, where it has one.
pub(super) fn with_quantity(name: &str, unit: &str, quantity: u32) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name}, {quantity} {unit}") }
}

/// In what a product's quantity is counted; nothing for those that are one.
pub(super) fn unit(kind: pb::ServiceKind) -> &'static str {
    match kind {
        pb::ServiceKind::SpacePack => "GB",
        pb::ServiceKind::AdditionalUsers => "users",
        pb::ServiceKind::Unspecified | pb::ServiceKind::BasePlan | pb::ServiceKind::Module => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (4_194_304, "4,194,304"), (1_073_741_824, "1,073,741,824")] {
            assert_eq!(exact(number), shown);
        }
    }

    #[test]
    fn amounts_and_days_are_shown_as_people_write_them() {
        let amount = pb::Money { currency_code: "EUR".to_owned(), units: 14, cents: 4 };
        assert_eq!(euro(Some(&amount)), "€14.04");
        assert_eq!(day(Some(&pb::CalendarDay { year: 2027, month: 3, day: 3 })), "3 Mar 2027");
    }
}
