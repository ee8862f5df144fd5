//! What the calendar brings: expiries, renewals, lapses, forgotten requests.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Tally;
use crate::account;
use crate::clock::CalendarDay;
use crate::db::{self, Db, Fault, Tx};
use crate::ids::AccountId;
use crate::notify::{self, RunningOut};
use crate::order::{self, Rules};
use crate::quota;
use crate::quota::level::Thresholds;

/// What has been done.
#[derive(Debug, Default)]
pub(super) struct Diary {
    last: Option<DateTime<Utc>>,
}

/// Within a day, what may have become due meanwhile is looked for this often.
const AGAIN: TimeDelta = TimeDelta::minutes(15);
/// After a start, expiries of so many days are looked at again: longer than any outage that nobody noticed.
const LOOK_BACK_DAYS: u32 = 30;
/// How many days before their expiry services that do not renew themselves are reminded of (N4).
const REMINDERS: [u32; 4] = [90, 30, 15, 7];
/// A reminder that an outage delayed is still sent so many days later.
const LATE_REMINDER_DAYS: u32 = 3;
/// How long a request_id is remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Does what is due since the last time.
pub(super) async fn turn(db: &Db, rules: &Rules, diary: &mut Diary, tally: &mut Tally<'_>) -> Result<(), Fault> {
    let now = db.clock().now();
    let today = CalendarDay::of(now);
    let looked = match diary.last {
        // The clock never runs backwards, but a person may turn it.
        Some(last) if CalendarDay::of(last) == today && now < last + AGAIN && now >= last => return Ok(()),
        Some(last) => CalendarDay::of(last).minus_days(1),
        None => today.minus_days(LOOK_BACK_DAYS),
    };
    let failed_before = tally.failed;
    for account in account::expiring(db.reader(), looked.min(today), today).await? {
        let observe = async |tx: &Tx, (account, thresholds): &(AccountId, Thresholds)| quota::observe(tx, *account, *thresholds).await;
        tally.note("standing", db.write("standing", (account, rules.thresholds), observe).await.map(|()| false));
    }
    for reminder in reminders(db, looked.max(today.minus_days(LATE_REMINDER_DAYS)), today).await? {
        let tell = async |tx: &Tx, (reminder, rules): &(RunningOut, Rules)| notify::running_out(tx, reminder, &rules.catalogue).await;
        tally.note("reminder", db.write("remind", (reminder, rules.clone()), tell).await.map(|()| false));
    }
    for renewal in order::due_renewals(db).await? {
        tally.note("renewal", order::renew(db, rules, renewal).await);
    }
    db.write("lapse", (), async |tx: &Tx, (): &()| order::lapse(tx).await.map_err(Fault::from)).await?;
    db.write("forget", now - REMEMBERED, async |tx: &Tx, moment: &DateTime<Utc>| db::forget_before(tx, *moment).await.map_err(Fault::from))
        .await?;
    if tally.failed == failed_before {
        diary.last = Some(now);
    }
    Ok(())
}

/// What expires soon and does not renew itself. Each reminder is told once, however often this finds it.
async fn reminders(db: &Db, looked: CalendarDay, today: CalendarDay) -> Result<Vec<RunningOut>, Fault> {
    let mut groups = BTreeMap::<(AccountId, CalendarDay, CalendarDay), Vec<String>>::new();
    for days_left in REMINDERS {
        for service in account::running_out(db.reader(), looked.plus_days(days_left), today.plus_days(days_left)).await? {
            let due_day = service.expiry_day.minus_days(days_left);
            groups.entry((service.account_id, service.expiry_day, due_day)).or_default().push(service.product);
        }
    }
    let reminder = |((account, expiry, due_day), products)| RunningOut { account, expiry, products, due_day };
    Ok(groups.into_iter().map(reminder).collect())
}
