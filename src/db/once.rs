//! Idempotency: the answer to a request_id is kept in the transaction of its effect.
//!
//! The record is written last. A repetition therefore does its work, meets the unique key, is rolled back whole, and is
//! answered with what was kept; one that is refused on its way (the first one has changed the state) finds the kept
//! answer too. Only an effect that was committed leaves a record, so a refusal for space can be repeated after buying.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio::time::Instant;
use uuid::Uuid;

use super::entity::request;
use super::write::{Failure, Refused, Reuse, Tx, TxFn};
use super::{Db, tenant};
use crate::ids::AccountId;

/// What makes a request the same one: who it acts for, its request_id, and a digest of its method and content.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The account, or none for calls that are not about one.
    pub account: Option<AccountId>,
    /// The caller's UUID.
    pub request_id: Uuid,
    /// SHA-256 of the method's path and the request.
    pub digest: [u8; 32],
}

/// A repeatable call: its key, its name for the log, and when its time is over.
#[derive(Clone, Debug)]
pub struct Once {
    /// The key.
    pub key: RequestKey,
    /// The name in the log.
    pub op: &'static str,
    /// When the call's time is over: no retry begins after it.
    pub deadline: Instant,
}

/// An answer, and whether it was given before.
#[derive(Debug)]
pub struct Answer<T> {
    /// The message.
    pub message: T,
    /// True when this request_id was answered before and nothing was done now.
    pub replayed: bool,
}

pub(super) struct Record {
    key: RequestKey,
    answer: Vec<u8>,
}

impl Db {
    /// Runs `f` in one write transaction at most once for the key, whatever is repeated or raced.
    ///
    /// Fails with [`Reuse`] when the request_id was used with other content.
    pub async fn once<I, F, T, E>(&self, once: Once, input: I, f: F) -> Result<Answer<T>, E>
    where
        F: for<'c> TxFn<'c, I, T, E> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Message + Default + 'static,
        E: Failure + From<Reuse>,
    {
        let Once { key, op, deadline } = once;
        let record = {
            let key = key.clone();
            move |message: &T| Some(Record { key: key.clone(), answer: message.encode_to_vec() })
        };
        let refused = match self.detached(op, deadline, input, f, record).await {
            Ok(message) => return Ok(Answer { message, replayed: false }),
            Err(Refused::Error(error)) if error.fault().is_some() => return Err(error),
            Err(refused) => refused,
        };
        match (self.kept(key.account, key.request_id).await?, refused) {
            (Some(kept), _) if kept.digest != key.digest => Err(Reuse.into()),
            (Some(kept), _) => {
                let message = T::decode(kept.answer.as_slice())
                    .map_err(|error| super::Fault::Broken(format!("the answer kept for {} cannot be read: {error}", key.request_id)))?;
                Ok(Answer { message, replayed: true })
            }
            (None, Refused::Error(error)) => Err(error),
            (None, Refused::AnsweredBefore) => {
                Err(super::Fault::Broken(format!("the answer to {} collided and is not there", key.request_id)).into())
            }
        }
    }

    /// Whether the request_id was answered before, with whatever content.
    pub async fn answered(&self, account: Option<AccountId>, request_id: Uuid) -> Result<bool, DbErr> {
        Ok(self.kept(account, request_id).await?.is_some())
    }

    async fn kept(&self, account: Option<AccountId>, request_id: Uuid) -> Result<Option<request::Model>, DbErr> {
        tenant::every::<request::Entity>()
            .filter(request::Column::Scope.eq(scope(account)))
            .filter(request::Column::RequestId.eq(request_id))
            .one(self.reader())
            .await
    }
}

/// Calls that are not about an account share the nil UUID as their scope.
fn scope(account: Option<AccountId>) -> Uuid {
    account.map_or(Uuid::nil(), |account| account.0)
}

/// Keeps the answer. False when there is one already: the caller rolls back.
pub(super) async fn keep(tx: &Tx, record: Record) -> Result<bool, DbErr> {
    let row = request::ActiveModel {
        scope: Set(scope(record.key.account)),
        request_id: Set(record.key.request_id),
        digest: Set(record.key.digest.to_vec()),
        answer: Set(record.answer),
        created_time: Set(tx.now()),
    };
    let key = [request::Column::Scope, request::Column::RequestId];
    let inserted =
        request::Entity::insert(row).on_conflict(OnConflict::columns(key).do_nothing().to_owned()).exec_without_returning(tx).await?;
    Ok(inserted == 1)
}

/// Forgets answers kept before `moment`; returns how many. A request_id older than that is a new request.
pub async fn forget_before(tx: &Tx, moment: DateTime<Utc>) -> Result<u64, DbErr> {
    let forgotten = tenant::delete_every::<request::Entity>().filter(request::Column::CreatedTime.lt(moment)).exec(tx).await?;
    Ok(forgotten.rows_affected)
}
