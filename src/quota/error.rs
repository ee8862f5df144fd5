//! Why space, or the account's state, refuses something.

use crate::account::standing::Standing;
use crate::account::state::Denial;
use crate::clock::CalendarDay;
use crate::db::Fault;
use crate::fatturapa::italian_day;
use crate::ids::AccountId;
use crate::pb::spazio::v1::ErrorReason;
use crate::refusal::{Refusal, Refused, into_status};
use crate::space::{Bytes, Gigabytes, in_italian};

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    /// Usage has reached capacity, or this document would cross it (S3).
    #[error("{used} of {capacity} are used")]
    SpaceExhausted {
        /// The account.
        account: AccountId,
        /// Bytes stored.
        used: Bytes,
        /// Bytes the account may store.
        capacity: Bytes,
        /// Bytes that this document needs; not known before it was read.
        needed: Option<Bytes>,
    },
    /// The base plan has expired.
    #[error("the base plan expired on {expiry}")]
    Expired {
        /// The account.
        account: AccountId,
        /// Its last day.
        expiry: CalendarDay,
    },
    /// The base plan expired more than 90 days ago.
    #[error("the account was deleted, its base plan expired on {expiry}")]
    Deleted {
        /// The account.
        account: AccountId,
        /// The base plan's last day.
        expiry: CalendarDay,
    },
    /// Not the caller's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

crate::refusal::carries_faults!(QuotaError);
into_status!(QuotaError);

impl QuotaError {
    /// Why this account is denied something.
    #[must_use]
    pub fn denied(denial: Denial, standing: &Standing) -> Self {
        let Standing { account, used, capacity, base_expiry: expiry, .. } = *standing;
        match denial {
            Denial::SpaceExhausted => Self::SpaceExhausted { account, used, capacity, needed: None },
            Denial::AccountExpired => Self::Expired { account, expiry },
            Denial::AccountDeleted => Self::Deleted { account, expiry },
        }
    }
}

/// How many GB to buy so that `needed` more bytes fit; at least 1.
fn to_buy(used: Bytes, capacity: Bytes, needed: Option<Bytes>) -> Gigabytes {
    let wanted = used.saturating_add(needed.unwrap_or(Bytes::ZERO));
    Gigabytes::covering(wanted.saturating_sub(capacity)).max(Gigabytes::ONE)
}

impl Refusal for QuotaError {
    fn refused(&self) -> Refused {
        match self {
            Self::SpaceExhausted { account, used, capacity, needed } => exhausted(*account, *used, *capacity, *needed),
            Self::Expired { account, expiry } => {
                let message =
                    format!("the base plan expired on {expiry}; renewing it, or buying with extension ON, reactivates the account");
                let italian_expiry = italian_day(expiry.date());
                let italian = format!("Il servizio è scaduto il {italian_expiry}: rinnovalo per riattivarlo.");
                let english = format!("The service expired on {expiry}: renew it to reactivate the account.");
                Refused::new(ErrorReason::AccountExpired, message.clone())
                    .with("expiry_day", &expiry)
                    .precondition("ACCOUNT_EXPIRED", account.to_string(), message)
                    .localized(italian, english)
            }
            Self::Deleted { account, expiry } => {
                let message = format!("the base plan expired on {expiry}, more than 90 days ago; only a new purchase is possible");
                let italian_expiry = italian_day(expiry.date());
                let italian =
                    format!("Il servizio è scaduto il {italian_expiry}, da più di 90 giorni: è possibile solo un nuovo acquisto.");
                let english = format!("The service expired on {expiry}, more than 90 days ago: only a new purchase is possible.");
                Refused::new(ErrorReason::AccountDeleted, message.clone())
                    .with("expiry_day", &expiry)
                    .precondition("ACCOUNT_DELETED", account.to_string(), message)
                    .localized(italian, english)
            }
            Self::Fault(fault) => fault.refused(),
        }
    }
}

fn exhausted(account: AccountId, used: Bytes, capacity: Bytes, needed: Option<Bytes>) -> Refused {
    let free = capacity.saturating_sub(used);
    let buy = to_buy(used, capacity, needed).get();
    let (message, italian, english) = match needed.filter(|_| free > Bytes::ZERO) {
        Some(needed) => not_enough(needed, free, capacity, buy),
        None => nothing_left(used, capacity, buy),
    };
    let mut refused = Refused::new(ErrorReason::SpaceExhausted, message.clone())
        .with("used_bytes", &used.get())
        .with("capacity_bytes", &capacity.get())
        .with("free_bytes", &free.get())
        .with("gb_to_buy", &buy)
        .quota(account.to_string(), message)
        .localized(italian, english);
    if let Some(needed) = needed {
        refused = refused.with("needed_bytes", &needed.get());
    }
    refused
}

/// For machines, and for people in Italian and in English: some space is free, but too little for this document. A smaller one may fit.
/// In exact bytes too, because two sizes may differ by less than their short forms show.
fn not_enough(needed: Bytes, free: Bytes, capacity: Bytes, buy: u32) -> (String, String, String) {
    let (needed, free) = (format!("{needed:#}"), format!("{free:#}"));
    let message = format!(
        "not enough space for this invoice: it needs {needed}, {free} are free of {capacity:#}; buy {buy} GB and repeat the same request; \
         receiving, reading and downloading go on"
    );
    let italian = format!(
        "Spazio insufficiente per questa fattura: occorrono {}, ne restano {}. Acquista almeno {buy} GB per inviarla. Ricezione, lettura e \
         download restano attivi.",
        in_italian(&needed),
        in_italian(&free)
    );
    let english = format!(
        "Not enough space for this invoice: it needs {needed}, {free} are left. Buy at least {buy} GB to send it. Receiving, reading and \
         downloading go on."
    );
    (message, italian, english)
}

/// The same when nothing is free: every write on sent invoices is refused. What was received may have filled more than the capacity.
fn nothing_left(used: Bytes, capacity: Bytes, buy: u32) -> (String, String, String) {
    let message = format!(
        "all space is used: {used:#} of {capacity:#}; buy {buy} GB to write sent invoices again; receiving, reading and downloading go on"
    );
    let italian =
        format!("Spazio esaurito: acquista almeno {buy} GB per tornare a inviare fatture. Ricezione, lettura e download restano attivi.");
    let english = format!("No space left: buy at least {buy} GB to send invoices again. Receiving, reading and downloading go on.");
    (message, italian, english)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ACCOUNT: AccountId = AccountId(Uuid::nil());

    #[test]
    fn italians_read_the_day_of_expiry_as_they_write_it() {
        let expiry = CalendarDay::from_ymd(2025, 12, 31).expect("a day");
        for error in [QuotaError::Expired { account: ACCOUNT, expiry }, QuotaError::Deleted { account: ACCOUNT, expiry }] {
            let refused = error.refused();
            let (italian, english) = refused.people().expect("texts for people");
            assert!(italian.contains("scaduto il 31/12/2025") && english.contains("expired on 2025-12-31"), "{italian} {english}");
        }
    }

    #[test]
    fn what_is_used_and_what_may_be_used_read_the_same_only_where_they_are() {
        let refused = |used: u32| {
            let (used, capacity) = (Bytes::from(used), Bytes::from(1 << 20));
            QuotaError::SpaceExhausted { account: ACCOUNT, used, capacity, needed: Some(Bytes::from(100)) }.refused().message().to_owned()
        };
        let over = refused((1 << 20) + 9);
        assert!(over.contains("1.0 MB (1048585 bytes) of 1.0 MB (1048576 bytes)"), "{over}");
        let full = refused(1 << 20);
        assert!(full.contains("1.0 MB (1048576 bytes) of 1.0 MB (1048576 bytes)"), "{full}");
        let nearly = refused((1 << 20) - 9);
        assert!(nearly.contains("9 bytes are free of 1.0 MB (1048576 bytes)"), "{nearly}");
    }
}
