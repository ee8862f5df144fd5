//! The move: every document is brought to where and into the form that the configuration says. A change of store, of compression and of the
//! key are all this.
//!
//! Safe while serving, and may be cut anywhere: bytes are put and read back first, then the row is switched, if it still is what was read.

use futures_util::stream::{self, TryStreamExt as _};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect};
use tokio::time::Instant;
use uuid::Uuid;

use super::causes::Causes;
use super::objects::ObjectName;
use super::verify::cannot_be_opened;
use super::{Archive, CALL, Form, Place, blob};
use crate::db::entity::document::{self, Column, Entity};
use crate::db::{Fault, Tx, tenant};

/// What a move did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Documents that were moved.
    pub moved: u64,
    /// The bytes of their originals.
    pub bytes: u64,
    /// Documents that were changed or deleted meanwhile: if they are still there, the next move finds them.
    pub overtaken: u64,
    /// Documents that cannot be moved because they are damaged.
    pub damaged: u64,
    /// Documents that cannot be moved because a key is missing or a newer program sealed them.
    pub sealed: u64,
}

impl Moved {
    /// Documents that cannot be moved.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.damaged + self.sealed
    }
}

/// Documents looked up in one go, and moved at once: the files in memory are at most so many.
const PAGE: u64 = 500;
const AT_ONCE: usize = 4;

/// How one document fared.
enum Fate {
    Moved { bytes: u64 },
    Overtaken,
    Damaged(String),
    Sealed { cause: String, document: String },
}

/// A row as it was read, and what it is to become.
struct Switch {
    row: document::Model,
    to: Place,
    content: Vec<u8>,
    generation: Option<i64>,
    sealing: String,
}

impl Archive {
    /// Moves what is not where or how it is to be. `tell` hears of each damaged document, of each cause that keeps
    /// others from being opened, and of the progress after each page.
    pub async fn move_all(&self, tell: &(dyn Fn(&str, &Moved) + Sync)) -> Result<Moved, Fault> {
        if self.0.place == Place::Object {
            self.objects()?;
        }
        let (mut moved, mut sealed) = (Moved::default(), Causes::default());
        let whole = self.move_each(&mut moved, &mut sealed, tell).await;
        // What was found is told even where the rest could not be moved.
        sealed.lines("document").for_each(|line| tell(&line, &moved));
        whole.map(|()| moved)
    }

    async fn move_each(&self, moved: &mut Moved, sealed: &mut Causes, tell: &(dyn Fn(&str, &Moved) + Sync)) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = self.misplaced(after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            let fates = stream::iter(page.into_iter().map(Ok::<_, Fault>)).map_ok(|id| self.move_one(id)).try_buffer_unordered(AT_ONCE);
            let fates: Vec<Fate> = fates.try_collect().await?;
            for fate in fates {
                match fate {
                    Fate::Moved { bytes } => {
                        moved.moved += 1;
                        moved.bytes += bytes;
                    }
                    Fate::Overtaken => moved.overtaken += 1,
                    Fate::Damaged(why) => {
                        moved.damaged += 1;
                        tell(&why, moved);
                    }
                    Fate::Sealed { cause, document } => {
                        moved.sealed += 1;
                        sealed.note(cause, document);
                    }
                }
            }
            tell("", moved);
        }
    }

    /// Documents that are not where or not how they are to be, in the order of their ids.
    async fn misplaced(&self, after: Option<Uuid>) -> Result<Vec<Uuid>, DbErr> {
        let elsewhere = Column::Place.ne(self.0.place).or(Column::Sealing.ne(self.0.sealer.form().to_string()));
        let mut rows = tenant::every::<Entity>().filter(elsewhere).order_by_asc(Column::Id).limit(PAGE);
        if let Some(after) = after {
            rows = rows.filter(Column::Id.gt(after));
        }
        rows.select_only().column(Column::Id).into_tuple().all(self.0.db.reader()).await
    }

    async fn move_one(&self, id: Uuid) -> Result<Fate, Fault> {
        let found = tenant::every::<Entity>().filter(Column::Id.eq(id)).one(self.0.db.reader()).await?;
        let Some(mut row) = found else { return Ok(Fate::Overtaken) };
        let deadline = Instant::now() + CALL;
        let (original, form) = match self.opened(&mut row, deadline).await {
            Ok(opened) => opened,
            Err(fault @ Fault::Damaged { .. }) if self.is_as_read(&row).await? => {
                self.alarm(&fault);
                return Ok(Fate::Damaged(format!("{fault} ({})", row.file_name)));
            }
            Err(Fault::Damaged { .. }) => return Ok(Fate::Overtaken),
            Err(Fault::Sealed { document, what }) => {
                return Ok(Fate::Sealed { cause: cannot_be_opened(&what), document: format!("{document} ({})", row.file_name) });
            }
            Err(fault) => return Err(fault),
        };
        let sealing = self.0.sealer.form().to_string();
        let bytes = row.size.get();
        let switch = match self.0.place {
            Place::Database => {
                let content = self.sealed_again(&row, original).await?;
                Switch { row, to: Place::Database, content, generation: None, sealing }
            }
            Place::Object => {
                let Some(generation) = self.object_for(&row, original, &form, deadline).await? else { return Ok(Fate::Overtaken) };
                Switch { row, to: Place::Object, content: Vec::new(), generation: Some(generation), sealing }
            }
        };
        let switched = async |tx: &Tx, switch: &Switch| switched(tx, switch).await;
        match self.0.db.write("move_document", switch, switched).await {
            Ok(true) => Ok(Fate::Moved { bytes }),
            Ok(false) | Err(Fault::Overtaken) => Ok(Fate::Overtaken),
            Err(fault) => Err(fault),
        }
    }

    /// Brings the bytes of a row to an object in the form that is wanted, and reads it back. None if the row is not what it was.
    async fn object_for(&self, row: &document::Model, original: Vec<u8>, form: &Form, deadline: Instant) -> Result<Option<i64>, Fault> {
        let sealed = self.sealed_again(row, original).await?;
        let before = match row.place {
            Place::Database => None,
            Place::Object => row.generation,
        };
        let generation = match before {
            // Another document of the same bytes was moved before.
            Some(generation) if form == self.0.sealer.form() => return Ok(Some(generation)),
            Some(_) | None => self.upload(row.account_id, row.digest(), sealed, deadline).await?,
        };
        if before.is_some_and(|before| before != generation) {
            return Ok(None);
        }
        let name = ObjectName::new(row.account_id, row.digest(), generation);
        // An object store that gives back what it was not given must not become the only place of a document.
        let back = self.objects()?.get(&name, deadline).await?;
        if !self.opens(row, back).await? {
            return Err(Fault::Broken(format!("{name} is not there as it was put; its document was left where it is")));
        }
        Ok(Some(generation))
    }

    async fn opens(&self, row: &document::Model, sealed: Option<Vec<u8>>) -> Result<bool, Fault> {
        match sealed {
            Some(sealed) => Ok(self.unsealed(row.account_id, row.digest().to_vec(), sealed).await?.is_ok()),
            None => Ok(false),
        }
    }

    async fn sealed_again(&self, row: &document::Model, original: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let (archive, account) = (self.clone(), row.account_id);
        let sealed = tokio::task::spawn_blocking(move || archive.seal(account, &original)).await;
        Ok(sealed.map_err(|ended| Fault::Broken(ended.to_string()))??.bytes)
    }

    /// Whether the row still says what it said: what was not found meanwhile is not missing.
    pub(super) async fn is_as_read(&self, row: &document::Model) -> Result<bool, DbErr> {
        let same = tenant::of::<Entity>(row.account_id).filter(as_read(row)).select_only().column(Column::Id);
        Ok(same.into_tuple::<Uuid>().one(self.0.db.reader()).await?.is_some())
    }
}

fn as_read(row: &document::Model) -> sea_orm::Condition {
    let generation = match row.generation {
        Some(generation) => Column::Generation.eq(generation),
        None => Column::Generation.is_null(),
    };
    sea_orm::Condition::all()
        .add(Column::Id.eq(row.id))
        .add(Column::Sha256.eq(row.sha256.as_slice()))
        .add(Column::Place.eq(row.place))
        .add(Expr::expr(generation))
}

/// Switches a row, if it still is what was read. False if it is not.
async fn switched(tx: &Tx, switch: &Switch) -> Result<bool, Fault> {
    let Switch { row, to, content, generation, sealing } = switch;
    let switched = document::ActiveModel {
        place: Set(*to),
        content: Set(content.clone()),
        generation: Set(*generation),
        sealing: Set(sealing.clone()),
        ..Default::default()
    };
    let updated = tenant::update_of::<Entity>(row.account_id).set(switched).filter(as_read(row)).exec(tx).await?;
    if updated.rows_affected != 1 {
        return Ok(false);
    }
    match (row.place, generation) {
        (_, Some(generation)) if !blob::commit(tx, row.account_id, row.digest(), *generation).await? => Err(Fault::Overtaken),
        (Place::Object, None) => {
            blob::release(tx, row.account_id, row.digest()).await?;
            Ok(true)
        }
        (Place::Object | Place::Database, _) => Ok(true),
    }
}
