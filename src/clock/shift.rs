//! A clock that a file shifts, for rehearsals.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

/// The seconds that a file adds to the system's time; see [`super::Clock::from_file`].
#[derive(Debug)]
pub(super) struct Shift {
    file: PathBuf,
    last_good: AtomicI64,
    /// What is wrong with the file, as the log was told.
    fault: Mutex<Option<String>>,
}

/// A hundred years: far enough for any rehearsal, near enough that no sum with today can overflow.
const MAX_SHIFT_SECONDS: i64 = 100 * 366 * 24 * 60 * 60;

impl Shift {
    /// What the file holds now. Errors: it is missing, or holds something else.
    pub(super) fn of(file: PathBuf) -> Result<Self, ShiftError> {
        let seconds = read_shift(&file)?;
        Ok(Self { file, last_good: AtomicI64::new(seconds), fault: Mutex::default() })
    }

    /// What the file holds now; while that is nothing of use, what it held last.
    pub(super) fn current(&self) -> TimeDelta {
        let read = read_shift(&self.file);
        if let Ok(seconds) = read {
            self.last_good.store(seconds, Ordering::Relaxed);
        }
        let in_force = self.last_good.load(Ordering::Relaxed);
        self.log(read.err().map(|error| error.to_string()), in_force);
        TimeDelta::seconds(in_force)
    }

    /// Once for each change: the time is asked for many times a second.
    fn log(&self, fault: Option<String>, in_force: i64) {
        let mut told = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == fault {
            return;
        }
        if let Some(fault) = &fault {
            tracing::warn!("development.clock_file: {fault}; meanwhile the last good number is kept, {in_force} seconds");
        } else {
            tracing::info!("development.clock_file: {} can be used again, {in_force} seconds", self.file.display());
        }
        *told = fault;
    }
}

fn read_shift(file: &Path) -> Result<i64, ShiftError> {
    let text = fs::read_to_string(file).map_err(|error| ShiftError::Unreadable { file: file.to_owned(), error })?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    let allowed = -MAX_SHIFT_SECONDS..=MAX_SHIFT_SECONDS;
    let seconds = text.parse().ok().filter(|seconds| allowed.contains(seconds));
    seconds.ok_or_else(|| ShiftError::NotSeconds { file: file.to_owned(), text: text.chars().take(40).collect() })
}

/// Why a file cannot shift the clock.
#[derive(Debug, thiserror::Error)]
pub enum ShiftError {
    /// The file is there and cannot be read.
    #[error("{} cannot be read: {error}; correct it, or write 0 into it for the present time", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file holds something other than seconds.
    #[error(
        "{} holds {text:?}; write a whole number of seconds such as 86400 or -3600, at most 100 years",
        file.display()
    )]
    NotSeconds {
        /// The file.
        file: PathBuf,
        /// How its content begins.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_file_moves_the_time_of_a_running_clock_and_nonsense_in_it_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shift");
        fs::write(&file, "").unwrap();
        let clock = Clock::from_file(&file).unwrap();
        let shift = || (clock.now() - Clock::system().now()).num_seconds();
        assert!((-5..=5).contains(&shift()), "an empty file means no shift");
        fs::write(&file, "86400\n").unwrap();
        assert!((86_395..=86_405).contains(&shift()));
        fs::write(&file, "-86400").unwrap();
        assert!((-86_405..=-86_395).contains(&shift()));
        fs::write(&file, "tomorrow").unwrap();
        assert!((-86_405..=-86_395).contains(&shift()), "the last good number stays");
        fs::remove_file(&file).unwrap();
        assert!((-86_405..=-86_395).contains(&shift()), "also while there is no file");
        fs::write(&file, "\n").unwrap();
        assert!((-5..=5).contains(&shift()), "an empty file means no shift");
    }

    #[test]
    fn the_log_tells_once_that_the_file_of_a_running_clock_is_spoiled_and_once_that_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("shift"), folder.path().join("log"));
        fs::write(&file, "3600").unwrap();
        let clock = Clock::from_file(&file).unwrap();
        let writer = Mutex::new(fs::File::create(&log).unwrap());
        let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).without_time().with_target(false).finish();
        tracing::subscriber::with_default(subscriber, || {
            for text in ["3600", "tomorrow", "next week", "-60"] {
                fs::write(&file, text).unwrap();
                assert!(clock.now() <= clock.clone().now());
            }
        });
        let told = fs::read_to_string(&log).unwrap();
        let told: Vec<_> = told.lines().map(str::trim_start).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        for (line, (level, parts)) in told.iter().zip([
            ("WARN", ["holds \"tomorrow\"; write a whole number", "the last good number is kept, 3600 seconds"]),
            ("WARN", ["holds \"next week\"", "3600 seconds"]),
            ("INFO", ["can be used again", "-60 seconds"]),
        ]) {
            assert!(line.starts_with(level) && parts.iter().all(|part| line.contains(part)), "{line}");
        }
    }

    #[test]
    fn a_file_that_is_missing_or_holds_no_seconds_is_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["tomorrow", "1.5", "1h", "99999999999"] {
            let file = folder.path().join("shift");
            fs::write(&file, text).unwrap();
            assert!(matches!(Clock::from_file(&file), Err(ShiftError::NotSeconds { text: shown, .. }) if shown == text));
        }
        for missing in [folder.path().to_owned(), folder.path().join("none")] {
            assert!(matches!(Clock::from_file(missing), Err(ShiftError::Unreadable { .. })));
        }
    }
}
