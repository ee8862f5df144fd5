//! What a paid order grants: space, services and extensions, at once, once (B9).

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::state::{OrderKind, OrderState};
use super::{OrderError, Rules, store};
use crate::account::{self, Grant};
use crate::cart::pricing::{Line, LineKind};
use crate::clock::CalendarDay;
use crate::db::entity::{granted, purchase};
use crate::db::{Fault, Tx};
use crate::ids::ServiceId;
use crate::{notify, quota};

/// Completes a held order whose payment is recorded in this transaction, and grants its lines.
///
/// The move to completed is the guard: it happens once, and so does everything here.
pub(super) async fn complete(tx: &Tx, held: &store::Row, rules: &Rules) -> Result<store::Row, OrderError> {
    let change = purchase::ActiveModel { completed_time: Set(Some(tx.now())), ..Default::default() };
    let order = store::advance(tx, held, OrderState::Completed, change, "completed").await?;
    let mut services = Vec::new();
    for row in store::lines(tx, order.account_id, order.id).await? {
        let line = store::line(&row)?;
        let done = grant(tx, &order, &line, rules).await?;
        note(tx, &order, row.line, &done).await?;
        services.push((line, done));
    }
    // A card or PayPal purchase renews what it paid for (N1); a renewal leaves the stored method as it is (N3).
    let renews = order.kind == OrderKind::Purchase && order.mandate_id.is_some();
    if let Some(mandate) = order.mandate_id.filter(|_| renews) {
        let ids = services.iter().map(|(_, done)| done.service).collect();
        account::automatic_renewal(tx, order.account_id, ids, mandate, order.term_years).await?;
    }
    quota::observe(tx, order.account_id, rules.thresholds).await?;
    let expiries = services.iter().map(|(line, done)| (line.product.to_string(), line.quantity, done.after)).collect();
    notify::order_completed(tx, &order.payable()?, order.kind == OrderKind::Renewal, renews, expiries, &rules.catalogue).await?;
    Ok(order)
}

/// What a line granted.
struct Granted {
    service: ServiceId,
    before: Option<CalendarDay>,
    after: CalendarDay,
}

async fn grant(tx: &Tx, order: &store::Row, line: &Line, rules: &Rules) -> Result<Granted, OrderError> {
    match (line.kind, line.service) {
        (LineKind::NewPack | LineKind::NewModule | LineKind::NewUsers, None) => start(tx, order, line, rules).await,
        (LineKind::Extension | LineKind::Renewal, Some(service)) => prolong(tx, order, line, service).await,
        (kind, service) => Err(Fault::Broken(format!("a line of {} is {kind} with service {service:?}", order.id)).into()),
    }
}

/// The term starts today, so nobody loses days they paid for (B9).
async fn start(tx: &Tx, order: &store::Row, line: &Line, rules: &Rules) -> Result<Granted, OrderError> {
    let product = rules.catalogue.product(line.product.as_str());
    let product = product.ok_or_else(|| Fault::Broken(format!("{} was sold and is no longer in the catalogue", line.product)))?;
    let new = Grant {
        kind: product.kind,
        product: line.product.to_string(),
        quantity: i64::from(line.quantity),
        space: product.space_of(line.quantity),
        expiry: new_expiry(tx, order),
        term_years: order.term_years,
        mandate: None,
    };
    let (service, before, after) = account::start(tx, order.account_id, &new).await?;
    Ok(Granted { service, before, after })
}

/// An extension runs to the new expiry, a renewal a term from the old one. If another order prolonged the service since this one was priced,
/// the months paid for are added to what it has now: no day is lost.
async fn prolong(tx: &Tx, order: &store::Row, line: &Line, service: ServiceId) -> Result<Granted, OrderError> {
    let found = account::service_by_id(tx, order.account_id, service).await?;
    let before = found.ok_or_else(|| Fault::Broken(format!("{service} of {} vanished", order.id)))?.expiry_day;
    let unchanged = Some(before) == line.old_expiry;
    let paid_for = before.plus_months(line.months.get());
    let after = match line.kind {
        LineKind::Extension if unchanged => new_expiry(tx, order),
        LineKind::Extension => paid_for.max(new_expiry(tx, order)),
        LineKind::Renewal if unchanged => line.expiry_after,
        LineKind::Renewal | LineKind::NewPack | LineKind::NewModule | LineKind::NewUsers => paid_for,
    };
    account::prolong(tx, order.account_id, service, after).await?;
    Ok(Granted { service, before: Some(before), after: after.max(before) })
}

fn new_expiry(tx: &Tx, order: &store::Row) -> CalendarDay {
    tx.today().plus_years(u32::try_from(order.term_years).unwrap_or(1))
}

async fn note(tx: &Tx, order: &store::Row, line: i64, done: &Granted) -> Result<(), OrderError> {
    let row = granted::ActiveModel {
        purchase_id: Set(order.id),
        line: Set(line),
        account_id: Set(order.account_id),
        service_id: Set(done.service),
        expiry_before: Set(done.before),
        expiry_after: Set(done.after),
        created_time: Set(tx.now()),
    };
    granted::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
