//! How full the space is, in four levels (S5).

use crate::space::Bytes;
use crate::words::words;

words! {
    /// How full the space is. The order is the order of urgency, so that crossing upwards is `>`.
    pub enum Level {
        /// Below the warning threshold.
        Ok = "ok",
        /// From the warning threshold.
        Warning = "warning",
        /// From the critical threshold.
        Critical = "critical",
        /// usage >= capacity: the account is suspended.
        Exhausted = "exhausted",
    }
}

/// From how many per cent of the capacity an account is warned (S5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thresholds {
    warning: u8,
    critical: u8,
}

impl Thresholds {
    /// Thresholds in per cent. Errors: unless 0 < warning < critical < 100, because each level must be able to occur.
    pub const fn new(warning: u8, critical: u8) -> Result<Self, InvalidThresholds> {
        if 0 < warning && warning < critical && critical < 100 {
            Ok(Self { warning, critical })
        } else {
            Err(InvalidThresholds { warning, critical })
        }
    }

    /// The per cent from which the level is WARNING.
    #[must_use]
    pub const fn warning(self) -> u8 {
        self.warning
    }

    /// The per cent from which the level is CRITICAL.
    #[must_use]
    pub const fn critical(self) -> u8 {
        self.critical
    }

    /// The level of `usage` in `capacity` (S5): EXHAUSTED exactly when usage >= capacity, thus always when there is no capacity.
    ///
    /// Compared in exact integers, never by the floored percentage that is shown (S7).
    #[must_use]
    pub fn level(self, usage: Bytes, capacity: Bytes) -> Level {
        let reached = |percent: u8| u128::from(usage.get()) * 100 >= u128::from(capacity.get()) * u128::from(percent);
        if usage >= capacity {
            Level::Exhausted
        } else if reached(self.critical) {
            Level::Critical
        } else if reached(self.warning) {
            Level::Warning
        } else {
            Level::Ok
        }
    }
}

/// 70% and 90% (S5).
impl Default for Thresholds {
    fn default() -> Self {
        Self { warning: 70, critical: 90 }
    }
}

/// Thresholds under which a level could never occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the warning threshold is {warning}% and the critical one {critical}%; it must be 0 < warning < critical < 100")]
pub struct InvalidThresholds {
    /// The warning threshold that was given, in per cent.
    pub warning: u8,
    /// The critical threshold that was given, in per cent.
    pub critical: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{BYTES_PER_GIGABYTE, Percentage};
    use proptest::prelude::*;

    fn bytes(number: u64) -> Bytes {
        Bytes::new(number).unwrap()
    }

    fn level_of(usage: u64, capacity: u64) -> Level {
        Thresholds::default().level(bytes(usage), bytes(capacity))
    }

    #[test]
    fn a_level_begins_with_the_first_byte_that_reaches_its_threshold() {
        // 70% of 1 GB are 751,619,276.8 bytes, 90% are 966,367,641.6: the next whole byte reaches them.
        let gigabyte = BYTES_PER_GIGABYTE;
        for (usage, expected) in [
            (0, Level::Ok),
            (751_619_276, Level::Ok),
            (751_619_277, Level::Warning),
            (966_367_641, Level::Warning),
            (966_367_642, Level::Critical),
            (gigabyte - 1, Level::Critical),
            (gigabyte, Level::Exhausted),
            (gigabyte * 5, Level::Exhausted),
        ] {
            assert_eq!(level_of(usage, gigabyte), expected, "{usage} bytes");
        }
    }

    #[test]
    fn exactly_a_threshold_reaches_it() {
        let expected = [Level::Ok, Level::Warning, Level::Warning, Level::Critical, Level::Critical, Level::Exhausted];
        assert_eq!([69, 70, 89, 90, 99, 100].map(|usage| level_of(usage, 100)), expected);
    }

    #[test]
    fn no_capacity_is_exhausted_by_nothing() {
        assert_eq!(level_of(0, 0), Level::Exhausted);
        assert_eq!(level_of(0, 1), Level::Ok);
    }

    #[test]
    fn thresholds_are_refused_under_which_a_level_could_not_occur() {
        assert_eq!(Thresholds::new(70, 90), Ok(Thresholds::default()));
        for (warning, critical) in [(0, 90), (90, 90), (90, 70), (70, 100), (101, 120)] {
            assert_eq!(Thresholds::new(warning, critical), Err(InvalidThresholds { warning, critical }));
        }
    }

    #[test]
    fn the_order_of_levels_is_the_order_of_urgency() {
        assert_eq!(Level::ALL, [Level::Ok, Level::Warning, Level::Critical, Level::Exhausted]);
        assert!(Level::ALL.is_sorted());
    }

    fn any_number() -> std::ops::RangeInclusive<u64> {
        0..=i64::MAX.unsigned_abs()
    }

    proptest! {
        #[test]
        fn a_level_never_falls_as_usage_grows(a in any_number(), b in any_number(), capacity in any_number()) {
            prop_assert!(level_of(a.min(b), capacity) <= level_of(a.max(b), capacity));
        }

        #[test]
        fn exhausted_is_shown_as_a_hundred_per_cent_and_nothing_else_is(usage in 0_u64..10_000, capacity in 0_u64..10_000) {
            let shown = Percentage::of(bytes(usage), bytes(capacity)).hundredths();
            prop_assert_eq!(level_of(usage, capacity) == Level::Exhausted, shown >= 10_000);
        }
    }
}
