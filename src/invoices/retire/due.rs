//! Which documents of a deleted account may go.

use super::super::export::{Part, Period};
use super::super::store::{ReceiptRow, Row};
use crate::clock::CalendarDay;
use crate::config::Retention;
use crate::ids::AccountId;
use crate::space::Bytes;

/// For so many years after the one that a document is of, it is kept (article 2220 of the civil code).
const YEARS: i32 = 10;

/// Which documents may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// None.
    Nothing,
    /// Those that are of a day before this one and came before it.
    Before(CalendarDay),
    /// All.
    Everything,
}

impl Due {
    /// Which may go today.
    #[must_use]
    pub fn on(today: CalendarDay, retention: Retention) -> Self {
        match retention {
            Retention::Keep => Self::Nothing,
            Retention::TenYears => CalendarDay::from_ymd(today.year() - YEARS, 1, 1).map_or(Self::Nothing, Self::Before),
            Retention::NinetyDays => Self::Everything,
        }
    }

    /// The days that documents may be listed under which may go; none when none may.
    pub(super) fn period(self) -> Option<Period> {
        match self {
            Self::Nothing => None,
            Self::Before(day) => Some(Period { through: Some(day.minus_days(1)), ..Period::default() }),
            Self::Everything => Some(Period::default()),
        }
    }

    /// An invoice goes with its receipts or not at all.
    fn may_go(self, row: &Row, receipts: &[ReceiptRow]) -> bool {
        match self {
            Self::Nothing => false,
            Self::Before(day) => {
                // A draft's file comes when it is replaced for the last time, and what counts of it begins when it is queued.
                let mut came = receipts.iter().map(|receipt| receipt.created_time).chain([row.updated_time]);
                row.listed_day < day && came.all(|time| time < day.start())
            }
            Self::Everything => true,
        }
    }
}

/// Documents of an account that may go, as many as one file holds; never empty.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(super) account: AccountId,
    pub(super) part: Part,
}

impl Batch {
    /// Those of a part that may go.
    pub(super) fn of(account: AccountId, mut part: Part, due: Due) -> Option<Self> {
        part.invoices.retain(|(row, receipts)| due.may_go(row, receipts));
        let empty = part.invoices.is_empty() && part.receipts.is_empty();
        (!empty).then_some(Self { account, part })
    }

    /// The size of each document.
    pub(super) fn sizes(&self) -> impl Iterator<Item = Bytes> {
        let invoices = self.part.invoices.iter().flat_map(|(row, receipts)| receipts.iter().map(|row| row.size).chain([row.size]));
        invoices.chain(self.part.receipts.iter().map(|row| row.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_years_end_with_the_tenth_year_after() {
        let day = |text: &str| text.parse::<CalendarDay>().unwrap();
        for (today, before) in [("2036-12-31", "2026-01-01"), ("2037-01-01", "2027-01-01"), ("2037-02-28", "2027-01-01")] {
            assert_eq!(Due::on(day(today), Retention::TenYears), Due::Before(day(before)), "{today}");
        }
        assert_eq!(Due::Before(day("2027-01-01")).period().and_then(|period| period.through), Some(day("2026-12-31")));
    }

    #[test]
    fn what_is_not_said_to_go_is_kept() {
        let today = "2036-12-31".parse().unwrap();
        assert_eq!(Due::on(today, Retention::Keep), Due::Nothing);
        assert_eq!(Due::Nothing.period(), None);
        assert_eq!(Due::on(today, Retention::NinetyDays), Due::Everything);
    }
}
