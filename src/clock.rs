//! The time: where `now` comes from, and the day of the calendar that contracts count in.
//!
//! No other file reads the system's clock. Rules take `now` or a [`CalendarDay`] as an argument, so a test can put them
//! on any day, and a person can walk a running service through a year of renewals.

mod day;
mod shift;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

pub use day::{CalendarDay, InvalidDay};
use shift::Shift;
pub use shift::ShiftError;

/// Where `now` comes from. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970.
    Manual(Arc<AtomicI64>),
    Shifted(Arc<Shift>),
}

impl Clock {
    /// The system's time.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System }
    }

    /// A clock that stands still at `start` until it is moved by [`Clock::advance`] or [`Clock::set`]. For tests.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self { source: Source::Manual(Arc::new(AtomicI64::new(start.timestamp_micros()))) }
    }

    /// The system's time plus the whole number of seconds, positive or negative, that the file at `path` holds.
    ///
    /// The file is read at every [`Clock::now`], so a script can move the time of a running process. An empty file
    /// means 0. For development only: each reading costs a file access. Errors: the file is missing now, which a slip in its name would
    /// be, or holds something else. If it does so later, half written perhaps, the last good number stays in force, and the log says so.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, ShiftError> {
        Ok(Self { source: Source::Shifted(Arc::new(Shift::of(path.into())?)) })
    }

    /// The present moment, whole microseconds: PostgreSQL keeps no more, and a value must read back as it was written.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.source {
            Source::System => system_now(),
            Source::Manual(micros) => at(micros.load(Ordering::SeqCst)),
            Source::Shifted(shift) => system_now() + shift.current(),
        }
    }

    /// Moves a manual clock, and its clones, forward; at most to the last moment that can be represented.
    ///
    /// # Panics
    ///
    /// If the clock is not manual: time that passes by itself cannot be moved.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        let last = DateTime::<Utc>::MAX_UTC.timestamp_micros();
        let move_on = |now: i64| Some(now.saturating_add(micros).min(last));
        let moved = self.hand().fetch_update(Ordering::SeqCst, Ordering::SeqCst, move_on);
        debug_assert!(moved.is_ok(), "move_on always answers Some");
    }

    /// Puts a manual clock, and its clones, to `time`, cut to whole microseconds.
    ///
    /// # Panics
    ///
    /// If the clock is not manual.
    pub fn set(&self, time: DateTime<Utc>) {
        self.hand().store(time.timestamp_micros(), Ordering::SeqCst);
    }

    fn hand(&self) -> &AtomicI64 {
        match &self.source {
            Source::Manual(micros) => micros,
            Source::System | Source::Shifted(_) => panic!("only a manual clock can be moved"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
fn system_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("a manual clock only takes its microseconds from a DateTime or a lesser number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved_and_its_clones_move_with_it() {
        let clock = Clock::manual(instant("2026-11-23T10:00:00.123456789Z"));
        let clone = clock.clone();
        assert_eq!(clone.now(), instant("2026-11-23T10:00:00.123456Z"));
        clock.advance(Duration::from_mins(1));
        assert_eq!(clone.now(), instant("2026-11-23T10:01:00.123456Z"));
        clone.set(instant("2030-01-01T00:00:00.000000999Z"));
        assert_eq!(clock.now(), instant("2030-01-01T00:00:00Z"));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now().timestamp_micros(), DateTime::<Utc>::MAX_UTC.timestamp_micros());
    }

    #[test]
    #[should_panic(expected = "only a manual clock can be moved")]
    fn the_systems_time_cannot_be_moved() {
        Clock::system().advance(Duration::from_secs(1));
    }

    #[test]
    fn now_has_no_more_than_microseconds() {
        let now = Clock::system().now();
        assert_eq!(now, now.trunc_subsecs(6));
    }
}
