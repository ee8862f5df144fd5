//! Identifiers: UUIDv7 inside, shown with a prefix that names the kind (`acc_`, `inv_`, `ord_`, ...).
//!
//! Each kind is a type of its own, so that an order's id cannot be handed where an invoice's is wanted.
//! UUIDv7 begins with the time, so new rows land at the end of their index.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::DeriveValueType;
use uuid::Uuid;

use crate::clock::Clock;

/// Text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {prefix} followed by 32 lower-case hexadecimal digits")]
pub struct InvalidId {
    /// The prefix that ids of this kind carry, for example `acc_`.
    pub prefix: &'static str,
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, InvalidId> {
    let invalid = || InvalidId { prefix };
    let hex = text.strip_prefix(prefix).ok_or_else(invalid)?;
    // Uuid accepts several notations; only the one that Display writes is ours, so that one id has one spelling.
    if hex.len() != 32 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(invalid());
    }
    Uuid::try_parse(hex).map_err(|_| invalid())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text, $prefix).map(Self)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// One customer's contract: the tenant.
    AccountId = "acc_";
    /// Something an account has bought that has an expiry.
    ServiceId = "svc_";
    /// A stored invoice, sent or received.
    InvoiceId = "inv_";
    /// A stored receipt of the SdI.
    ReceiptId = "rcp_";
    /// A cart.
    CartId = "crt_";
    /// An order.
    OrderId = "ord_";
    /// A recorded payment.
    PaymentId = "pay_";
    /// One attempt to charge a card or PayPal account.
    ChargeId = "chg_";
    /// A stored means of payment.
    MandateId = "man_";
    /// A mail in the outbox.
    MailId = "eml_";
}

/// Where new ids come from.
///
/// Handed in like the clock, because UUIDv7 carries the time and a test that moves the clock
/// wants ids that follow it.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    random: Arc<ring::rand::SystemRandom>,
    last: Arc<Mutex<Tick>>,
}

/// A millisecond, and how many ids it has given out.
#[derive(Clone, Copy, Debug, Default)]
struct Tick {
    millis: u64,
    count: u16,
}

/// What fits into the twelve bits behind the time.
const IDS_IN_A_MILLISECOND: u16 = 1 << 12;

impl Ids {
    /// Ids whose time part follows `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, random: Arc::new(ring::rand::SystemRandom::new()), last: Arc::default() }
    }

    /// A new id of the wanted kind; it sorts behind every id given out before it, also within a millisecond.
    #[must_use]
    pub fn next<T: From<Uuid>>(&self) -> T {
        let Tick { millis, count } = self.tick();
        let mut tail: [u8; 10] = self.random_bytes();
        tail[..2].copy_from_slice(&count.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid().into()
    }

    fn tick(&self) -> Tick {
        let now = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match *last {
            Tick { millis, .. } if millis < now => Tick { millis: now, count: 0 },
            Tick { millis, count } if count + 1 < IDS_IN_A_MILLISECOND => Tick { millis, count: count + 1 },
            Tick { millis, .. } => Tick { millis: millis + 1, count: 0 },
        };
        *last
    }

    /// Ten random decimal digits, for an order's number.
    #[must_use]
    pub fn ten_digits(&self) -> u64 {
        // The remainder favours small numbers by less than one in a thousand million: no matter here.
        u64::from_be_bytes(self.random_bytes()) % 10_000_000_000
    }

    fn random_bytes<const N: usize>(&self) -> [u8; N] {
        use ring::rand::SecureRandom;
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).expect("the operating system's random source answers");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id: InvoiceId = Ids::new(Clock::system()).next();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().starts_with("inv_"));
    }

    #[test]
    fn ids_of_one_millisecond_sort_as_they_were_given_out() {
        let ids = Ids::new(Clock::manual("2026-11-23T10:00:00Z".parse().unwrap()));
        let given: Vec<InvoiceId> = (0..10_000).map(|_| ids.next()).collect();
        assert!(given.is_sorted_by(|earlier, later| earlier < later));
    }

    #[test]
    fn an_id_of_another_kind_or_spelling_is_refused() {
        let id: InvoiceId = Ids::new(Clock::system()).next();
        let text = id.to_string();
        assert!(text.parse::<OrderId>().is_err());
        assert!(text.to_uppercase().parse::<InvoiceId>().is_err());
        assert!(text[..text.len() - 1].parse::<InvoiceId>().is_err());
        assert!(id.0.to_string().parse::<InvoiceId>().is_err());
    }
}
