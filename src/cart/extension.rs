//! Co-termination: which services a purchase prolongs to the new expiry, and how many months that costs (B2, B3).
//!
//! A base plan that has expired, and what becomes of it (D):
//!
//! * up to 90 days ago, it is prolonged from its old expiry, and so are the services that were good on its last day: they stopped
//!   with it, so they come back with it. The months are counted from the old expiry, the gap included: renewing late saves nothing.
//!   What had expired before stays expired, as in an account that works.
//! * longer ago, the account was deleted and the plan is bought anew: it runs from today for the whole term.

use std::fmt;
use std::ops::RangeInclusive;

use crate::account::state::GRACE_DAYS;
use crate::clock::CalendarDay;

/// The terms that can be bought, in years (N4).
pub const TERM_YEARS: RangeInclusive<u32> = 1..=10;

/// A number of calendar months that is paid for; a started month counts whole (B3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Months(u32);

impl Months {
    /// So many months.
    #[must_use]
    pub const fn new(months: u32) -> Self {
        Self(months)
    }

    /// The months of so many years.
    #[must_use]
    pub const fn of_years(years: u32) -> Self {
        Self(years.saturating_mul(12))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Months {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The smallest n >= 1 for which `old_expiry` + n calendar months, clipped to the month's last day, is not before `new_expiry` (B3).
///
/// None if nothing is missing: the service lasts as long or longer.
#[must_use]
pub fn missing_months(old_expiry: CalendarDay, new_expiry: CalendarDay) -> Option<Months> {
    if old_expiry >= new_expiry {
        return None;
    }
    let count = |day: CalendarDay| day.year().unsigned_abs() * 12 + day.month();
    // So many months lead into the month of the new expiry: one less ends before it, one more after it.
    let into_its_month = count(new_expiry) - count(old_expiry);
    let reached = old_expiry.plus_months(into_its_month) >= new_expiry;
    Some(Months(into_its_month + u32::from(!reached)))
}

/// How the services of an account are brought to one expiry by a purchase that is activated today.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoTermination {
    new_expiry: CalendarDay,
    term: Months,
    base_plan: Option<BasePlan>,
    /// Services good on this day count as active.
    active_on: CalendarDay,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BasePlan {
    /// Good, or expired at most 90 days ago.
    Kept(CalendarDay),
    Deleted,
}

impl CoTermination {
    /// A purchase on `today` for so many years, in an account whose base plan expires on `base_expiry`, if it has one.
    #[must_use]
    pub fn new(today: CalendarDay, term_years: u32, base_expiry: Option<CalendarDay>) -> Self {
        let base_plan = base_expiry.map(|expiry| {
            let deleted = today > expiry.plus_days(GRACE_DAYS);
            if deleted { BasePlan::Deleted } else { BasePlan::Kept(expiry) }
        });
        let active_on = match base_plan {
            Some(BasePlan::Kept(expiry)) => today.min(expiry),
            Some(BasePlan::Deleted) | None => today,
        };
        Self { new_expiry: today.plus_years(term_years), term: Months::of_years(term_years), base_plan, active_on }
    }

    /// Activation day + term, in calendar years (B2).
    #[must_use]
    pub fn new_expiry(&self) -> CalendarDay {
        self.new_expiry
    }

    /// The whole term, which everything that is bought now runs (B3).
    #[must_use]
    pub fn term(&self) -> Months {
        self.term
    }

    /// Whether a service with this expiry is active: good today, or on the last day of a base plan that has expired since.
    #[must_use]
    pub fn is_active(&self, expiry: CalendarDay) -> bool {
        expiry >= self.active_on
    }

    /// The months that prolong a service with this expiry to the new one; None if it is not active, or lasts as long already.
    #[must_use]
    pub fn months_for(&self, expiry: CalendarDay) -> Option<Months> {
        if self.is_active(expiry) { missing_months(expiry, self.new_expiry) } else { None }
    }

    /// The months that prolong the base plan to the new expiry, or buy it anew; None if there is none, or it lasts as long already.
    #[must_use]
    pub fn months_for_base_plan(&self) -> Option<Months> {
        match self.base_plan? {
            BasePlan::Kept(expiry) => self.months_for(expiry),
            BasePlan::Deleted => Some(self.term),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> CalendarDay {
        text.parse().unwrap()
    }

    fn missing(old: &str, new: &str) -> Option<u32> {
        missing_months(day(old), day(new)).map(Months::get)
    }

    #[test]
    fn a_started_month_counts_whole() {
        for (old, new, months) in [
            ("2026-11-22", "2026-11-23", Some(1)),
            ("2026-11-23", "2026-12-23", Some(1)),
            ("2026-11-23", "2026-12-24", Some(2)),
            ("2026-11-23", "2027-11-23", Some(12)),
            ("2026-11-23", "2027-11-24", Some(13)),
            ("2027-03-15", "2027-11-23", Some(9)),
            ("2026-11-23", "2036-11-23", Some(120)),
            ("2026-11-23", "2026-11-23", None),
            ("2026-11-24", "2026-11-23", None),
        ] {
            assert_eq!(missing(old, new), months, "from {old} to {new}");
        }
    }

    #[test]
    fn a_clipped_month_is_a_whole_month() {
        // 31 January + 1 month is 28 February, or the 29th in a leap year.
        assert_eq!(missing("2026-01-31", "2026-02-28"), Some(1));
        assert_eq!(missing("2028-01-31", "2028-02-29"), Some(1));
        assert_eq!(missing("2026-01-31", "2026-03-01"), Some(2));
        assert_eq!(missing("2026-02-28", "2026-03-31"), Some(2));
        assert_eq!(missing("2028-02-29", "2029-02-28"), Some(12));
        assert_eq!(missing("2027-02-28", "2028-02-29"), Some(13));
    }

    #[test]
    fn the_new_expiry_counts_calendar_years() {
        let expiry = |today, years| CoTermination::new(day(today), years, None).new_expiry();
        assert_eq!(expiry("2026-11-23", 1), day("2027-11-23"));
        assert_eq!(expiry("2028-02-29", 1), day("2029-02-28"));
        assert_eq!(expiry("2028-02-29", 4), day("2032-02-29"));
        assert_eq!(CoTermination::new(day("2026-11-23"), 10, None).term().get(), 120);
    }

    #[test]
    fn a_service_is_active_through_its_expiry_day() {
        let purchase = CoTermination::new(day("2026-11-23"), 1, Some(day("2027-03-15")));
        assert_eq!(purchase.months_for(day("2026-11-23")), Some(Months(12)));
        assert_eq!(purchase.months_for(day("2026-11-22")), None);
        assert_eq!(purchase.months_for(day("2027-11-22")), Some(Months(1)));
        assert_eq!(purchase.months_for(day("2027-11-23")), None, "it lasts as long");
        assert_eq!(purchase.months_for(day("2029-01-01")), None, "it outlasts the new expiry");
        assert_eq!(purchase.months_for_base_plan(), Some(Months(9)));
    }

    #[test]
    fn what_stopped_with_the_base_plan_comes_back_with_it_from_its_old_expiry() {
        // 10 October + 13 months is 10 November 2027, before the 23rd: 14 months, the gap included.
        let purchase = CoTermination::new(day("2026-11-23"), 1, Some(day("2026-10-10")));
        assert_eq!(purchase.months_for_base_plan(), Some(Months(14)));
        assert_eq!(purchase.months_for(day("2026-10-10")), Some(Months(14)));
        assert_eq!(purchase.months_for(day("2026-11-01")), Some(Months(13)));
        assert_eq!(purchase.months_for(day("2026-10-09")), None, "it had expired before");
    }

    #[test]
    fn a_base_plan_can_be_prolonged_for_90_days_and_is_bought_anew_later() {
        let purchase_on = |today| CoTermination::new(day(today), 2, Some(day("2026-12-31")));
        // 31 March 2027 is the 90th day. To 31 March 2029 it is 27 months from 31 December 2026.
        assert_eq!(purchase_on("2027-03-31").months_for_base_plan(), Some(Months(27)));
        assert!(purchase_on("2027-03-31").is_active(day("2026-12-31")));
        assert_eq!(purchase_on("2027-04-01").months_for_base_plan(), Some(Months(24)));
        assert!(!purchase_on("2027-04-01").is_active(day("2026-12-31")));
        assert!(purchase_on("2027-04-01").is_active(day("2027-04-01")));
    }

    #[test]
    fn an_account_without_a_base_plan_prolongs_none() {
        assert_eq!(CoTermination::new(day("2026-11-23"), 1, None).months_for_base_plan(), None);
    }

    proptest! {
        #[test]
        fn the_missing_months_are_enough_and_one_less_is_not(old in 0_u32..40_000, gap in 1_u32..5_000) {
            let old = day("1990-01-01").plus_days(old);
            let new = old.plus_days(gap);
            let Months(months) = missing_months(old, new).expect("a gap of days is a gap of months");
            prop_assert!(months >= 1);
            prop_assert!(old.plus_months(months) >= new);
            prop_assert!(months == 1 || old.plus_months(months - 1) < new);
        }

        #[test]
        fn nothing_is_missing_to_a_service_that_lasts_as_long(old in 0_u32..40_000, earlier in 0_u32..5_000) {
            let old = day("1990-01-01").plus_days(old);
            prop_assert_eq!(missing_months(old, old.minus_days(earlier)), None);
        }

        #[test]
        fn a_service_that_is_active_costs_at_most_the_term_and_the_gap(today in 0_u32..40_000, term in 1_u32..=10, ahead in 0_u32..5_000) {
            let today = day("1990-01-01").plus_days(today);
            let purchase = CoTermination::new(today, term, Some(today));
            let months = purchase.months_for(today.plus_days(ahead));
            prop_assert!(months.is_none_or(|months| months <= purchase.term()));
            prop_assert_eq!(months.is_none(), today.plus_days(ahead) >= purchase.new_expiry());
        }
    }
}
