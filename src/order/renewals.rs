//! Automatic renewal (N2, N3): one order per account and expiry, charged 7 days before, and tried again on days -5, -3, -1 and 0.

use std::collections::BTreeMap;

use super::state::{OrderKind, OrderState};
use super::{OrderError, Rules, grant, place, store};
use crate::account::standing::standing;
use crate::account::state::AccountState;
use crate::account::{self, Owned};
use crate::cart::pricing::{self, OwnedService, Renewed};
use crate::cart::{self, CartError};
use crate::clock::CalendarDay;
use crate::db::{Db, Fault, Tx};
use crate::ids::{AccountId, MandateId, ServiceId};
use crate::money::Euro;
use crate::notify;
use crate::payment::ChargeState;

/// How many days before the expiry a charge is made, the first and the repeated ones.
const DAYS_BEFORE: [u32; 5] = [7, 5, 3, 1, 0];

/// The latest day not after `today` on which a charge is due for this expiry.
fn due(expiry: CalendarDay, today: CalendarDay) -> Option<CalendarDay> {
    DAYS_BEFORE.iter().map(|days| expiry.minus_days(*days)).filter(|day| *day <= today).max()
}

/// The next day after `day` on which a charge is made for this expiry; none after the last.
fn next_due(expiry: CalendarDay, day: CalendarDay) -> Option<CalendarDay> {
    DAYS_BEFORE.iter().map(|days| expiry.minus_days(*days)).filter(|due| *due > day).min()
}

/// Services of one account that expire on one day and renew themselves.
#[derive(Clone, Debug)]
pub struct Renewal {
    account: AccountId,
    expiry: CalendarDay,
    /// Each with its term in years.
    services: BTreeMap<ServiceId, u32>,
    /// There is one order and hence one charge (N2): where the services were bought with several methods, the one stored last pays.
    mandate: MandateId,
}

/// What is to be renewed today or was not charged yet: services of one account with one expiry each.
pub async fn due_renewals(db: &Db) -> Result<Vec<Renewal>, Fault> {
    let today = CalendarDay::of(db.clock().now());
    Ok(groups(account::renewing(db.reader(), today, today.plus_days(DAYS_BEFORE[0])).await?))
}

/// Places the renewal's order, if there is none, and starts the charge that is due; returns whether one was started.
pub async fn renew(db: &Db, rules: &Rules, renewal: Renewal) -> Result<bool, OrderError> {
    let input = (renewal, rules.clone());
    db.write("renewal", input, async |tx: &Tx, (renewal, rules): &(Renewal, Rules)| charge_due(tx, renewal, rules).await).await
}

fn groups(services: Vec<Owned>) -> Vec<Renewal> {
    let mut groups = BTreeMap::<(AccountId, CalendarDay), Renewal>::new();
    for service in services {
        let Some(mandate) = service.mandate_id else { continue };
        let key = (service.account_id, service.expiry_day);
        let new = || Renewal { account: key.0, expiry: key.1, services: BTreeMap::new(), mandate };
        let group = groups.entry(key).or_insert_with(new);
        group.services.insert(service.id, u32::try_from(service.term_years).unwrap_or(1));
        // Ids are given out in order of time.
        group.mandate = group.mandate.max(mandate);
    }
    groups.into_values().collect()
}

async fn charge_due(tx: &Tx, renewal: &Renewal, rules: &Rules) -> Result<bool, OrderError> {
    let Some(due) = due(renewal.expiry, tx.today()) else { return Ok(false) };
    // Held: of two processes that look at the same moment, the second sees the charge of the first.
    let order = match store::renewal(tx, renewal.account, renewal.expiry).await? {
        Some(order) => store::hold(tx, renewal.account, order.id).await?,
        None => match place_renewal(tx, renewal, rules).await? {
            Some(order) => order,
            None => return Ok(false),
        },
    };
    if order.state != OrderState::AwaitingPayment || still_expiring(tx, renewal).await?.is_empty() {
        return Ok(false);
    }
    if order.total_cents == Euro::ZERO {
        grant::complete(tx, &order, None, rules).await?;
        return Ok(true);
    }
    // None when the customer chose to pay this renewal by hand: then it is not charged again (N3).
    let Some(mandate) = order.mandate_id else { return Ok(false) };
    match store::latest_charge(tx, renewal.account, order.id).await? {
        Some(charge) if charge.state == ChargeState::Processing || charge.due_day >= due => Ok(false),
        Some(_) | None => {
            store::insert_charge(tx, &order, mandate, due).await?;
            Ok(true)
        }
    }
}

/// The services that still expire on that day: a purchase may have prolonged them since they were looked up. Nothing of a deleted account.
async fn still_expiring(tx: &Tx, renewal: &Renewal) -> Result<Vec<Renewed>, OrderError> {
    let found = standing(tx, renewal.account, tx.today()).await?;
    if found.is_none_or(|found| found.state(tx.today()) == AccountState::Deleted) {
        return Ok(Vec::new());
    }
    let expiring = cart::owned(tx, renewal.account).await?.into_iter().filter(|service| service.expiry == renewal.expiry);
    let renewed = |service: OwnedService| Some(Renewed { term_years: *renewal.services.get(&service.id)?, service });
    Ok(expiring.filter_map(renewed).collect())
}

/// Places the order. None when there is nothing left to renew, or another process placed it at this moment.
async fn place_renewal(tx: &Tx, renewal: &Renewal, rules: &Rules) -> Result<Option<store::Row>, OrderError> {
    account::hold(tx, renewal.account).await?;
    let renewed = still_expiring(tx, renewal).await?;
    let Some(longest_term) = renewed.iter().map(|renewed| renewed.term_years).max() else { return Ok(None) };
    let quote = pricing::renewal(&rules.catalogue, tx.today(), &renewed).map_err(CartError::Unpriced)?;
    let mandate = account::mandate(tx, renewal.account, renewal.mandate).await?;
    let mandate = mandate.ok_or_else(|| Fault::Broken(format!("{} of {} vanished", renewal.mandate, renewal.account)))?;
    let order = store::NewOrder {
        id: tx.id(),
        account: renewal.account,
        kind: OrderKind::Renewal,
        cart: None,
        renewed_expiry: Some(renewal.expiry),
        term_years: longest_term,
        quote: &quote,
        mandate: Some((mandate.id, mandate.method)),
        lapse_time: place::end_of_term(renewal.expiry, rules.lapse_days),
    };
    store::insert(tx, &order).await
}

/// Tells that a charge of a renewal failed, and when it is tried again (N3).
pub(super) async fn tell_failure(tx: &Tx, order: &store::Row, due_day: CalendarDay) -> Result<(), OrderError> {
    let Some(expiry) = order.renewed_expiry_day else { return Ok(()) };
    let next = next_due(expiry, due_day.max(tx.today()));
    Ok(notify::renewal_failed(tx, &order.payable()?, expiry, next, due_day).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDay {
        text.parse().unwrap()
    }

    #[test]
    fn charges_are_due_on_days_seven_five_three_one_and_on_the_day_itself() {
        let expiry = day("2027-03-10");
        let cases = [
            ("2027-03-02", None),
            ("2027-03-03", Some("2027-03-03")),
            ("2027-03-04", Some("2027-03-03")),
            ("2027-03-05", Some("2027-03-05")),
            ("2027-03-07", Some("2027-03-07")),
            ("2027-03-08", Some("2027-03-07")),
            ("2027-03-09", Some("2027-03-09")),
            ("2027-03-10", Some("2027-03-10")),
        ];
        for (today, expected) in cases {
            assert_eq!(due(expiry, day(today)), expected.map(day), "{today}");
        }
    }

    #[test]
    fn after_the_last_charge_there_is_no_other() {
        let expiry = day("2027-03-10");
        assert_eq!(next_due(expiry, day("2027-03-03")), Some(day("2027-03-05")));
        assert_eq!(next_due(expiry, day("2027-03-09")), Some(expiry));
        assert_eq!(next_due(expiry, expiry), None);
    }
}
