//! Italian working days: when a payment that takes its time is expected to be recorded (B7).
//!
//! A working day is a Monday to Friday that is no national holiday. The patron saint of a town is no
//! holiday here: banks and post offices elsewhere go on recording payments.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Fewest working days a postal slip takes to be recorded (B7).
pub const POSTAL_SLIP_EARLIEST: u32 = 5;
/// Most working days a postal slip takes to be recorded (B7).
pub const POSTAL_SLIP_LATEST: u32 = 7;

/// National holidays on a fixed day, as (month, day): law 260/1949 as it stands now.
const FIXED_HOLIDAYS: [(u32, u32); 10] = [(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)];

/// The year from which 4 October (Saint Francis) is a national holiday: law 151/2025.
const SAINT_FRANCIS_SINCE: i32 = 2026;

/// Whether banks and post offices record payments on this day.
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_national_holiday(day)
}

/// Whether the day is a national holiday; ordinary Sundays are not counted as such.
#[must_use]
pub fn is_national_holiday(day: NaiveDate) -> bool {
    let month_and_day = (day.month(), day.day());
    FIXED_HOLIDAYS.contains(&month_and_day)
        || (month_and_day == (10, 4) && day.year() >= SAINT_FRANCIS_SINCE)
        || month_and_day == easter_monday(day.year())
}

/// The day that is `count` working days after `from`; 0 gives `from` itself, working day or not.
#[must_use]
pub fn add_working_days(from: NaiveDate, count: u32) -> NaiveDate {
    let mut day = from;
    for _ in 0..count {
        day = next_working_day(day);
    }
    day
}

/// The first working day after `from`: when a bank transfer made on `from` is recorded (B7).
#[must_use]
pub fn next_working_day(from: NaiveDate) -> NaiveDate {
    let mut day = from;
    loop {
        day = day + Days::new(1);
        if is_working_day(day) {
            return day;
        }
    }
}

/// The first and the last day on which a postal slip paid on `paid_on` is expected to be recorded (B7).
#[must_use]
pub fn postal_slip_recorded_between(paid_on: NaiveDate) -> (NaiveDate, NaiveDate) {
    (add_working_days(paid_on, POSTAL_SLIP_EARLIEST), add_working_days(paid_on, POSTAL_SLIP_LATEST))
}

/// Easter Monday as (month, day), by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
/// Its one-letter names are kept, so that it can be compared with the book.
#[expect(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn easter_monday(year: i32) -> (u32, u32) {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let f = (b + 8).div_euclid(25);
    let g = (b - f + 1).div_euclid(3);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let easter_sunday_since_1_march = h + l - 7 * m + 21;
    // The remainders above keep Easter Monday between 23 March and 26 April.
    let monday = (easter_sunday_since_1_march + 1).unsigned_abs();
    if monday < 31 { (3, monday + 1) } else { (4, monday - 30) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_monday_falls_where_the_almanac_says() {
        for (year, month, day) in [
            (2000, 4, 24),
            (2008, 3, 24),
            (2019, 4, 22),
            (2024, 4, 1),
            (2025, 4, 21),
            (2026, 4, 6),
            (2027, 3, 29),
            (2028, 4, 17),
            (2038, 4, 26),
        ] {
            assert_eq!(easter_monday(year), (month, day), "{year}");
        }
    }

    #[test]
    fn saint_francis_is_a_holiday_only_since_the_law_says_so() {
        assert!(is_working_day(day("2024-10-04")));
        assert!(!is_working_day(day("2027-10-04")));
    }

    #[test]
    fn a_bank_transfer_made_on_a_friday_is_recorded_on_monday() {
        assert_eq!(next_working_day(day("2026-11-20")), day("2026-11-23"));
    }

    #[test]
    fn a_bank_transfer_made_before_christmas_waits_for_the_holidays_and_the_weekend() {
        // 25 December 2026 is a Friday, 26 a Saturday.
        assert_eq!(next_working_day(day("2026-12-24")), day("2026-12-28"));
    }

    #[test]
    fn easter_monday_is_skipped() {
        assert_eq!(next_working_day(day("2026-04-03")), day("2026-04-07"));
    }

    #[test]
    fn a_postal_slip_takes_five_to_seven_working_days() {
        assert_eq!(postal_slip_recorded_between(day("2026-11-23")), (day("2026-11-30"), day("2026-12-02")));
        // Across the Immaculate Conception, Tuesday 8 December.
        assert_eq!(postal_slip_recorded_between(day("2026-12-02")), (day("2026-12-10"), day("2026-12-14")));
    }

    proptest! {
        #[test]
        fn easter_monday_is_a_monday_within_its_bounds(year in 1600..4000_i32) {
            let (month, day) = easter_monday(year);
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            prop_assert_eq!(date.weekday(), Weekday::Mon);
            prop_assert!(((3, 23)..=(4, 26)).contains(&(month, day)));
        }

        #[test]
        fn what_is_reached_is_a_working_day_and_counts_back(offset in 0..40_000_u64, count in 1..30_u32) {
            let from = day("2000-01-01") + Days::new(offset);
            let reached = add_working_days(from, count);
            prop_assert!(is_working_day(reached));
            let between = from.iter_days().skip(1).take_while(|d| *d <= reached).filter(|d| is_working_day(*d));
            prop_assert_eq!(between.count(), usize::try_from(count).unwrap());
        }
    }
}
