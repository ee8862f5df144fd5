//! The life of an account, and what it may do in each state.
//!
//! ```text
//! active    <-> suspended            usage >= capacity; space bought or freed
//! active     -> expired              the base plan's expiry day is over
//! suspended  -> expired              the same
//! expired    -> active, suspended    renewed; renewed, and still too full
//! expired    -> deleted              90 days later
//! deleted    -> active               new purchase
//! ```

use crate::clock::CalendarDay;
use crate::space::Bytes;
use crate::words::words;

/// For so many days after the base plan's expiry its data are kept and it can be renewed.
pub const GRACE_DAYS: u32 = 90;

words! {
    /// What an account may do follows from its state.
    pub enum AccountState {
        /// Everything works.
        Active = "active",
        /// usage >= capacity: sent invoices cannot be written.
        Suspended = "suspended",
        /// The base plan expired at most 90 days ago: sent invoices cannot be written, renewing reactivates.
        Expired = "expired",
        /// The base plan expired more than 90 days ago: only a new purchase is possible.
        Deleted = "deleted",
    }
}

use AccountState::{Active, Deleted, Expired, Suspended};

/// The moves an account can make, from and to; the drawing above. The database holds the same list.
///
/// From active to deleted there is no move: an account that was not looked at for so long passes through expired, see [`path`].
pub const ALLOWED_MOVES: &[(AccountState, AccountState)] = &[
    (Active, Suspended),
    (Suspended, Active),
    (Active, Expired),
    (Suspended, Expired),
    (Expired, Active),
    (Expired, Suspended),
    (Expired, Deleted),
    (Deleted, Active),
];

impl AccountState {
    /// Whether [`ALLOWED_MOVES`] has the move from this state to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        ALLOWED_MOVES.contains(&(self, next))
    }
}

/// The fewest allowed moves that lead from one state to another: none to itself, two at most.
#[must_use]
pub fn path(from: AccountState, to: AccountState) -> Vec<(AccountState, AccountState)> {
    if from == to {
        return vec![];
    }
    if from.may_become(to) {
        return vec![(from, to)];
    }
    let stop = AccountState::ALL.iter().copied().find(|stop| from.may_become(*stop) && stop.may_become(to));
    stop.map_or_else(Vec::new, |stop| vec![(from, stop), (stop, to)])
}

/// The state that an account ought to be in on the day `today`.
///
/// The base plan is good through the whole of its expiry day (B2); expiry weighs more than a lack of space.
#[must_use]
pub fn standing(usage: Bytes, capacity: Bytes, base_expiry: CalendarDay, today: CalendarDay) -> AccountState {
    if today > base_expiry.plus_days(GRACE_DAYS) {
        Deleted
    } else if today > base_expiry {
        Expired
    } else if usage >= capacity {
        Suspended
    } else {
        Active
    }
}

/// What an account may or may not do: the columns of the table "What an account may do".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// Create, change, delete or send sent invoices.
    WriteSentInvoices,
    /// Read and download sent invoices.
    ReadSentInvoices,
    /// Receive invoices and receipts.
    ReceiveInvoices,
    /// Read and download received invoices.
    ReadReceivedInvoices,
    /// Buy, pay, renew; in a deleted account, buy anew.
    Purchase,
}

impl Action {
    /// All actions, in the order of the table.
    pub const ALL: [Self; 5] =
        [Self::WriteSentInvoices, Self::ReadSentInvoices, Self::ReceiveInvoices, Self::ReadReceivedInvoices, Self::Purchase];
}

/// Why an action is not permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    /// The account is suspended.
    #[error("the space is used up; buy space to write sent invoices again")]
    SpaceExhausted,
    /// The base plan expired at most 90 days ago.
    #[error("the base plan has expired; renew it to write sent invoices again")]
    AccountExpired,
    /// The base plan expired more than 90 days ago.
    #[error("the base plan expired more than {GRACE_DAYS} days ago; only a new purchase is possible")]
    AccountDeleted,
}

/// Whether an account in `state` may do `action`, and if not, why.
pub const fn permitted(state: AccountState, action: Action) -> Result<(), Denial> {
    match (state, action) {
        (Suspended, Action::WriteSentInvoices) => Err(Denial::SpaceExhausted),
        (Expired, Action::WriteSentInvoices) => Err(Denial::AccountExpired),
        (Deleted, Action::WriteSentInvoices | Action::ReadSentInvoices | Action::ReceiveInvoices | Action::ReadReceivedInvoices) => {
            Err(Denial::AccountDeleted)
        }
        (Active, Action::WriteSentInvoices)
        | (Active | Suspended | Expired, Action::ReadSentInvoices | Action::ReceiveInvoices | Action::ReadReceivedInvoices)
        | (Active | Suspended | Expired | Deleted, Action::Purchase) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDay {
        text.parse().unwrap()
    }

    #[test]
    fn the_table_of_what_an_account_may_do() {
        const YES: Result<(), Denial> = Ok(());
        const FULL: Result<(), Denial> = Err(Denial::SpaceExhausted);
        const LATE: Result<(), Denial> = Err(Denial::AccountExpired);
        const GONE: Result<(), Denial> = Err(Denial::AccountDeleted);
        let table = [
            //           write sent, read sent, receive, read received, purchase
            (Active, [YES, YES, YES, YES, YES]),
            (Suspended, [FULL, YES, YES, YES, YES]),
            (Expired, [LATE, YES, YES, YES, YES]),
            (Deleted, [GONE, GONE, GONE, GONE, YES]),
        ];
        for (state, row) in table {
            assert_eq!(Action::ALL.map(|action| permitted(state, action)), row, "{state}");
        }
    }

    #[test]
    fn every_pair_of_states_is_a_move_or_not() {
        let table = [
            //          to: active, suspended, expired, deleted
            (Active, [false, true, true, false]),
            (Suspended, [true, false, true, false]),
            (Expired, [true, true, false, true]),
            (Deleted, [true, false, false, false]),
        ];
        for (from, row) in table {
            assert_eq!([Active, Suspended, Expired, Deleted].map(|to| from.may_become(to)), row, "from {from}");
        }
    }

    #[test]
    fn every_state_is_reached_from_every_other_by_allowed_moves() {
        for &from in AccountState::ALL {
            for &to in AccountState::ALL {
                let path = path(from, to);
                assert!(path.iter().all(|(from, to)| from.may_become(*to)));
                assert!(path.windows(2).all(|pair| pair[0].1 == pair[1].0), "the moves join: {path:?}");
                let ends = path.first().map(|first| first.0).zip(path.last().map(|last| last.1));
                assert_eq!(ends, (from != to).then_some((from, to)));
            }
        }
        assert_eq!(path(Active, Deleted), [(Active, Expired), (Expired, Deleted)]);
        assert_eq!(path(Deleted, Suspended), [(Deleted, Active), (Active, Suspended)]);
    }

    #[test]
    fn an_account_is_suspended_with_the_byte_that_fills_its_capacity() {
        let (expiry, today) = (day("2026-12-31"), day("2026-06-01"));
        let with = |usage: u32, capacity: u32| standing(Bytes::from(usage), Bytes::from(capacity), expiry, today);
        assert_eq!([with(99, 100), with(100, 100), with(101, 100), with(0, 0)], [Active, Suspended, Suspended, Suspended]);
    }

    #[test]
    fn an_account_is_good_through_its_expiry_day_and_kept_for_90_days_more() {
        let on = |today| standing(Bytes::ZERO, Bytes::from(1), day("2026-12-31"), day(today));
        assert_eq!([on("2026-12-31"), on("2027-01-01")], [Active, Expired]);
        // 31 January days, 28 of February and 31 of March are 90 days: 31 March is the last.
        assert_eq!([on("2027-03-31"), on("2027-04-01")], [Expired, Deleted]);
    }

    #[test]
    fn expiry_weighs_more_than_a_lack_of_space() {
        let on = |today| standing(Bytes::from(2), Bytes::from(1), day("2026-12-31"), day(today));
        assert_eq!([on("2026-12-31"), on("2027-01-01"), on("2027-04-01")], [Suspended, Expired, Deleted]);
    }
}
