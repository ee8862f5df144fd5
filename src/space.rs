//! Space: bytes, gigabytes, and how full something is.

use std::fmt;

/// 1 GB, always and everywhere: 2^30 bytes. Prices, capacities and recommendations use this number and no other.
pub const BYTES_PER_GIGABYTE: u64 = 1_073_741_824;

const BYTES_PER_MEGABYTE: u64 = BYTES_PER_GIGABYTE / 1024;
const BYTES_PER_KILOBYTE: u64 = BYTES_PER_MEGABYTE / 1024;

/// A number of bytes, at most 2^63 - 1: databases keep it as a signed 64-bit integer, so a larger one cannot be built.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Bytes(u64);

impl Bytes {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// 2^63 - 1 bytes.
    pub const MAX: Self = Self(i64::MAX.unsigned_abs());

    /// So many bytes. Errors: more than [`Bytes::MAX`].
    pub const fn new(bytes: u64) -> Result<Self, BytesOutOfRange> {
        if bytes > Self::MAX.0 { Err(BytesOutOfRange) } else { Ok(Self(bytes)) }
    }

    /// The size of a content (S1). No slice is longer than isize::MAX bytes, so the bound is never met.
    #[must_use]
    pub fn of_content(content: &[u8]) -> Self {
        u64::try_from(content.len()).map_or(Self::MAX, |length| Self(length.min(Self::MAX.0)))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number as databases keep it.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// The sum, or None above [`Bytes::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::new(sum).ok())
    }

    /// The difference, or None if `other` is more.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, at most [`Bytes::MAX`].
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        self.checked_add(other).unwrap_or(Self::MAX)
    }

    /// The difference, or nothing if `other` is more: what is free in a capacity that usage may exceed (S2).
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<u32> for Bytes {
    fn from(bytes: u32) -> Self {
        Self(u64::from(bytes))
    }
}

impl TryFrom<u64> for Bytes {
    type Error = BytesOutOfRange;

    fn try_from(bytes: u64) -> Result<Self, BytesOutOfRange> {
        Self::new(bytes)
    }
}

impl TryFrom<i64> for Bytes {
    type Error = BytesOutOfRange;

    fn try_from(bytes: i64) -> Result<Self, BytesOutOfRange> {
        u64::try_from(bytes).map(Self).map_err(|_| BytesOutOfRange)
    }
}

/// For people: `1.50 GB`, `3.2 MB`, `7 KB`, `12 bytes`, cut and never rounded up, so that nothing is shown that is not there.
/// The alternate form `{:#}` adds the exact number: `1.50 GB (1610612736 bytes)`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        match bytes {
            BYTES_PER_GIGABYTE.. => {
                write!(f, "{}.{:02} GB", bytes / BYTES_PER_GIGABYTE, bytes % BYTES_PER_GIGABYTE * 100 / BYTES_PER_GIGABYTE)?;
            }
            BYTES_PER_MEGABYTE.. => {
                write!(f, "{}.{} MB", bytes / BYTES_PER_MEGABYTE, bytes % BYTES_PER_MEGABYTE * 10 / BYTES_PER_MEGABYTE)?;
            }
            BYTES_PER_KILOBYTE.. => write!(f, "{} KB", bytes / BYTES_PER_KILOBYTE)?,
            _ => return write!(f, "{bytes} bytes"),
        }
        if f.alternate() { write!(f, " ({bytes} bytes)") } else { Ok(()) }
    }
}

/// A size, an amount or a percentage as Italian writes it, from its English text: `1,50 GB`, `12 byte`.
#[must_use]
pub fn in_italian(text: &str) -> String {
    text.replace('.', ",").replace("bytes", "byte")
}

/// A number of bytes that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number of bytes must be from 0 to {}", Bytes::MAX.0)]
pub struct BytesOutOfRange;

/// A whole number of GB: what is bought and sold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Gigabytes(u32);

impl Gigabytes {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The least that can be bought.
    pub const ONE: Self = Self(1);

    /// So many GB.
    #[must_use]
    pub const fn new(gigabytes: u32) -> Self {
        Self(gigabytes)
    }

    /// The fewest GB that hold `bytes`; beyond the range of the type, its largest number.
    #[must_use]
    pub fn covering(bytes: Bytes) -> Self {
        Self(u32::try_from(bytes.0.div_ceil(BYTES_PER_GIGABYTE)).unwrap_or(u32::MAX))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<Gigabytes> for Bytes {
    fn from(gigabytes: Gigabytes) -> Self {
        // 2^32 GB of 2^30 bytes each are 2^62 bytes: always in range.
        Self(u64::from(gigabytes.0) * BYTES_PER_GIGABYTE)
    }
}

impl fmt::Display for Gigabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GB", self.0)
    }
}

/// How much of a capacity is used, in hundredths of a per cent, floored: 100.00 is reached only when usage >= capacity (S7).
///
/// It may exceed 100. Of no capacity at all, which any usage exhausts, 100.00 is used. For showing only: rules compare
/// bytes with bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Percentage {
    hundredths: u64,
}

impl Percentage {
    /// How much of `capacity` is used by `usage`; at most what the type can hold.
    #[must_use]
    pub fn of(usage: Bytes, capacity: Bytes) -> Self {
        let hundredths = (u128::from(usage.0) * 10_000).checked_div(u128::from(capacity.0)).unwrap_or(10_000);
        Self { hundredths: u64::try_from(hundredths).unwrap_or(u64::MAX) }
    }

    /// The hundredths of a per cent: 9999 is 99.99%.
    #[must_use]
    pub const fn hundredths(self) -> u64 {
        self.hundredths
    }
}

/// Two decimals, without the sign: `99.99`.
impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.hundredths / 100, self.hundredths % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(number: u64) -> Bytes {
        Bytes::new(number).unwrap()
    }

    fn any_bytes() -> impl Strategy<Value = Bytes> {
        prop_oneof![0..=Bytes::MAX.0, 0..=4_u64, Bytes::MAX.0 - 4..=Bytes::MAX.0].prop_map(Bytes)
    }

    #[test]
    fn more_bytes_than_a_database_keeps_cannot_be_built() {
        assert_eq!(Bytes::MAX.as_i64(), i64::MAX);
        assert_eq!(Bytes::new(Bytes::MAX.get() + 1), Err(BytesOutOfRange));
        assert_eq!(Bytes::try_from(u64::MAX), Err(BytesOutOfRange));
        assert_eq!(Bytes::try_from(-1_i64), Err(BytesOutOfRange));
        assert_eq!(Bytes::MAX.checked_add(bytes(1)), None);
        assert_eq!(Bytes::MAX.saturating_add(Bytes::MAX), Bytes::MAX);
    }

    #[test]
    fn bytes_are_shown_in_the_largest_unit_they_fill_and_cut() {
        for (number, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KB"),
            (1_048_575, "1023 KB"),
            (3_355_444, "3.2 MB"),
            (1_073_741_823, "1023.9 MB"),
            (1_073_741_824, "1.00 GB"),
            (1_610_612_736, "1.50 GB"),
            (2_147_483_647, "1.99 GB"),
        ] {
            assert_eq!(bytes(number).to_string(), shown);
        }
        assert_eq!(format!("{:#}", bytes(1_610_612_736)), "1.50 GB (1610612736 bytes)");
        assert_eq!(format!("{:#}", bytes(12)), "12 bytes");
        assert_eq!(Gigabytes::new(3).to_string(), "3 GB");
        assert_eq!(in_italian(&format!("{:#}", bytes(1_610_612_736))), "1,50 GB (1610612736 byte)");
    }

    #[test]
    fn gigabytes_that_hold_bytes_are_rounded_up() {
        for (number, gigabytes) in [(0, 0), (1, 1), (BYTES_PER_GIGABYTE, 1), (BYTES_PER_GIGABYTE + 1, 2)] {
            assert_eq!(Gigabytes::covering(bytes(number)), Gigabytes::new(gigabytes));
        }
        assert_eq!(Gigabytes::covering(Bytes::MAX), Gigabytes::new(u32::MAX));
    }

    #[test]
    fn a_percentage_is_floored_to_two_decimals() {
        for (usage, capacity, shown) in [
            (0, 1, "0.00"),
            (1, 3, "33.33"),
            (2, 3, "66.66"),
            (BYTES_PER_GIGABYTE - 1, BYTES_PER_GIGABYTE, "99.99"),
            (BYTES_PER_GIGABYTE, BYTES_PER_GIGABYTE, "100.00"),
            (3, 2, "150.00"),
            (0, 0, "100.00"),
            (7, 0, "100.00"),
        ] {
            assert_eq!(Percentage::of(bytes(usage), bytes(capacity)).to_string(), shown, "{usage} of {capacity}");
        }
        assert_eq!(Percentage::of(Bytes::MAX, bytes(1)).hundredths(), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_hundred_per_cent_is_shown_exactly_when_usage_reaches_capacity(usage in any_bytes(), capacity in any_bytes()) {
            prop_assert_eq!(Percentage::of(usage, capacity).hundredths() >= 10_000, usage >= capacity);
        }

        #[test]
        fn a_percentage_grows_with_usage(a in any_bytes(), b in any_bytes(), capacity in any_bytes()) {
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(Percentage::of(less, capacity) <= Percentage::of(more, capacity));
        }

        #[test]
        fn covering_gigabytes_are_enough_and_one_less_is_not(number in 1..=1_u64 << 62) {
            let needed = bytes(number);
            let covering = Gigabytes::covering(needed);
            prop_assume!(covering.get() < u32::MAX);
            prop_assert!(Bytes::from(covering) >= needed);
            prop_assert!(Bytes::from(Gigabytes::new(covering.get() - 1)) < needed);
        }

        #[test]
        fn what_was_added_can_be_taken_away(a in any_bytes(), b in any_bytes()) {
            if let Some(sum) = a.checked_add(b) {
                prop_assert_eq!(sum.checked_sub(b), Some(a));
                prop_assert_eq!(a.saturating_add(b), sum);
            } else {
                prop_assert_eq!(a.saturating_add(b), Bytes::MAX);
            }
            prop_assert_eq!(a.saturating_sub(b), a.checked_sub(b).unwrap_or(Bytes::ZERO));
        }

        #[test]
        fn bytes_read_back_as_a_database_keeps_them(number in any_bytes()) {
            prop_assert_eq!(Bytes::try_from(number.as_i64()), Ok(number));
        }
    }
}
