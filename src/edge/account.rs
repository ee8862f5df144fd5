//! Which account a call is about. Another account's id is answered exactly like one that does not exist.

use http::request::Parts;
use tonic::Status;

use crate::account::AccountError;
use crate::account::standing::{Standing, standing};
use crate::call::{ActsAs, Caller};
use crate::check::Check;
use crate::clock::CalendarDay;
use crate::db::Db;
use crate::ids::AccountId;
use crate::policy::Method;

/// The metadata in which services and operators name the account.
const METADATA: &str = "account-id";

/// The account that the call names: a customer's own, or the one in the metadata.
pub fn named(parts: &Parts, method: &Method, caller: &Caller) -> Result<Option<AccountId>, Status> {
    if !method.account {
        return Ok(None);
    }
    let text = parts.headers.get(METADATA).map(|value| value.to_str().unwrap_or_default());
    let mut check = Check::default();
    let given = check.take_optional(METADATA, text.map(str::parse::<AccountId>)).flatten();
    let account = match (caller.acts_as, given) {
        (ActsAs::Customer(own), None) => Some(own),
        (ActsAs::Customer(own), Some(given)) if given == own => Some(own),
        (ActsAs::Customer(_), Some(_)) => return Err(AccountError::NotFound.into()),
        (ActsAs::Service | ActsAs::Operator, Some(given)) => Some(given),
        (ActsAs::Service | ActsAs::Operator, None) => {
            if text.is_none() {
                check.refuse(METADATA, "must be given in the metadata: acc_ followed by 32 hexadecimal digits");
            }
            None
        }
    };
    Ok(check.finish(|| account).map(Some)?)
}

/// How that account stands.
pub async fn find(db: &Db, account: AccountId, today: CalendarDay) -> Result<Standing, Status> {
    let found = standing(db.reader(), account, today).await.map_err(AccountError::from)?;
    Ok(found.ok_or(AccountError::NotFound)?)
}
