//! Shared messages of the contract, to and from the values everyone shares.

use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Utc};
use prost_types::Timestamp;

use crate::clock::CalendarDay;
use crate::money::Euro;
use crate::notify::language::Language;
use crate::payment::PaymentMethod;
use crate::pb::spazio::v1 as pb;

/// A moment as it is written.
#[must_use]
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0) }
}

/// A moment as it was given, cut to the microseconds that both databases keep.
pub fn moment(time: &Timestamp) -> Result<DateTime<Utc>, &'static str> {
    let nanos = u32::try_from(time.nanos).map_err(|_| NOT_A_TIME)?;
    DateTime::from_timestamp(time.seconds, nanos).map(|time| time.trunc_subsecs(6)).ok_or(NOT_A_TIME)
}

const NOT_A_TIME: &str = "must be a time such as 2026-11-23T10:00:00Z";

/// A day as it is written.
#[must_use]
pub fn day(day: CalendarDay) -> pb::CalendarDay {
    let date = day.date();
    pb::CalendarDay { year: date.year(), month: small(date.month()), day: small(date.day()) }
}

fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(0)
}

/// A day as it was given.
pub fn calendar_day(day: &pb::CalendarDay) -> Result<CalendarDay, String> {
    let number = |n: i32| u32::try_from(n).ok();
    let date = number(day.month).zip(number(day.day)).and_then(|(month, d)| NaiveDate::from_ymd_opt(day.year, month, d));
    date.filter(|date| (1990..2200).contains(&date.year()))
        .and_then(|date| CalendarDay::try_from(date).ok())
        .ok_or_else(|| format!("must be a day of the calendar from 1990 to 2199, is {}-{}-{}", day.year, day.month, day.day))
}

/// An amount in euro as it is written.
#[must_use]
pub fn money(amount: Euro) -> pb::Money {
    let cents = amount.cents();
    pb::Money { currency_code: "EUR".to_owned(), units: cents / 100, cents: i32::try_from(cents % 100).unwrap_or(0) }
}

/// An amount as it was given: its currency, and its hundredths as if they were cents.
pub fn amount(given: &pb::Money) -> Result<(String, Euro), String> {
    let code = &given.currency_code;
    let mut wrong = Vec::new();
    if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        wrong.push(format!("currency_code must be three capital letters such as EUR, is {code:?}"));
    }
    if given.units < 0 {
        wrong.push(format!("units must not be negative, is {}", given.units));
    }
    if !(0..100).contains(&given.cents) {
        wrong.push(format!("cents must be 0 to 99, is {}", given.cents));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let cents = given.units.checked_mul(100).and_then(|cents| cents.checked_add(i64::from(given.cents)));
    match cents {
        Some(cents @ 1..=LARGEST_CENTS) => Euro::from_cents(cents).map(|euro| (code.clone(), euro)).map_err(|error| error.to_string()),
        _ => Err(format!("must be more than 0 and at most 1,000,000,000, is {} and {} cents", given.units, given.cents)),
    }
}

const LARGEST_CENTS: i64 = 100_000_000_000;

/// A means of payment as it is written.
#[must_use]
pub fn payment_method(method: PaymentMethod) -> pb::PaymentMethod {
    match method {
        PaymentMethod::Card => pb::PaymentMethod::Card,
        PaymentMethod::PayPal => pb::PaymentMethod::Paypal,
        PaymentMethod::BankTransfer => pb::PaymentMethod::BankTransfer,
        PaymentMethod::PostalSlip => pb::PaymentMethod::PostalSlip,
    }
}

/// A means of payment as it was given.
pub fn given_payment_method(number: i32) -> Result<PaymentMethod, String> {
    match pb::PaymentMethod::try_from(number) {
        Ok(pb::PaymentMethod::Card) => Ok(PaymentMethod::Card),
        Ok(pb::PaymentMethod::Paypal) => Ok(PaymentMethod::PayPal),
        Ok(pb::PaymentMethod::BankTransfer) => Ok(PaymentMethod::BankTransfer),
        Ok(pb::PaymentMethod::PostalSlip) => Ok(PaymentMethod::PostalSlip),
        Ok(pb::PaymentMethod::Unspecified) => Err("must be given: card, PayPal, bank transfer or postal slip".to_owned()),
        Err(_) => {
            let known = PaymentMethod::ALL.iter().map(|known| payment_method(*known).as_str_name());
            Err(format!("{number} is not a payment method: {}", names(known)))
        }
    }
}

/// The names of an enumeration's values, in a row: `DIRECTION_SENT or DIRECTION_RECEIVED`.
#[must_use]
pub fn names(names: impl IntoIterator<Item = &'static str>) -> String {
    let mut names: Vec<_> = names.into_iter().collect();
    match (names.pop(), names.is_empty()) {
        (Some(last), false) => format!("{} or {last}", names.join(", ")),
        (last, _) => last.unwrap_or_default().to_owned(),
    }
}

/// A language as it was given; not set is Italian.
pub fn language(number: i32) -> Result<Language, String> {
    match pb::Language::try_from(number) {
        Ok(pb::Language::Unspecified | pb::Language::It) => Ok(Language::It),
        Ok(pb::Language::En) => Ok(Language::En),
        Err(_) => Err(format!("{number} is not a language: LANGUAGE_IT or LANGUAGE_EN")),
    }
}
