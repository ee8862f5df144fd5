//! Lists of invoices whose cost does not grow with the account (I3).
//!
//! A list is sorted by arrival or by day, and each order has an index. Without other filters a page is a few steps in it. With filters it is
//! asked first how many rows each filter's own index has, counting to a bound and no further. A filter with few is gathered whole: the rows
//! are looked up, tried against the other filters, and sorted. When each has many, something is walked, window by window, until the page is
//! full or the walk has been long enough; then the page is short, and its token goes on where the walk stopped.
//!
//! A filter is walked through its own rows, however few of the account's they are: in its index the rows of one value stand in the order of the
//! list, and those of several are merged. Of several filters the one is taken that comes furthest. What is left is walked in the order's
//! index: filters of very many values, such as a range of amounts, and in lists by day those without an index by day.
//!
//! The database is left no choice of the index (db/dialect.rs): it knows nothing of one account among many. tests/it/list_plans.rs shows
//! the plans.

mod convert;
mod filter;
mod pages;
mod sql;
mod totals;
mod walk;

use sea_orm::ConnectionTrait;

pub(super) use convert::{given_direction, in_order};

use super::InvoiceError;
use crate::ids::AccountId;
use crate::paging::Seal;
use crate::pb::spazio::v1 as pb;

/// Answers a list: what ListInvoices does.
pub async fn listed(
    connection: &impl ConnectionTrait,
    seal: &Seal,
    bounds: Bounds,
    account: AccountId,
    request: &pb::ListInvoicesRequest,
) -> Result<pb::ListInvoicesResponse, InvoiceError> {
    let question = convert::question(request, account, seal)?;
    let page = pages::page(connection, account, &question.filter, question.order, &question.page, bounds).await?;
    let totals = if question.with_totals { Some(totals::totals(connection, account, &question.filter, bounds).await?) } else { None };
    Ok(convert::answer(&question, seal, &page, totals.as_ref()))
}

/// How far a list looks in one call, in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A filter with at most so many rows is gathered whole.
    pub gathered: u32,
    /// The first window of a walk, at most; each next one is twice as long.
    pub window: u32,
    /// A walk that has come so far, in all values together, begins no other window.
    pub walked: u32,
    /// A filter with at most so many values in its index is walked through its own rows.
    pub merged: u32,
}

impl Default for Bounds {
    /// A filter that is not gathered has more than 1,000 rows. A walk of up to 16,256 in the order's index fills a page of 50 with them unless they
    /// are fewer than one in 300, or far from where the walk begins.
    fn default() -> Self {
        Self { gathered: 1_000, window: 128, walked: 15_000, merged: 8 }
    }
}
