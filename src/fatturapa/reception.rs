//! When the SdI receives a file: checks of dates and of certificates depend on it.

use chrono::NaiveDate;

/// When the SdI receives, or received, the file that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It is still to decide: it receives the file on this day.
    On(NaiveDate),
    /// It decided long ago: it received the file on some day from its signing up to this one. What was right on one of these days is not held
    /// against the file: every certificate expires some day.
    By(NaiveDate),
}

impl Reception {
    /// The last day on which it may have been.
    pub(super) const fn last_day(self) -> NaiveDate {
        match self {
            Self::On(day) | Self::By(day) => day,
        }
    }
}

impl From<NaiveDate> for Reception {
    fn from(day: NaiveDate) -> Self {
        Self::On(day)
    }
}
