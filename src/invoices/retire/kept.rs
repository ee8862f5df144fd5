//! Whether an account keeps its documents: unless nobody has paid for it, and nobody is about to.

use std::fmt;

use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::account::standing::{GRACE_DAYS, grace_start, standing};
use crate::account::state::AccountState;
use crate::clock::CalendarDay;
use crate::ids::AccountId;
use crate::order::state::OrderState;
use crate::payment::PaymentOutcome;

/// Why an account keeps everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is not deleted, or there is none.
    In(Option<AccountState>),
    /// Something it has paid for is not over, or not for long enough. The base plan alone decides whether an account is deleted.
    Paid,
    /// An order of it may still be paid, or might have been until [`GRACE_DAYS`] ago: money that was sent in time comes later, and with a
    /// mistyped number it is nobody's (B11).
    Ordered,
    /// Money came for it that a person has to look at (B11).
    UnderReview,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(Some(state)) => write!(f, "it is {state}, not deleted"),
            Self::In(None) => f.write_str("it is not there"),
            Self::Paid => write!(f, "something it has paid for is not over, or not for {GRACE_DAYS} days"),
            Self::Ordered => write!(f, "an order of it may still be paid, or might have been within {GRACE_DAYS} days"),
            Self::UnderReview => write!(f, "a payment came for it within {GRACE_DAYS} days that is under review"),
        }
    }
}

/// `$2` and `$8` are the day [`GRACE_DAYS`] ago.
const CLAIMS: &str = "SELECT EXISTS (SELECT 1 FROM service WHERE account_id = $1 AND expiry_day >= $2) AS paid,
    EXISTS (SELECT 1 FROM purchase WHERE account_id = $1 
        AND (state IN ($3, $4) OR (state IN ($5, $6) AND lapse_time >= $8))) AS ordered,
    EXISTS (SELECT 1 FROM payment WHERE account_id = $1 AND outcome = $7 AND created_time >= $8) AS under_review";

/// Why the account keeps everything on `today`; none when its documents may go.
pub(super) async fn kept(connection: &impl ConnectionTrait, account: AccountId, today: CalendarDay) -> Result<Option<Kept>, DbErr> {
    let state = standing(connection, account, today).await?.map(|found| found.state(today));
    if state != Some(AccountState::Deleted) {
        return Ok(Some(Kept::In(state)));
    }
    let grace = grace_start(today);
    let values = [
        account.into(),
        grace.into(),
        OrderState::Placed.into(),
        OrderState::AwaitingPayment.into(),
        OrderState::Lapsed.into(),
        OrderState::Cancelled.into(),
        PaymentOutcome::UnderReview.into(),
        grace.start().into(),
    ];
    let claims = Statement::from_sql_and_values(connection.get_database_backend(), CLAIMS, values);
    let row =
        connection.query_one_raw(claims).await?.ok_or_else(|| DbErr::RecordNotFound("a query without a table has a row".to_owned()))?;
    for (claim, kept) in [("paid", Kept::Paid), ("ordered", Kept::Ordered), ("under_review", Kept::UnderReview)] {
        if row.try_get("", claim)? {
            return Ok(Some(kept));
        }
    }
    Ok(None)
}
