//! The payments of one account that a person has to look at (B11) are found without a look at everybody's.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::prelude::{DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::sea_orm;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "CREATE INDEX payment_under_review ON payment (account_id, created_time) WHERE outcome = 'under_review'";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}
