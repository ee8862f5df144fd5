//! A name under which a file was sent is not given to another one after that file was removed: the SdI takes each name once (I2, I4).

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::prelude::{DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::sea_orm;

use crate::db::dialect::{self, Dialect};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let dialect = Dialect::of(manager.get_database_backend());
        connection.execute_unprepared("CREATE INDEX tombstone_named ON tombstone (account_id, upper(file_name))").await?;
        let buried = BURIED.replace("{named}", NAMED_ALIKE);
        for (name, event) in GUARDS {
            for sql in dialect::guard_if_found(dialect, name, event, "document", NAMED, &buried, "the SdI takes each name once") {
                connection.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

/// Name and event.
const GUARDS: &[(&str, &str)] = &[("file_name_buried", "INSERT"), ("file_name_buried_too", "UPDATE OF file_name, sha256")];

const NAMED: &str = "NEW.kind = 'sent' AND NEW.file_name <> ''";

/// Files of that name are buried, in whatever case and signed or not, as receipts tell them; and this one is none of them. What was exported can
/// be imported again.
const BURIED: &str = "SELECT 1 FROM tombstone WHERE {named} AND NOT EXISTS
    (SELECT 1 FROM tombstone WHERE {named} AND tombstone.sha256 = substr(NEW.sha256, 1, 32))";

/// Both spellings are looked up in the index.
const NAMED_ALIKE: &str = "tombstone.account_id = NEW.account_id AND tombstone.kind = 'sent'
    AND upper(tombstone.file_name) IN (replace(upper(NEW.file_name), '.XML.P7M', '.XML'), replace(upper(NEW.file_name), '.XML.P7M', '.XML') || '.P7M')";
