//! Where the bytes rest: a row of `document` for each stored file, compressed, under the id of its invoice or receipt.

use ring::digest::SHA256_OUTPUT_LEN;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, SqlErr};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::InvoiceError;
use super::intake::File;
use crate::db::entity::document::{self, Column, Entity};
use crate::db::{Fault, Tx, tenant};
use crate::ids::AccountId;
use crate::quota::DocumentKind;

/// How an attempt to store a file ended.
#[must_use]
pub(super) enum Stored {
    /// It is stored under this id.
    New(Uuid),
    /// The same bytes were stored before, under this id (I4).
    Before(Uuid),
}

/// Stores a file, or finds the same bytes of the same kind.
pub(super) async fn store(tx: &Tx, account: AccountId, kind: DocumentKind, file_name: &str, file: &File) -> Result<Stored, InvoiceError> {
    let id: Uuid = tx.id();
    let row = document::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        kind: Set(kind),
        file_name: Set(file_name.to_owned()),
        sha256: Set(file.key()),
        size: Set(file.size),
        created_time: Set(tx.now()),
        content: Set(file.content.clone()),
    };
    let same_bytes = OnConflict::columns([Column::AccountId, Column::Kind, Column::Sha256]).do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(same_bytes).exec_without_returning(tx).await;
    match inserted.map_err(|error| taken(error, file_name))? {
        1 => Ok(Stored::New(id)),
        // Between the conflict and this look the draft that held the bytes may have been deleted: the caller may try again.
        _ => Ok(Stored::Before(find(tx, account, kind, file).await?.ok_or(Fault::Overtaken)?)),
    }
}

/// What holds the bytes of this file.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    account: AccountId,
    kind: DocumentKind,
    file: &File,
) -> Result<Option<Uuid>, DbErr> {
    let found = tenant::of::<Entity>(account).filter(Column::Kind.eq(kind)).filter(Column::Sha256.eq(file.key()));
    found.select_only().column(Column::Id).into_tuple().one(connection).await
}

/// Names the file of a draft that had no name.
///
/// Fails with [`InvoiceError::Superseded`] when the name came with another file in between.
pub(super) async fn give_name(tx: &Tx, account: AccountId, id: Uuid, name: &str) -> Result<(), InvoiceError> {
    let row = document::ActiveModel { file_name: Set(name.to_owned()), ..Default::default() };
    match tenant::update_of::<Entity>(account).set(row).filter(Column::Id.eq(id)).exec(tx).await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Err(InvoiceError::Superseded),
        Err(error) => Err(error.into()),
    }
}

/// Replaces the file of a draft.
pub(super) async fn replace(tx: &Tx, account: AccountId, id: Uuid, file_name: &str, file: &File) -> Result<(), InvoiceError> {
    let row = document::ActiveModel {
        file_name: Set(file_name.to_owned()),
        sha256: Set(file.key()),
        size: Set(file.size),
        content: Set(file.content.clone()),
        ..Default::default()
    };
    let replaced = tenant::update_of::<Entity>(account).set(row).filter(Column::Id.eq(id)).exec(tx).await;
    replaced.map_err(|error| taken(error, file_name)).map(|_| ())
}

/// Deletes the file of a draft.
pub(super) async fn delete(tx: &Tx, account: AccountId, id: Uuid) -> Result<(), DbErr> {
    tenant::delete_of::<Entity>(account).filter(Column::Id.eq(id)).exec(tx).await.map(|_| ())
}

/// The file as it came, if there is one of these kinds. Never wrong bytes: one that does not match its digest is damaged.
pub(super) async fn original(
    connection: &impl ConnectionTrait,
    account: AccountId,
    id: Uuid,
    kinds: &[DocumentKind],
) -> Result<Option<(document::Model, Vec<u8>)>, InvoiceError> {
    let of_these = Column::Kind.is_in(kinds.iter().copied());
    let found = tenant::of::<Entity>(account).filter(Column::Id.eq(id)).filter(of_these).one(connection).await?;
    let Some(mut document) = found else { return Ok(None) };
    document.sha256.truncate(SHA256_OUTPUT_LEN);
    let content = std::mem::take(&mut document.content);
    let file = File { sha256: document.sha256.clone(), copy_of: None, size: document.size, content };
    let original = spawn_blocking(move || file.original()).await.map_err(|ended| Fault::Broken(ended.to_string()))?;
    let original = original.map_err(|what| Fault::Damaged { document: id, what: what.to_owned() })?;
    Ok(Some((document, original)))
}

/// Which of the two unique keys was met: the file name, or else the bytes.
fn taken(error: DbErr, file_name: &str) -> InvoiceError {
    match error.sql_err() {
        // PostgreSQL names the index, SQLite the columns.
        Some(SqlErr::UniqueConstraintViolation(key)) if key.contains("document_sent_name") || key.contains("file_name") => {
            InvoiceError::FileNameUsed(file_name.to_owned())
        }
        Some(SqlErr::UniqueConstraintViolation(_)) => InvoiceError::FileStored,
        _ => error.into(),
    }
}
