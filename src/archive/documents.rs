//! The rows of `document`: one for each stored file, under the id of its invoice or receipt.

use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, SqlErr};
use uuid::Uuid;

use super::{ArchiveError, File, Kept, Place, blob};
use crate::db::entity::document::{self, Column, Entity, digest_of};
use crate::db::{Fault, Tx, tenant};
use crate::ids::AccountId;
use crate::quota::DocumentKind;

/// How an attempt to store a file ended.
#[must_use]
pub enum Stored {
    /// It is stored under this id.
    New(Uuid),
    /// The same bytes were stored before, under this id (I4).
    Before(Uuid),
}

/// Stores a file, or finds the same bytes of the same kind.
pub async fn store(tx: &Tx, account: AccountId, kind: DocumentKind, file_name: &str, file: &File) -> Result<Stored, ArchiveError> {
    let id: Uuid = tx.id();
    let row = document::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        kind: Set(kind),
        created_time: Set(tx.now()),
        ..described(file_name, file)
    };
    let same_bytes = OnConflict::columns([Column::AccountId, Column::Kind, Column::Sha256]).do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(same_bytes).exec_without_returning(tx).await;
    match inserted.map_err(|error| taken(error, file_name))? {
        1 => {
            commit(tx, account, file).await?;
            Ok(Stored::New(id))
        }
        // Its own upload is needed by nobody, unless it is the other's too: the clean-up finds out. Between the conflict and this look the draft
        // that held the bytes may have been deleted: the caller may try again.
        _ => Ok(Stored::Before(find(tx, account, kind, file).await?.ok_or(Fault::Overtaken)?)),
    }
}

/// What a row says of its file and where that is.
fn described(file_name: &str, file: &File) -> document::ActiveModel {
    let (place, content, generation) = match &file.kept {
        Kept::Here { content } => (Place::Database, content.clone(), None),
        Kept::Object { generation } => (Place::Object, Vec::new(), Some(*generation)),
    };
    document::ActiveModel {
        file_name: Set(file_name.to_owned()),
        sha256: Set(file.key()),
        size: Set(file.size),
        content: Set(content),
        place: Set(place),
        generation: Set(generation),
        sealing: Set(file.sealing.clone()),
        ..Default::default()
    }
}

/// Ties the file's object to the row that this transaction writes.
async fn commit(tx: &Tx, account: AccountId, file: &File) -> Result<(), Fault> {
    match file.kept {
        // The upload took longer than the age limit of the clean-up, which was faster: everything is undone, and the caller tries again.
        Kept::Object { generation } if !blob::commit(tx, account, &file.sha256, generation).await? => Err(Fault::Overtaken),
        Kept::Object { .. } | Kept::Here { .. } => Ok(()),
    }
}

/// What holds the bytes of this file, if anything does.
pub async fn find(connection: &impl ConnectionTrait, account: AccountId, kind: DocumentKind, file: &File) -> Result<Option<Uuid>, DbErr> {
    let found = tenant::of::<Entity>(account).filter(Column::Kind.eq(kind)).filter(Column::Sha256.eq(file.key()));
    found.select_only().column(Column::Id).into_tuple().one(connection).await
}

/// Names the file of a draft that had no name.
pub async fn give_name(tx: &Tx, account: AccountId, id: Uuid, name: &str) -> Result<(), ArchiveError> {
    let row = document::ActiveModel { file_name: Set(name.to_owned()), ..Default::default() };
    let named = tenant::update_of::<Entity>(account).set(row).filter(Column::Id.eq(id)).exec(tx).await;
    named.map_err(|error| taken(error, name)).map(|_| ())
}

/// Replaces the file of a draft.
pub async fn replace(tx: &Tx, account: AccountId, id: Uuid, file_name: &str, file: &File) -> Result<(), ArchiveError> {
    // Held until the commit: `archive move` could otherwise bring the old bytes elsewhere in between, and nobody would release them there.
    let before: Option<(Vec<u8>, Place)> = tenant::of::<Entity>(account)
        .filter(Column::Id.eq(id))
        .select_only()
        .columns([Column::Sha256, Column::Place])
        .lock_exclusive()
        .into_tuple()
        .one(tx)
        .await?;
    let replaced = tenant::update_of::<Entity>(account).set(described(file_name, file)).filter(Column::Id.eq(id)).exec(tx).await;
    replaced.map_err(|error| taken(error, file_name))?;
    commit(tx, account, file).await?;
    match before {
        Some((key, Place::Object)) if digest_of(&key) != file.sha256 || matches!(file.kept, Kept::Here { .. }) => {
            Ok(blob::release(tx, account, digest_of(&key)).await?)
        }
        Some((_, Place::Object | Place::Database)) | None => Ok(()),
    }
}

/// Deletes files: that of a draft, or those whose time is over.
pub async fn delete(tx: &Tx, account: AccountId, ids: &[Uuid]) -> Result<(), DbErr> {
    // What is told of each is what it was when it went: `archive move` may bring bytes elsewhere at any time.
    let mut delete = Query::delete();
    delete.from_table(Entity).and_where(Column::AccountId.eq(account)).and_where(Column::Id.is_in(ids.iter().copied()));
    delete.returning(Query::returning().columns([Column::Sha256, Column::Place]));
    for row in tx.query_all(&delete).await? {
        let (key, place): (Vec<u8>, Place) = (row.try_get("", "sha256")?, row.try_get("", "place")?);
        match place {
            Place::Object => blob::release(tx, account, digest_of(&key)).await?,
            Place::Database => {}
        }
    }
    Ok(())
}

/// One of the account's documents of these kinds, as its row says.
pub(super) async fn one(
    connection: &impl ConnectionTrait,
    account: AccountId,
    id: Uuid,
    kinds: &[DocumentKind],
) -> Result<Option<document::Model>, DbErr> {
    let of_these = Column::Kind.is_in(kinds.iter().copied());
    tenant::of::<Entity>(account).filter(Column::Id.eq(id)).filter(of_these).one(connection).await
}

/// Which of the two unique keys was met, the file name or else the bytes; or whether the name is that of a file that was removed.
fn taken(error: DbErr, file_name: &str) -> ArchiveError {
    match error.sql_err() {
        // PostgreSQL names the index, SQLite the columns.
        Some(SqlErr::UniqueConstraintViolation(key)) if key.contains("document_sent_name") || key.contains("file_name") => {
            ArchiveError::FileNameUsed(file_name.to_owned())
        }
        Some(SqlErr::UniqueConstraintViolation(_)) => ArchiveError::FileStored,
        // The guard's name, which its message begins with.
        _ if error.to_string().contains("file_name_buried") => ArchiveError::FileNameBuried(file_name.to_owned()),
        _ => error.into(),
    }
}
