//! How much to buy: what average consumption will fill until the service expires (S6). An estimate.

use crate::clock::CalendarDay;
use crate::space::{Bytes, Gigabytes};

/// What a recommendation is computed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Consumption {
    /// Bytes stored now (S1).
    pub usage: Bytes,
    /// The day the service was purchased; a day in the future counts as today.
    pub purchased: CalendarDay,
    /// Today in Europe/Rome.
    pub today: CalendarDay,
    /// The day the projection runs to: the service's expiry, or the new one if the cart extends it.
    pub expiry: CalendarDay,
    /// Bytes the account may store today (S2); it is suspended if usage has reached that.
    pub capacity_now: Bytes,
    /// Bytes the account may store on the day of the expiry with what it has now.
    pub capacity_at_expiry: Bytes,
}

/// A recommended quantity with every number it was computed from (S6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recommendation {
    /// Bytes stored now.
    pub usage: Bytes,
    /// Whole days since the purchase, at least 1.
    pub days_since_purchase: u32,
    /// The day the projection runs to.
    pub expiry: CalendarDay,
    /// Days from today to that day; 0 if it has passed.
    pub days_until_expiry: u32,
    /// usage + average x days until expiry, rounded up to the byte; at most [`Bytes::MAX`].
    ///
    /// The average is the exact fraction usage / days since purchase.
    pub projected: Bytes,
    /// Bytes the account may store on that day with what it has now.
    pub capacity_at_expiry: Bytes,
    /// By how much the projection exceeds that capacity, or 0.
    pub missing: Bytes,
    /// What is missing, rounded up to whole GB; at least 1 if the account is suspended now.
    pub recommended: Gigabytes,
    /// Whether the account is suspended now.
    pub suspended: bool,
}

impl Recommendation {
    /// Average consumption since the purchase in bytes a day, floored. For showing only: the projection uses the exact fraction.
    #[must_use]
    pub fn average_bytes_per_day_floored(&self) -> u64 {
        self.usage.get() / u64::from(self.days_since_purchase.max(1))
    }
}

/// Recommends how many GB to buy (S6).
///
/// The only roundings are of results, each upwards so that the recommendation is enough: the projection to the byte,
/// what is missing to the GB.
#[must_use]
pub fn recommend(consumption: &Consumption) -> Recommendation {
    let &Consumption { usage, purchased, today, expiry, capacity_now, capacity_at_expiry } = consumption;
    let suspended = usage >= capacity_now;
    let days_since_purchase = days_between(purchased, today).max(1);
    let days_until_expiry = days_between(today, expiry);
    let projected = project(usage, days_since_purchase, days_until_expiry);
    let missing = projected.saturating_sub(capacity_at_expiry);
    let at_least = if suspended { Gigabytes::ONE } else { Gigabytes::ZERO };
    Recommendation {
        usage,
        days_since_purchase,
        expiry,
        days_until_expiry,
        projected,
        capacity_at_expiry,
        missing,
        recommended: Gigabytes::covering(missing).max(at_least),
        suspended,
    }
}

/// usage + usage / days x days remaining, as one fraction: usage x (days + days remaining) / days.
fn project(usage: Bytes, days_since_purchase: u32, days_until_expiry: u32) -> Bytes {
    let days = u128::from(days_since_purchase);
    bytes((u128::from(usage.get()) * (days + u128::from(days_until_expiry))).div_ceil(days))
}

fn bytes(number: u128) -> Bytes {
    u64::try_from(number).ok().and_then(|number| Bytes::new(number).ok()).unwrap_or(Bytes::MAX)
}

fn days_between(from: CalendarDay, to: CalendarDay) -> u32 {
    u32::try_from(from.days_until(to).max(0)).expect("the calendar has fewer than four million days")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::BYTES_PER_GIGABYTE;
    use proptest::prelude::*;

    fn day(text: &str) -> CalendarDay {
        text.parse().unwrap()
    }

    fn gigabytes(number: u32) -> Bytes {
        Gigabytes::new(number).into()
    }

    /// Half a year after the purchase, half a year before the expiry, 1 GB of capacity.
    fn half_way(usage: Bytes) -> Consumption {
        Consumption {
            usage,
            purchased: day("2026-01-01"),
            today: day("2026-07-02"),
            expiry: day("2026-12-31"),
            capacity_now: gigabytes(100),
            capacity_at_expiry: gigabytes(1),
        }
    }

    #[test]
    fn consumption_so_far_is_projected_to_the_expiry() {
        // 182 days since the purchase, 182 days to go: usage doubles. 0.75 GB become 1.5 GB, 0.5 GB are missing: 1 GB.
        let usage = bytes(u128::from(BYTES_PER_GIGABYTE) * 3 / 4);
        let recommendation = recommend(&half_way(usage));
        assert_eq!((recommendation.days_since_purchase, recommendation.days_until_expiry), (182, 182));
        assert_eq!(recommendation.average_bytes_per_day_floored(), 4_424_760); // 805,306,368 / 182 = 4,424,760.26
        assert_eq!(recommendation.projected.get(), 1_610_612_736);
        assert_eq!(recommendation.missing.get(), 536_870_912);
        assert_eq!(recommendation.recommended, Gigabytes::ONE);
    }

    #[test]
    fn one_byte_over_whole_gigabytes_recommends_one_more() {
        // Twice 1 GB is 2 GB, 1 GB missing exactly; a byte more of usage makes 2 bytes more missing.
        assert_eq!(recommend(&half_way(gigabytes(1))).recommended, Gigabytes::ONE);
        let one_more = gigabytes(1).saturating_add(Bytes::from(1));
        assert_eq!(recommend(&half_way(one_more)).recommended, Gigabytes::new(2));
    }

    #[test]
    fn the_exact_average_is_projected_and_not_the_one_that_is_shown() {
        // 100 bytes in 3 days, 3 days to go: 200 exactly. With the floored average of 33 it would be 199.
        let recommendation = recommend(&Consumption { today: day("2026-01-04"), expiry: day("2026-01-07"), ..half_way(Bytes::from(100)) });
        assert_eq!(recommendation.average_bytes_per_day_floored(), 33);
        assert_eq!(recommendation.projected, Bytes::from(200));
        // 100 bytes in 3 days, 1 day to go: 133 and a third, rounded up.
        let recommendation = recommend(&Consumption { today: day("2026-01-04"), expiry: day("2026-01-05"), ..half_way(Bytes::from(100)) });
        assert_eq!(recommendation.projected, Bytes::from(134));
    }

    #[test]
    fn the_day_of_the_purchase_counts_as_one_day() {
        let recommendation = recommend(&Consumption { today: day("2026-01-01"), expiry: day("2026-01-11"), ..half_way(Bytes::from(10)) });
        assert_eq!(recommendation.days_since_purchase, 1);
        assert_eq!(recommendation.projected, Bytes::from(110));
    }

    #[test]
    fn nothing_more_is_expected_after_the_expiry() {
        let recommendation = recommend(&Consumption { expiry: day("2026-06-30"), ..half_way(gigabytes(3)) });
        assert_eq!(recommendation.days_until_expiry, 0);
        assert_eq!(recommendation.projected, gigabytes(3));
        assert_eq!(recommendation.recommended, Gigabytes::new(2));
    }

    #[test]
    fn a_suspended_account_is_recommended_at_least_one_gigabyte() {
        let enough = Consumption { capacity_at_expiry: gigabytes(9), ..half_way(gigabytes(1)) };
        assert_eq!((recommend(&enough).recommended, recommend(&enough).suspended), (Gigabytes::ZERO, false));
        assert_eq!(recommend(&Consumption { capacity_now: gigabytes(1), ..enough }).recommended, Gigabytes::ONE);
    }

    prop_compose! {
        /// Far more than any account stores, and still within what whole gigabytes can cover.
        fn any_consumption()(
            usage in 0_u64..1 << 40,
            capacity in 0_u64..1 << 41,
            since in 0_u32..5_000,
            until in 0_u32..5_000,
            passed in any::<bool>(),
            capacity_now in 0_u64..1 << 41,
        ) -> Consumption {
            let today = day("2040-02-29");
            Consumption {
                usage: bytes(u128::from(usage)),
                purchased: today.minus_days(since),
                today,
                expiry: if passed { today.minus_days(until) } else { today.plus_days(until) },
                capacity_at_expiry: bytes(u128::from(capacity)),
                capacity_now: bytes(u128::from(capacity_now)),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_recommended_is_enough_and_no_more_than_that(consumption in any_consumption()) {
            let answer = recommend(&consumption);
            let with = |gigabytes: u32| answer.capacity_at_expiry.saturating_add(Gigabytes::new(gigabytes).into());
            prop_assert!(answer.projected >= answer.usage);
            prop_assert!(with(answer.recommended.get()) >= answer.projected);
            let least = u32::from(consumption.usage >= consumption.capacity_now);
            prop_assert!(answer.recommended.get() >= least);
            prop_assert!(answer.recommended.get() == least || with(answer.recommended.get() - 1) < answer.projected);
        }

        #[test]
        fn a_recommendation_never_falls_as_usage_grows(consumption in any_consumption(), more in 0_u32..) {
            let fuller = Consumption { usage: consumption.usage.saturating_add(Bytes::from(more)), ..consumption };
            prop_assert!(recommend(&fuller).recommended >= recommend(&consumption).recommended);
            prop_assert!(recommend(&fuller).projected >= recommend(&consumption).projected);
        }

        #[test]
        fn no_number_is_too_large(usage in 0..=i64::MAX, purchased in 0_u32..3_650_000, expiry in 0_u32..3_650_000) {
            let answer = recommend(&Consumption {
                purchased: CalendarDay::FIRST.plus_days(purchased),
                expiry: CalendarDay::FIRST.plus_days(expiry),
                ..half_way(Bytes::try_from(usage).unwrap())
            });
            prop_assert!(answer.projected >= answer.usage);
        }
    }
}
