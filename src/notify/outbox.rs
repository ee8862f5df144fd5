//! The outbox: a mail is kept with what it tells, claimed for a while, sent outside any transaction, and marked.
//!
//! A crash between sending and marking sends it again with the same Message-ID, which mail programs fold into one.

use chrono::TimeDelta;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};

use super::MailState;
use super::mail::Mail;
use super::transport::{SendError, Transport};
use crate::db::entity::mail::{ActiveModel, Column, Entity, Model};
use crate::db::{Db, Fault, Tx, tenant};
use crate::ids::AccountId;

const AT_ONCE: u64 = 20;
const LEASE: TimeDelta = TimeDelta::seconds(60);
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// The pause doubles each time: the last one is over two hours.
const MOST_ATTEMPTS: i64 = 10;

/// Puts a mail into the outbox. `once` names what it tells: the same is told once.
pub(super) async fn post(tx: &Tx, account: Option<AccountId>, mail: &Mail, once: String) -> Result<(), Fault> {
    let content = serde_json::to_string(mail).map_err(|error| Fault::Broken(format!("a mail cannot be written: {error}")))?;
    let row = ActiveModel {
        id: Set(tx.id()),
        account_id: Set(account),
        recipient: Set(mail.to.clone()),
        subject: Set(mail.subject.clone()),
        content: Set(content),
        once: Set(once),
        state: Set(MailState::Waiting),
        attempts: Set(0),
        next_time: Set(tx.now()),
        created_time: Set(tx.now()),
        sent_time: Set(None),
    };
    let told = OnConflict::column(Column::Once).do_nothing().to_owned();
    Entity::insert(row).on_conflict(told).exec_without_returning(tx).await?;
    Ok(())
}

/// What is to be sent now.
pub async fn due(db: &Db) -> Result<Vec<Model>, Fault> {
    let rows = tenant::every::<Entity>()
        .filter(Column::State.eq(MailState::Waiting))
        .filter(Column::NextTime.lte(db.clock().now()))
        .order_by_asc(Column::NextTime)
        .order_by_asc(Column::Id)
        .limit(AT_ONCE);
    Ok(rows.all(db.reader()).await?)
}

/// Sends a mail, unless another process has it; returns whether it was sent.
pub async fn send(db: &Db, transport: &Transport, row: Model) -> Result<bool, Fault> {
    let claimed = db.write("mail.claim", row.clone(), async |tx: &Tx, row: &Model| claim(tx, row).await.map_err(Fault::from));
    if !claimed.await? {
        return Ok(false);
    }
    let outcome = match serde_json::from_str::<Mail>(&row.content) {
        Ok(mail) => transport.send(&mail, row.id, row.created_time).await,
        Err(error) => Err(SendError::Permanent(format!("the mail cannot be read: {error}"))),
    };
    let sent = outcome.is_ok();
    db.write("mail.settle", (row, outcome), async |tx: &Tx, (row, outcome): &(Model, Result<(), SendError>)| {
        settle(tx, row, outcome).await.map_err(Fault::from)
    })
    .await?;
    Ok(sent)
}

/// Takes a mail: of several processes that see it, one gets it.
async fn claim(tx: &Tx, row: &Model) -> Result<bool, DbErr> {
    let claimed = tenant::update_every::<Entity>()
        .col_expr(Column::NextTime, Expr::val(tx.now() + LEASE))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(MailState::Waiting))
        .filter(Column::NextTime.eq(row.next_time))
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

async fn settle(tx: &Tx, row: &Model, outcome: &Result<(), SendError>) -> Result<(), DbErr> {
    let attempts = row.attempts + 1;
    let mut change = ActiveModel::default();
    match outcome {
        Ok(()) => {
            change.state = Set(MailState::Sent);
            change.sent_time = Set(Some(tx.now()));
        }
        Err(SendError::Temporary(why)) if attempts < MOST_ATTEMPTS => {
            tracing::warn!(mail = %row.id, attempts, "not sent, tried again later: {why}");
            let doublings = u32::try_from(attempts).unwrap_or(0);
            let pause = FIRST_PAUSE * 2_i32.pow(doublings);
            change.next_time = Set(tx.now() + pause);
        }
        Err(SendError::Temporary(why) | SendError::Permanent(why)) => {
            tracing::error!(mail = %row.id, attempts, "not sent, given up: {why}");
            change.state = Set(MailState::Failed);
        }
    }
    let row = tenant::update_every::<Entity>().set(change).filter(Column::Id.eq(row.id)).filter(Column::State.eq(MailState::Waiting));
    row.exec(tx).await.map(|_| ())
}
