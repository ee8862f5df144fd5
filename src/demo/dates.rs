//! When the story happens.
//!
//! It ends on the day before today, so that the database it leaves behind can be served afterwards by the system's clock: nothing in it
//! lies in the future, and nothing has expired.

use chrono::Months;

use crate::clock::CalendarDay;

/// The days of the story; those that follow from an answer of the server are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    /// The base plan is bought.
    pub(super) purchase: CalendarDay,
    /// The space is full.
    pub(super) full: CalendarDay,
    /// More space is bought, by card. The renewal runs 7 days before a year has passed since.
    pub(super) second_purchase: CalendarDay,
}

const MONTHS_UNTIL_FULL: u32 = 5;
const MONTHS_UNTIL_SECOND_PURCHASE: u32 = 3;
/// More than whole months lie between the purchases, so that a started month is seen to count whole (B3).
const SOME_DAYS: u32 = 9;
/// The renewal's distance from the expiry (N2), less the day that keeps the story's end behind today.
const DAYS_AHEAD: u32 = 7 - 1;

impl Dates {
    /// The story that has ended by `today`.
    pub(super) fn before(today: CalendarDay) -> Self {
        let second_purchase = minus_months(today.plus_days(DAYS_AHEAD), 12);
        let full = minus_months(second_purchase, MONTHS_UNTIL_SECOND_PURCHASE).minus_days(SOME_DAYS);
        let purchase = minus_months(full, MONTHS_UNTIL_FULL).minus_days(SOME_DAYS);
        Self { purchase, full, second_purchase }
    }

    /// How many days the space took to fill.
    pub(super) fn days_until_full(&self) -> u32 {
        u32::try_from(self.purchase.days_until(self.full)).unwrap_or(0)
    }
}

fn minus_months(day: CalendarDay, months: u32) -> CalendarDay {
    let earlier = day.date().checked_sub_months(Months::new(months));
    earlier.and_then(|date| CalendarDay::try_from(date).ok()).unwrap_or(CalendarDay::FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_every_day_of_the_year_the_story_has_just_ended() {
        let first: CalendarDay = "2026-01-01".parse().unwrap();
        for today in (0..4 * 366).map(|days| first.plus_days(days)) {
            let dates = Dates::before(today);
            let renewal = dates.second_purchase.plus_years(1).minus_days(7);
            let days_since_the_end = renewal.days_until(today);
            assert!((1..=2).contains(&days_since_the_end), "{today}: the renewal runs on {renewal}");
            assert!(dates.purchase < dates.full && dates.full < dates.second_purchase);
            // The first purchase expires before the second, and the base plan outlasts the day on which the space is full.
            assert!(dates.full.plus_days(10).plus_years(1) < dates.second_purchase.plus_years(1));
            assert!(dates.full.plus_days(10) < dates.purchase.plus_years(1));
        }
    }
}
