//! The keys that the database knows. An id stands for one key for ever: with another one under the same id, new documents would be lost
//! to whoever has the right key, and older ones would look damaged.
//!
//! A key is recorded when it comes into use: at the opening for storing, if it is the one that new documents are encrypted with or if a
//! document that rests already opens with it. One that was never used can still be corrected.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::time::Instant;

use super::{Archive, CALL, Form, KeyId, OpenError};
use crate::config::{ConfigError, ConfigErrors};
use crate::db::entity::archive_key;
use crate::db::entity::document::{Column, Entity};
use crate::db::{Fault, Tx, tenant};

/// What an archive is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Documents are stored with it: its keys are recorded where the database does not know them yet.
    Storing,
    /// Nothing is stored with it, and nothing recorded.
    Looking,
}

/// How many documents a key that the database does not know is tried on: one of them may be damaged.
const TRIED: u64 = 8;

/// How a key did on documents that are said to be encrypted with it.
enum Trial {
    /// It opened one.
    Opened,
    /// There is none.
    Nothing,
    /// It opened none; what was found with the first.
    Failed(Fault),
}

/// What keys are known by.
type CheckValues = BTreeMap<KeyId, Vec<u8>>;

impl Archive {
    /// Compares the keys of the configuration with those that the database knows, and tells the log which are missing.
    pub(super) async fn agree_on_keys(&self, purpose: Purpose) -> Result<(), OpenError> {
        let (reader, keys) = (self.0.db.reader(), self.0.sealer.keys());
        let (known, used) = (known(reader).await?, used(reader).await?);
        let missing: Vec<_> = used.keys().filter(|id| !keys.holds(id)).map(KeyId::as_str).collect();
        if !missing.is_empty() {
            tracing::warn!(
                "documents are encrypted with keys that are not in archive.keys_file: {}; nobody can read them until their lines are put \
                 back and the server is restarted",
                missing.join(", ")
            );
        }
        let (mut wrong, mut new) = (Vec::new(), CheckValues::new());
        for (id, value) in keys.check_values() {
            match known.get(id) {
                Some(known) if *known == value => {}
                Some(_) => wrong.push(another(id)),
                None => match self.trial(id, used.get(id).map_or(&[], Vec::as_slice)).await? {
                    Trial::Failed(fault) => wrong.push(opens_nothing(id, &fault)),
                    Trial::Nothing if self.0.sealer.form().key.as_ref() != Some(id) => {}
                    Trial::Opened | Trial::Nothing => {
                        new.insert(id.clone(), value);
                    }
                },
            }
        }
        if wrong.is_empty() && purpose == Purpose::Storing && !new.is_empty() {
            let overtaken = self.0.db.write("record_archive_keys", new, async |tx: &Tx, new: &CheckValues| record(tx, new).await).await?;
            wrong.extend(overtaken.iter().map(another));
        }
        if wrong.is_empty() { Ok(()) } else { Err(ConfigErrors(wrong).into()) }
    }

    /// Tries a key on some of the documents whose rows say one of these forms.
    async fn trial(&self, id: &KeyId, sealings: &[String]) -> Result<Trial, Fault> {
        let encrypted = tenant::every::<Entity>().filter(encrypted()).filter(Column::Sealing.is_in(sealings)).limit(TRIED);
        let mut trial = Trial::Nothing;
        for mut row in encrypted.all(self.0.db.reader()).await? {
            match self.opened(&mut row, Instant::now() + CALL).await {
                Ok((_, form)) if form.key.as_ref() == Some(id) => return Ok(Trial::Opened),
                // Somebody stored the same bytes anew, in another form.
                Ok(_) | Err(Fault::Sealed { .. }) => {}
                Err(fault @ Fault::Damaged { .. }) => {
                    if matches!(trial, Trial::Nothing) && self.is_as_read(&row).await? {
                        trial = Trial::Failed(fault);
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(trial)
    }
}

fn another(id: &KeyId) -> ConfigError {
    ConfigError::unusable(
        "archive.keys_file",
        format_args!(
            "the key {id} is not the one that this database knows by that id; put the line with that id back as it was everywhere, or give \
             this key an id of its own"
        ),
    )
}

fn opens_nothing(id: &KeyId, fault: &Fault) -> ConfigError {
    ConfigError::unusable(
        "archive.keys_file",
        format_args!("the key {id} opens none of the documents that it was tried on ({fault}); put the line with that id back as it was"),
    )
}

async fn known(connection: &impl ConnectionTrait) -> Result<CheckValues, DbErr> {
    let rows = tenant::every::<archive_key::Entity>().all(connection).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id.parse().ok()?, row.check_value))).collect())
}

/// Records what is not known yet, and returns the ids that another process has meanwhile recorded with another key.
async fn record(tx: &Tx, new: &CheckValues) -> Result<Vec<KeyId>, Fault> {
    for (id, value) in new {
        let row = archive_key::ActiveModel { id: Set(id.to_string()), check_value: Set(value.clone()) };
        let known = OnConflict::column(archive_key::Column::Id).do_nothing().to_owned();
        archive_key::Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
    }
    let known = known(tx).await?;
    Ok(new.iter().filter(|(id, value)| known.get(*id) != Some(value)).map(|(id, _)| id.clone()).collect())
}

/// As the index `document_encrypted` has it, word for word.
fn encrypted() -> SimpleExpr {
    Expr::cust("sealing LIKE '%, key %'")
}

/// The keys that documents are encrypted with, each with the forms that name it. Forms are few: each takes one look into the index.
async fn used(connection: &impl ConnectionTrait) -> Result<BTreeMap<KeyId, Vec<String>>, DbErr> {
    let (mut used, mut after) = (BTreeMap::<_, Vec<_>>::new(), String::new());
    loop {
        let forms = tenant::every::<Entity>().filter(encrypted()).filter(Column::Sealing.gt(after)).order_by_asc(Column::Sealing);
        let next = forms.select_only().column(Column::Sealing).into_tuple::<String>().one(connection).await?;
        let Some(sealing) = next else { return Ok(used) };
        if let Some(id) = Form::key_named_in(&sealing) {
            used.entry(id).or_default().push(sealing.clone());
        }
        after = sealing;
    }
}
