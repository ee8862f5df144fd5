//! Queries over accounts and what they have bought. Every one takes the account first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, SqlErr,
};

use super::standing::{grace_start, standing};
use super::state::AccountState;
use super::{AccountError, ServiceKind};
use crate::check::Check;
use crate::clock::CalendarDay;
use crate::db::entity::{account, mandate, service, space};
use crate::db::{Fault, Tx, tenant};
use crate::ids::{AccountId, MandateId, ServiceId};
use crate::notify::language::Language;
use crate::payment::PaymentMethod;
use crate::quota::level::Level;
use crate::space::Bytes;

/// Something an account has bought.
pub type Owned = service::Model;

/// A stored means of payment.
pub type Mandate = mandate::Model;

/// Where an account is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who holds the account.
    pub company: String,
    /// The reference e-mail address.
    pub email: String,
    /// In which language.
    pub language: Language,
}

/// A new account, its holder data checked.
#[derive(Clone, Debug)]
pub(super) struct NewAccount {
    pub company: String,
    pub vat_number: Option<String>,
    pub fiscal_code: Option<String>,
    pub email: String,
    pub language: Language,
    pub base_plan: String,
    pub base_space: Bytes,
    pub purchase_time: Option<DateTime<Utc>>,
}

/// What an order grants that was not there before.
#[derive(Clone, Debug)]
pub struct Grant {
    /// What kind of thing.
    pub kind: ServiceKind,
    /// The catalogue's code.
    pub product: String,
    /// GB, users, or 1.
    pub quantity: i64,
    /// The space it includes.
    pub space: Bytes,
    /// Its last day.
    pub expiry: CalendarDay,
    /// The term it was bought for, which its renewal repeats.
    pub term_years: i64,
    /// What pays for its automatic renewal, if anything.
    pub mandate: Option<MandateId>,
}

const BASE_PLAN_YEARS: u32 = 1;

/// Stores a new account with its base plan, and the row that its space is counted in.
pub(super) async fn create(tx: &Tx, new: &NewAccount) -> Result<account::Model, AccountError> {
    let now = tx.now();
    let id: AccountId = tx.id();
    let purchase_time = new.purchase_time.unwrap_or(now);
    let row = account::ActiveModel {
        id: Set(id),
        company: Set(new.company.clone()),
        vat_number: Set(new.vat_number.clone()),
        fiscal_code: Set(new.fiscal_code.clone()),
        email: Set(new.email.clone()),
        language: Set(new.language),
        base_plan: Set(new.base_plan.clone()),
        state: Set(AccountState::Active),
        version: Set(1),
        purchase_time: Set(purchase_time),
        created_time: Set(now),
        updated_time: Set(now),
    };
    let account = row.insert(tx).await.map_err(taken)?;
    let zero = Bytes::ZERO;
    let counted = space::ActiveModel {
        account_id: Set(id),
        used: Set(zero),
        sent: Set(zero),
        received: Set(zero),
        receipts: Set(zero),
        sequence: Set(0),
        told_level: Set(Level::Ok),
        suspended_time: Set(None),
    };
    space::Entity::insert(counted).exec_without_returning(tx).await?;
    let first_day = CalendarDay::of(purchase_time);
    let plan = Grant {
        kind: ServiceKind::BasePlan,
        product: new.base_plan.clone(),
        quantity: 1,
        space: new.base_space,
        expiry: first_day.plus_years(BASE_PLAN_YEARS),
        term_years: i64::from(BASE_PLAN_YEARS),
        mandate: None,
    };
    insert_service(tx, id, first_day, &plan).await?;
    Ok(account)
}

fn taken(error: DbErr) -> AccountError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => AccountError::Exists,
        _ => error.into(),
    }
}

/// The account's own row.
pub(super) async fn read(connection: &impl ConnectionTrait, account: AccountId) -> Result<account::Model, AccountError> {
    tenant::of::<account::Entity>(account).one(connection).await?.ok_or(AccountError::NotFound)
}

/// The rows of these accounts, for lists of the provider's own services.
pub(super) async fn read_all(connection: &impl ConnectionTrait, ids: Vec<AccountId>) -> Result<Vec<account::Model>, AccountError> {
    Ok(tenant::every::<account::Entity>().filter(account::Column::Id.is_in(ids)).order_by_asc(account::Column::Id).all(connection).await?)
}

/// The fields of the holder that change.
#[derive(Clone, Debug, Default)]
pub(super) struct HolderChange {
    pub company: Option<String>,
    pub vat_number: Option<Option<String>>,
    pub fiscal_code: Option<Option<String>>,
    pub email: Option<String>,
    pub language: Option<Language>,
    pub version: Option<i64>,
}

/// Changes holder data, if the version is the one expected.
pub(super) async fn update(tx: &Tx, account: AccountId, change: &HolderChange) -> Result<account::Model, AccountError> {
    refuse_nameless(tx, account, change).await?;
    let mut row = account::ActiveModel { updated_time: Set(tx.now()), ..Default::default() };
    if let Some(value) = &change.company {
        row.company = Set(value.clone());
    }
    if let Some(value) = &change.vat_number {
        row.vat_number = Set(value.clone());
    }
    if let Some(value) = &change.fiscal_code {
        row.fiscal_code = Set(value.clone());
    }
    if let Some(value) = &change.email {
        row.email = Set(value.clone());
    }
    if let Some(value) = change.language {
        row.language = Set(value);
    }
    let version = account::Column::Version;
    let mut update = tenant::update_of::<account::Entity>(account).set(row).col_expr(version, Expr::col(version).add(1));
    if let Some(expected) = change.version {
        update = update.filter(version.eq(expected));
    }
    let updated = update.exec_with_returning(tx).await.map_err(taken)?;
    match updated.into_iter().next() {
        Some(row) => Ok(row),
        None => Err(AccountError::EtagMismatch { current: read(tx, account).await?.version }),
    }
}

/// The tax agency knows an account by its VAT number or its fiscal code: one of them stays. The database holds the same.
async fn refuse_nameless(tx: &Tx, account: AccountId, change: &HolderChange) -> Result<(), AccountError> {
    let before = read(tx, account).await?;
    let vat_number = change.vat_number.as_ref().unwrap_or(&before.vat_number);
    let fiscal_code = change.fiscal_code.as_ref().unwrap_or(&before.fiscal_code);
    let mut check = Check::default();
    if vat_number.is_none() && fiscal_code.is_none() {
        check.refuse("update_mask", "would leave the account without VAT number and fiscal code: it must keep one of them");
    }
    Ok(check.finish(|| Some(()))?)
}

/// Where the account is written to.
pub async fn contact(connection: &impl ConnectionTrait, account: AccountId) -> Result<Contact, DbErr> {
    let row = tenant::of::<account::Entity>(account).one(connection).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(account.to_string()))?;
    Ok(Contact { company: row.company, email: row.email, language: row.language })
}

/// Who sends the account's files, as the SdI's names begin: the country's code and the holder's fiscal identifier, which is the fiscal code of
/// one that has an Italian one, else the VAT number.
pub async fn sender(connection: &impl ConnectionTrait, account: AccountId) -> Result<String, DbErr> {
    let row = tenant::of::<account::Entity>(account).one(connection).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(account.to_string()))?;
    let by_fiscal_code = row.fiscal_code.map(|code| format!("IT{code}"));
    by_fiscal_code.or(row.vat_number).ok_or_else(|| DbErr::RecordNotFound(format!("an identifier of {account}")))
}

/// What the account has bought, base plan first, then by expiry.
pub async fn services(connection: &impl ConnectionTrait, account: AccountId) -> Result<Vec<Owned>, DbErr> {
    let rows = tenant::of::<service::Entity>(account).order_by_asc(service::Column::ExpiryDay).order_by_asc(service::Column::Id);
    let mut rows = rows.all(connection).await?;
    rows.sort_by_key(|row| row.kind != ServiceKind::BasePlan);
    Ok(rows)
}

/// One of the account's services.
pub async fn service_by_id(connection: &impl ConnectionTrait, account: AccountId, id: ServiceId) -> Result<Option<Owned>, DbErr> {
    tenant::of::<service::Entity>(account).filter(service::Column::Id.eq(id)).one(connection).await
}

/// Starts something new today; the account must be held. A module that was bought before is the same service again, from today or, if it is active, from its expiry.
pub async fn start(tx: &Tx, account: AccountId, grant: &Grant) -> Result<(ServiceId, Option<CalendarDay>, CalendarDay), Fault> {
    if grant.kind == ServiceKind::Module {
        let before = tenant::of::<service::Entity>(account)
            .filter(service::Column::Kind.eq(ServiceKind::Module))
            .filter(service::Column::Product.eq(grant.product.as_str()))
            .one(tx)
            .await?;
        if let Some(before) = before {
            let active = before.expiry_day >= tx.today();
            let years = u32::try_from(grant.term_years).unwrap_or(1);
            let expiry = if active { before.expiry_day.plus_years(years) } else { grant.expiry };
            prolong(tx, account, before.id, expiry).await?;
            return Ok((before.id, Some(before.expiry_day), expiry));
        }
    }
    let id = insert_service(tx, account, tx.today(), grant).await?;
    Ok((id, None, grant.expiry))
}

async fn insert_service(tx: &Tx, account: AccountId, first_day: CalendarDay, grant: &Grant) -> Result<ServiceId, DbErr> {
    let id: ServiceId = tx.id();
    let row = service::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        kind: Set(grant.kind),
        product: Set(grant.product.clone()),
        quantity: Set(grant.quantity),
        space_bytes: Set(grant.space),
        activation_day: Set(first_day),
        expiry_day: Set(grant.expiry),
        term_years: Set(grant.term_years),
        mandate_id: Set(grant.mandate),
        created_time: Set(tx.now()),
    };
    service::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// Holds what the account has bought until the commit: two orders that prolong the same services are granted one after the other.
///
/// It is the space row that is held, which grants change anyway, and which charges take before anything else of the account.
pub async fn hold(tx: &Tx, account: AccountId) -> Result<(), Fault> {
    let held = tenant::of::<space::Entity>(account).lock_exclusive().one(tx).await?;
    held.map(|_| ()).ok_or_else(|| Fault::Broken(format!("{account} has no space row")))
}

/// Moves a service's expiry to a later day; never to an earlier one. The account must be held.
pub async fn prolong(tx: &Tx, account: AccountId, id: ServiceId, expiry: CalendarDay) -> Result<(), Fault> {
    let prolonged = tenant::update_of::<service::Entity>(account)
        .col_expr(service::Column::ExpiryDay, Expr::val(expiry))
        .filter(service::Column::Id.eq(id))
        .filter(service::Column::ExpiryDay.lt(expiry))
        .exec(tx)
        .await?;
    match prolonged.rows_affected {
        1 => Ok(()),
        _ => Err(Fault::Broken(format!("{id} was to be prolonged to {expiry} and lasts longer already"))),
    }
}

/// Turns automatic renewal of these services on, with that means of payment and term (N1).
pub async fn automatic_renewal(tx: &Tx, account: AccountId, ids: Vec<ServiceId>, mandate: MandateId, term_years: i64) -> Result<(), DbErr> {
    let on = service::ActiveModel { mandate_id: Set(Some(mandate)), term_years: Set(term_years), ..Default::default() };
    tenant::update_of::<service::Entity>(account).set(on).filter(service::Column::Id.is_in(ids)).exec(tx).await.map(|_| ())
}

/// The methods of the account's stored means of payment.
pub(super) async fn renewal_methods(
    connection: &impl ConnectionTrait,
    account: AccountId,
) -> Result<HashMap<MandateId, PaymentMethod>, DbErr> {
    let mandates = tenant::of::<mandate::Entity>(account).all(connection).await?;
    Ok(mandates.into_iter().map(|mandate| (mandate.id, mandate.method)).collect())
}

/// The stored means of payment with this token, stored now if it is new.
pub async fn store_mandate(tx: &Tx, account: AccountId, method: PaymentMethod, token: &str) -> Result<MandateId, DbErr> {
    let row = mandate::ActiveModel {
        id: Set(tx.id()),
        account_id: Set(account),
        method: Set(method),
        token: Set(token.to_owned()),
        created_time: Set(tx.now()),
    };
    let key = [mandate::Column::AccountId, mandate::Column::Method, mandate::Column::Token];
    let insert = mandate::Entity::insert(row).on_conflict(OnConflict::columns(key).do_nothing().to_owned());
    insert.exec_without_returning(tx).await?;
    let found = tenant::of::<mandate::Entity>(account)
        .filter(mandate::Column::Method.eq(method))
        .filter(mandate::Column::Token.eq(token))
        .one(tx)
        .await?;
    found.map(|mandate| mandate.id).ok_or_else(|| DbErr::RecordNotFound("the mandate stored just now".to_owned()))
}

/// One of the account's stored means of payment.
pub async fn mandate(connection: &impl ConnectionTrait, account: AccountId, id: MandateId) -> Result<Option<Mandate>, DbErr> {
    tenant::of::<mandate::Entity>(account).filter(mandate::Column::Id.eq(id)).one(connection).await
}

/// Services of every account that renew themselves and expire on a day from `from` through `through`.
pub async fn renewing(connection: &impl ConnectionTrait, from: CalendarDay, through: CalendarDay) -> Result<Vec<Owned>, DbErr> {
    tenant::every::<service::Entity>()
        .filter(service::Column::MandateId.is_not_null())
        .filter(service::Column::ExpiryDay.between(from, through))
        .order_by_asc(service::Column::AccountId)
        .order_by_asc(service::Column::ExpiryDay)
        .order_by_asc(service::Column::Id)
        .all(connection)
        .await
}

/// Services of every account that do not renew themselves and expire on a day from `from` through `through`.
pub async fn running_out(connection: &impl ConnectionTrait, from: CalendarDay, through: CalendarDay) -> Result<Vec<Owned>, DbErr> {
    tenant::every::<service::Entity>()
        .filter(service::Column::MandateId.is_null())
        .filter(service::Column::ExpiryDay.between(from, through))
        .order_by_asc(service::Column::AccountId)
        .order_by_asc(service::Column::Id)
        .all(connection)
        .await
}

/// Accounts whose standing may have changed between two days by the calendar alone: a pack or base plan expired, or the grace after it ended.
pub async fn expiring(connection: &impl ConnectionTrait, after: CalendarDay, before: CalendarDay) -> Result<Vec<AccountId>, DbErr> {
    let expired = |from: CalendarDay, before: CalendarDay| {
        Condition::all().add(service::Column::ExpiryDay.gte(from)).add(service::Column::ExpiryDay.lt(before))
    };
    let kinds = [ServiceKind::BasePlan, ServiceKind::SpacePack];
    let rows = tenant::every::<service::Entity>()
        .filter(service::Column::Kind.is_in(kinds))
        .filter(Condition::any().add(expired(after, before)).add(expired(grace_start(after), grace_start(before))))
        .all(connection)
        .await?;
    let mut accounts: Vec<_> = rows.into_iter().map(|row| row.account_id).collect();
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

/// Brings the recorded state to the one in force, one allowed move after the other.
pub async fn record_state(tx: &Tx, account: AccountId) -> Result<AccountState, Fault> {
    let found = standing(tx, account, tx.today()).await?;
    let found = found.ok_or_else(|| Fault::Broken(format!("{account} vanished")))?;
    let target = found.state(tx.today());
    for (from, to) in super::state::path(found.recorded, target) {
        let moved = tenant::update_of::<account::Entity>(account)
            .col_expr(account::Column::State, Expr::val(to))
            .filter(account::Column::State.eq(from))
            .exec(tx)
            .await?;
        if moved.rows_affected == 0 {
            // Another transaction recorded it between our look and our move; it saw the same facts.
            break;
        }
    }
    Ok(target)
}
