//! The key that seals page tokens.

use sea_orm::DbErr;

use super::entity::page_key;
use super::{Db, tenant};

impl Db {
    /// 32 random bytes, made with the schema and the same for every replica.
    pub async fn page_key(&self) -> Result<Vec<u8>, DbErr> {
        let row = tenant::every::<page_key::Entity>().one(self.reader()).await?;
        row.map(|row| row.content).ok_or_else(|| DbErr::RecordNotFound("page_key".to_owned()))
    }
}
