//! The day of the calendar that contracts count in.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Rome;

/// A day of the calendar in Europe/Rome, from 0001-01-01 to 9999-12-31.
///
/// A service is good through the whole of its expiry day (B2): days are compared with days, never with instants.
/// Arithmetic that would leave the range stops at its first or last day. The years have four digits, so the ISO text sorts as the days do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CalendarDay(NaiveDate);

impl CalendarDay {
    /// 0001-01-01.
    pub const FIRST: Self = Self(NaiveDate::from_ymd_opt(1, 1, 1).expect("1 January exists in every year"));
    /// 9999-12-31.
    pub const LAST: Self = Self(NaiveDate::from_ymd_opt(9999, 12, 31).expect("31 December exists in every year"));

    /// The day that it is in Rome at `instant`; instants outside the range count as its first or last day.
    #[must_use]
    pub fn of(instant: DateTime<Utc>) -> Self {
        // Rome is ahead of UTC, so only the range's own bounds can be out of reach; clamping first keeps the addition in range.
        let utc = instant.clamp(Self::FIRST.midnight_utc(), Self::LAST.midnight_utc());
        Self(utc.with_timezone(&Rome).date_naive())
    }

    /// The day with this year, month (1 to 12) and day (1 to 31); None if there is none in the range.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(|date| Self::try_from(date).ok())
    }

    /// The date without its meaning.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// The year, 1 to 9999.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// The first instant of the day in Rome.
    ///
    /// Midnight, except where the hour changed at midnight, as it did in Italy until 1980: then the day begins at one o'clock.
    /// The clocks' change at two or three in the night moves neither end of a day.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it never panics: the longest gap in Rome was an hour")]
    pub fn start(self) -> DateTime<Utc> {
        const LONGEST_GAP_MINUTES: i64 = 3 * 60;
        let midnight = self.0.and_time(NaiveTime::MIN);
        (0..=LONGEST_GAP_MINUTES)
            .find_map(|minutes| Rome.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))).earliest())
            .expect("no change of the hour in Rome skipped more than one")
            .to_utc()
    }

    /// So many calendar years later: 29 February and one year is 28 February (B2).
    #[must_use]
    pub fn plus_years(self, years: u32) -> Self {
        self.plus_months(years.saturating_mul(12))
    }

    /// So many calendar months later, clipped to the month's last day: 31 January and one month is 28 or 29 February (B3).
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        self.0.checked_add_months(Months::new(months)).map_or(Self::LAST, Self::within_range)
    }

    /// So many days later.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        self.0.checked_add_days(Days::new(u64::from(days))).map_or(Self::LAST, Self::within_range)
    }

    /// So many days earlier.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        self.0.checked_sub_days(Days::new(u64::from(days))).map_or(Self::FIRST, Self::within_range)
    }

    /// Days from this day to `other`; negative if `other` is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        (other.0 - self.0).num_days()
    }

    fn within_range(date: NaiveDate) -> Self {
        Self(date).clamp(Self::FIRST, Self::LAST)
    }

    fn midnight_utc(self) -> DateTime<Utc> {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }
}

impl TryFrom<NaiveDate> for CalendarDay {
    type Error = InvalidDay;

    fn try_from(date: NaiveDate) -> Result<Self, InvalidDay> {
        if (1..=9999).contains(&date.year()) { Ok(Self(date)) } else { Err(InvalidDay) }
    }
}

/// ISO 8601: `2026-11-23`.
impl fmt::Display for CalendarDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads exactly what Display writes, so that a day has one spelling.
impl FromStr for CalendarDay {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let date: NaiveDate = text.parse().map_err(|_| InvalidDay)?;
        let day = Self::try_from(date)?;
        if day.to_string() == text { Ok(day) } else { Err(InvalidDay) }
    }
}

/// Something that is not a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a day of the calendar from 0001-01-01 to 9999-12-31, written as year, month and day, such as 2026-02-28")]
pub struct InvalidDay;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> CalendarDay {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn any_day() -> impl Strategy<Value = CalendarDay> {
        (0..=CalendarDay::FIRST.days_until(CalendarDay::LAST)).prop_map(|n| CalendarDay::FIRST.plus_days(u32::try_from(n).unwrap()))
    }

    #[test]
    fn the_day_is_the_one_in_rome() {
        assert_eq!(CalendarDay::of(instant("2026-01-14T22:59:59Z")), day("2026-01-14"));
        assert_eq!(CalendarDay::of(instant("2026-01-14T23:00:00Z")), day("2026-01-15"));
        assert_eq!(CalendarDay::of(instant("2026-07-14T21:59:59Z")), day("2026-07-14"));
        assert_eq!(CalendarDay::of(instant("2026-07-14T22:00:00Z")), day("2026-07-15"));
    }

    #[test]
    fn a_day_has_23_hours_when_summer_time_begins_and_25_when_it_ends() {
        let hours = |text| (day(text).plus_days(1).start() - day(text).start()).num_hours();
        assert_eq!([hours("2026-03-28"), hours("2026-03-29"), hours("2026-03-30")], [24, 23, 24]);
        assert_eq!([hours("2026-10-24"), hours("2026-10-25"), hours("2026-10-26")], [24, 25, 24]);
    }

    #[test]
    fn a_day_whose_midnight_was_skipped_begins_at_one() {
        // Italy, 22 May 1966: the clocks went from 00:00 to 01:00.
        let start = day("1966-05-22").start();
        assert_eq!(start, instant("1966-05-21T23:00:00Z"));
        assert_eq!(start.with_timezone(&Rome).time(), NaiveTime::from_hms_opt(1, 0, 0).unwrap());
    }

    #[test]
    fn every_day_from_1900_to_2100_begins_with_its_first_instant() {
        let mut today = day("1900-01-01");
        while today <= day("2100-12-31") {
            let start = today.start();
            assert_eq!(CalendarDay::of(start), today);
            assert_eq!(CalendarDay::of(start - TimeDelta::microseconds(1)), today.minus_days(1));
            today = today.plus_days(1);
        }
    }

    #[test]
    fn months_and_years_are_clipped_to_the_last_day_of_the_month() {
        for (from, months, to) in [
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2026-03-31", 1, "2026-04-30"),
            ("2026-02-28", 1, "2026-03-28"),
            ("2026-11-30", 3, "2027-02-28"),
            ("2026-12-31", 2, "2027-02-28"),
            ("2026-05-15", 0, "2026-05-15"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2028-02-29", 48, "2032-02-29"),
        ] {
            assert_eq!(day(from).plus_months(months), day(to), "{from} and {months} months");
        }
        assert_eq!(day("2028-02-29").plus_years(1), day("2029-02-28"));
        assert_eq!(day("2028-02-29").plus_years(4), day("2032-02-29"));
        assert_eq!(day("2027-02-28").plus_years(1), day("2028-02-28"));
        assert_eq!(day("2099-02-28").plus_years(1), day("2100-02-28"));
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_the_calendar() {
        assert_eq!(CalendarDay::LAST.plus_days(1), CalendarDay::LAST);
        assert_eq!(CalendarDay::LAST.plus_years(u32::MAX), CalendarDay::LAST);
        assert_eq!(day("2026-01-01").plus_months(u32::MAX), CalendarDay::LAST);
        assert_eq!(CalendarDay::FIRST.minus_days(u32::MAX), CalendarDay::FIRST);
        assert_eq!(CalendarDay::of(DateTime::<Utc>::MAX_UTC), CalendarDay::LAST);
        assert_eq!(CalendarDay::of(DateTime::<Utc>::MIN_UTC), CalendarDay::FIRST);
        assert_eq!(CalendarDay::of(CalendarDay::LAST.start()), CalendarDay::LAST);
        assert!(CalendarDay::FIRST.start() < CalendarDay::FIRST.plus_days(1).start());
    }

    #[test]
    fn a_day_has_one_spelling() {
        for text in [
            "2026-2-28",
            "26-02-28",
            " 2026-02-28",
            "2026-02-28 ",
            "2026-02-29",
            "2026/02/28",
            "+2026-02-28",
            "10000-01-01",
            "0000-01-01",
            "",
        ] {
            assert_eq!(text.parse::<CalendarDay>(), Err(InvalidDay), "{text:?}");
        }
        assert_eq!(CalendarDay::from_ymd(2026, 2, 28), Some(day("2026-02-28")));
        assert_eq!(CalendarDay::from_ymd(2026, 2, 29), None);
        assert_eq!(CalendarDay::from_ymd(10_000, 1, 1), None);
    }

    proptest! {
        #[test]
        fn a_day_reads_back_as_it_was_written_and_its_text_sorts_as_it_does(a in any_day(), b in any_day()) {
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn days_until_counts_what_plus_days_adds(from in any_day(), days in 0_u32..100_000) {
            let to = from.plus_days(days);
            prop_assert_eq!(from.days_until(to), i64::from(days).min(from.days_until(CalendarDay::LAST)));
            prop_assert_eq!(to.days_until(from), -from.days_until(to));
        }

        #[test]
        fn a_month_later_is_in_the_next_month_and_never_on_a_later_day(from in any_day(), months in 0_u32..2_400) {
            let to = from.plus_months(months);
            prop_assume!(to < CalendarDay::LAST);
            let month_number = |day: CalendarDay| day.year() * 12 + i32::try_from(day.month()).unwrap();
            prop_assert_eq!(month_number(to) - month_number(from), i32::try_from(months).unwrap());
            prop_assert!(to.day() <= from.day());
            prop_assert!(to.day() == from.day() || to.plus_days(1).day() == 1, "clipped only to the month's last day");
        }

        #[test]
        fn every_instant_lies_in_the_day_it_is_of(seconds in 0_i64..4_102_444_800) {
            let instant = DateTime::from_timestamp(seconds, 0).unwrap();
            let day = CalendarDay::of(instant);
            prop_assert!(day.start() <= instant && instant < day.plus_days(1).start());
        }
    }
}
