//! Queries over orders, charges and payments. Every one takes the account first, but for those of operators and jobs.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::OrderError;
use super::state::{OrderKind, OrderState, sources};
use crate::cart::extension::Months;
use crate::cart::pricing::{Line, Quote};
use crate::clock::CalendarDay;
use crate::db::entity::{charge, payment, purchase, purchase_line};
use crate::db::{Fault, Tx, tenant};
use crate::ids::{AccountId, CartId, ChargeId, MandateId, OrderId};
use crate::money::VatRate;
use crate::notify::Payable;
use crate::paging::Page;
use crate::payment::reference::OrderNumber;
use crate::payment::{ChargeState, PaymentMethod};

pub(super) type Row = purchase::Model;
pub(super) type LineRow = purchase_line::Model;
pub(super) type ChargeRow = charge::Model;
pub(super) type PaymentRow = payment::Model;

/// A new order.
pub(super) struct NewOrder<'a> {
    pub id: OrderId,
    pub account: AccountId,
    pub kind: OrderKind,
    pub cart: Option<CartId>,
    pub renewed_expiry: Option<CalendarDay>,
    pub term_years: u32,
    pub quote: &'a Quote,
    pub mandate: Option<(MandateId, PaymentMethod)>,
    pub lapse_time: DateTime<Utc>,
}

const NUMBERS_TRIED: u32 = 5;

/// Stores a new order with its lines. None when the account has a renewal order for this expiry already.
pub(super) async fn insert(tx: &Tx, new: &NewOrder<'_>) -> Result<Option<Row>, OrderError> {
    let state = match new.kind {
        OrderKind::Purchase => OrderState::Placed,
        OrderKind::Renewal => OrderState::AwaitingPayment,
    };
    let row = |number: &OrderNumber| purchase::ActiveModel {
        id: Set(new.id),
        account_id: Set(new.account),
        number: Set(number.to_string()),
        kind: Set(new.kind),
        state: Set(state),
        cart_id: Set(new.cart),
        renewed_expiry_day: Set(new.renewed_expiry),
        term_years: Set(i64::from(new.term_years)),
        net_cents: Set(new.quote.amounts.net),
        total_cents: Set(new.quote.amounts.total),
        method: Set(new.mandate.map(|(_, method)| method)),
        mandate_id: Set(new.mandate.map(|(mandate, _)| mandate)),
        terms: Set(String::new()),
        version: Set(1),
        created_time: Set(tx.now()),
        confirmed_time: Set(new.mandate.map(|_| tx.now())),
        completed_time: Set(None),
        lapse_time: Set(Some(new.lapse_time)),
    };
    for _ in 0..NUMBERS_TRIED {
        let number = OrderNumber::from_ten_digits(tx.ids().ten_digits());
        let insert = purchase::Entity::insert(row(&number)).on_conflict(OnConflict::new().do_nothing().to_owned());
        if insert.exec_without_returning(tx).await? == 1 {
            insert_lines(tx, new).await?;
            return Ok(Some(get(tx, new.account, new.id).await?));
        }
        if let Some(expiry) = new.renewed_expiry
            && renewal(tx, new.account, expiry).await?.is_some()
        {
            return Ok(None);
        }
    }
    Err(Fault::Broken(format!("{NUMBERS_TRIED} order numbers in a row were taken")).into())
}

async fn insert_lines(tx: &Tx, new: &NewOrder<'_>) -> Result<(), DbErr> {
    let rows = new.quote.lines.iter().zip(1..).map(|(line, number)| purchase_line::ActiveModel {
        purchase_id: Set(new.id),
        line: Set(number),
        account_id: Set(new.account),
        kind: Set(line.kind),
        product: Set(line.product.to_string()),
        service_id: Set(line.service),
        quantity: Set(i64::from(line.quantity)),
        months: Set(i64::from(line.months.get())),
        yearly_cents: Set(line.yearly_price),
        net_cents: Set(line.net),
        vat_basis_points: Set(i64::from(line.vat_rate.basis_points())),
        old_expiry_day: Set(line.old_expiry),
        new_expiry_day: Set(line.expiry_after),
    });
    purchase_line::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

impl Row {
    /// What a mail needs to know of the order.
    pub(super) fn payable(&self) -> Result<Payable, Fault> {
        let number = self.number.parse().map_err(|_| Fault::Broken(format!("{} has a number that cannot be read", self.id)))?;
        let lapse = self.lapse_time.unwrap_or(self.created_time);
        // The moment of lapsing is the beginning of the day after the last one.
        let last_day = CalendarDay::of(lapse).minus_days(1);
        Ok(Payable {
            account: self.account_id,
            order: self.id,
            version: self.version,
            number,
            total: self.total_cents,
            method: self.method,
            last_day,
        })
    }
}

/// One of the account's orders.
pub(super) async fn get(connection: &impl ConnectionTrait, account: AccountId, id: OrderId) -> Result<Row, OrderError> {
    let found = tenant::of::<purchase::Entity>(account).filter(purchase::Column::Id.eq(id)).one(connection).await?;
    found.ok_or(OrderError::NotFound)
}

/// One of the account's orders, held until the commit: nobody else moves it meanwhile.
pub(super) async fn hold(tx: &Tx, account: AccountId, id: OrderId) -> Result<Row, OrderError> {
    let found = tenant::of::<purchase::Entity>(account).filter(purchase::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(OrderError::NotFound)
}

/// The order that a payment names, of whichever account, held until the commit.
pub(super) async fn hold_by_number(tx: &Tx, number: &OrderNumber) -> Result<Option<Row>, DbErr> {
    tenant::every::<purchase::Entity>().filter(purchase::Column::Number.eq(number.to_string())).lock_exclusive().one(tx).await
}

/// The account's renewal order for this expiry.
pub(super) async fn renewal(connection: &impl ConnectionTrait, account: AccountId, expiry: CalendarDay) -> Result<Option<Row>, DbErr> {
    tenant::of::<purchase::Entity>(account)
        .filter(purchase::Column::Kind.eq(OrderKind::Renewal))
        .filter(purchase::Column::RenewedExpiryDay.eq(expiry))
        .one(connection)
        .await
}

/// The lines of an order.
pub(super) async fn lines(connection: &impl ConnectionTrait, account: AccountId, id: OrderId) -> Result<Vec<LineRow>, DbErr> {
    tenant::of::<purchase_line::Entity>(account)
        .filter(purchase_line::Column::PurchaseId.eq(id))
        .order_by_asc(purchase_line::Column::Line)
        .all(connection)
        .await
}

/// A stored line as pricing made it.
pub(super) fn line(row: &LineRow) -> Result<Line, Fault> {
    let broken = |what: &str| Fault::Broken(format!("line {} of {} has a {what} that cannot be read", row.line, row.purchase_id));
    let rate = u16::try_from(row.vat_basis_points).map_err(|_| broken("VAT rate"))?;
    Ok(Line {
        kind: row.kind,
        product: row.product.parse().map_err(|_| broken("product"))?,
        service: row.service_id,
        quantity: u32::try_from(row.quantity).map_err(|_| broken("quantity"))?,
        months: Months::new(u32::try_from(row.months).map_err(|_| broken("number of months"))?),
        yearly_price: row.yearly_cents,
        net: row.net_cents,
        vat_rate: VatRate::from_basis_points(rate).map_err(|_| broken("VAT rate"))?,
        old_expiry: row.old_expiry_day,
        expiry_after: row.new_expiry_day,
    })
}

/// A page of the account's orders, latest first.
pub(super) async fn list(connection: &impl ConnectionTrait, account: AccountId, page: &Page) -> Result<Vec<Row>, DbErr> {
    let mut rows = tenant::of::<purchase::Entity>(account).order_by_desc(purchase::Column::Id).limit(page.rows());
    if let Some(id) = page.after {
        rows = rows.filter(purchase::Column::Id.lt(OrderId(id)));
    }
    rows.all(connection).await
}

/// Changes a held order and moves it to a state; the WHERE holds the allowed moves, and staying is allowed when `to` is where it is.
pub(super) async fn advance(
    tx: &Tx,
    held: &Row,
    to: OrderState,
    change: purchase::ActiveModel,
    wanted: &'static str,
) -> Result<Row, OrderError> {
    let allowed: Vec<_> = sources(to).chain((held.state == to && to == OrderState::AwaitingPayment).then_some(to)).collect();
    let change = purchase::ActiveModel { state: Set(to), ..change };
    let moved = tenant::update_of::<purchase::Entity>(held.account_id)
        .set(change)
        .col_expr(purchase::Column::Version, Expr::col(purchase::Column::Version).add(1))
        .filter(purchase::Column::Id.eq(held.id))
        .filter(purchase::Column::State.is_in(allowed))
        .exec_with_returning(tx)
        .await?;
    match moved.into_iter().next() {
        Some(row) => Ok(row),
        None => Err(OrderError::State { wanted, current: get(tx, held.account_id, held.id).await?.state }),
    }
}

/// Lapses the orders of every account that were not paid in time (B10); one with a charge under way waits for it. Returns how many.
pub async fn lapse(tx: &Tx) -> Result<u64, DbErr> {
    let under_way = Query::select()
        .column(charge::Column::PurchaseId)
        .from(charge::Entity)
        .and_where(charge::Column::State.eq(ChargeState::Processing))
        .to_owned();
    let lapsed = tenant::update_every::<purchase::Entity>()
        .col_expr(purchase::Column::State, Expr::val(OrderState::Lapsed))
        .col_expr(purchase::Column::Version, Expr::col(purchase::Column::Version).add(1))
        .filter(purchase::Column::State.is_in(sources(OrderState::Lapsed)))
        .filter(purchase::Column::LapseTime.lt(tx.now()))
        .filter(purchase::Column::Id.not_in_subquery(under_way))
        .exec(tx)
        .await?;
    Ok(lapsed.rows_affected)
}

/// Starts a charge of an order's mandate.
pub(super) async fn insert_charge(tx: &Tx, order: &Row, mandate: MandateId, due: CalendarDay) -> Result<(), DbErr> {
    let row = charge::ActiveModel {
        id: Set(tx.id::<ChargeId>()),
        account_id: Set(order.account_id),
        purchase_id: Set(order.id),
        mandate_id: Set(mandate),
        amount_cents: Set(order.total_cents),
        state: Set(ChargeState::Processing),
        message: Set(None),
        due_day: Set(due),
        next_time: Set(tx.now()),
        created_time: Set(tx.now()),
        settled_time: Set(None),
    };
    charge::Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// The latest charge of an order.
pub(super) async fn latest_charge(
    connection: &impl ConnectionTrait,
    account: AccountId,
    order: OrderId,
) -> Result<Option<ChargeRow>, DbErr> {
    tenant::of::<charge::Entity>(account)
        .filter(charge::Column::PurchaseId.eq(order))
        .order_by_desc(charge::Column::Id)
        .one(connection)
        .await
}

/// Whether a charge of the order is under way.
pub(super) async fn is_charging(connection: &impl ConnectionTrait, account: AccountId, order: OrderId) -> Result<bool, DbErr> {
    let under_way = tenant::of::<charge::Entity>(account)
        .filter(charge::Column::PurchaseId.eq(order))
        .filter(charge::Column::State.eq(ChargeState::Processing));
    Ok(under_way.one(connection).await?.is_some())
}

/// Charges of every account whose gateway is to be asked now.
pub(super) async fn due_charges(connection: &impl ConnectionTrait, now: DateTime<Utc>, limit: u64) -> Result<Vec<ChargeRow>, DbErr> {
    tenant::every::<charge::Entity>()
        .filter(charge::Column::State.eq(ChargeState::Processing))
        .filter(charge::Column::NextTime.lte(now))
        .order_by_asc(charge::Column::NextTime)
        .limit(limit)
        .all(connection)
        .await
}

/// Takes a charge until `until`: of several processes that see it, one gets it.
pub(super) async fn claim_charge(tx: &Tx, charge: &ChargeRow, until: DateTime<Utc>) -> Result<bool, DbErr> {
    let claimed = tenant::update_of::<charge::Entity>(charge.account_id)
        .col_expr(charge::Column::NextTime, Expr::val(until))
        .filter(charge::Column::Id.eq(charge.id))
        .filter(charge::Column::State.eq(ChargeState::Processing))
        .filter(charge::Column::NextTime.eq(charge.next_time))
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

/// Asks about an undecided charge again at `next`.
pub(super) async fn postpone_charge(tx: &Tx, charge: &ChargeRow, next: DateTime<Utc>) -> Result<(), DbErr> {
    tenant::update_of::<charge::Entity>(charge.account_id)
        .col_expr(charge::Column::NextTime, Expr::val(next))
        .filter(charge::Column::Id.eq(charge.id))
        .filter(charge::Column::State.eq(ChargeState::Processing))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Ends a charge; false when another process ended it before.
pub(super) async fn settle_charge(tx: &Tx, charge: &ChargeRow, state: ChargeState, message: Option<String>) -> Result<bool, DbErr> {
    let end = charge::ActiveModel { state: Set(state), message: Set(message), settled_time: Set(Some(tx.now())), ..Default::default() };
    let settled = tenant::update_of::<charge::Entity>(charge.account_id)
        .set(end)
        .filter(charge::Column::Id.eq(charge.id))
        .filter(charge::Column::State.eq(ChargeState::Processing))
        .exec(tx)
        .await?;
    Ok(settled.rows_affected == 1)
}

/// The payment with this reference, of whichever account.
pub(super) async fn payment_by_reference(tx: &Tx, method: PaymentMethod, reference: &str) -> Result<Option<PaymentRow>, DbErr> {
    tenant::every::<payment::Entity>()
        .filter(payment::Column::Method.eq(method))
        .filter(payment::Column::Reference.eq(reference))
        .one(tx)
        .await
}

/// Keeps a payment; false when one with its reference is there.
pub(super) async fn insert_payment(tx: &Tx, row: PaymentRow) -> Result<bool, DbErr> {
    let reference = [payment::Column::Method, payment::Column::Reference];
    let row: payment::ActiveModel = row.into_active_model().reset_all();
    let insert = payment::Entity::insert(row).on_conflict(OnConflict::columns(reference).do_nothing().to_owned());
    Ok(insert.exec_without_returning(tx).await? == 1)
}
