//! A well-behaved gateway without a bank behind it, with the states of the real ones.
//!
//! The token decides: `sim-declined` is refused, `sim-slow` is pending for the first two questions, the answer to `sim-unknown` is lost
//! although the charge is made; every other token succeeds. Its books rest in a table of their own, so that a
//! crash of this process loses them as little as a real gateway would lose its own, and so that a test can count the charges.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::ChargeState;
use super::gateway::{Answer, ChargeRequest, ChargeStatus, Gateway, Unanswered};
use crate::db::entity::simulated_charge::{ActiveModel, Column, Entity, Model};
use crate::db::{Db, Fault, Tx, tenant};
use crate::ids::ChargeId;
use sea_orm::{ColumnTrait, QueryFilter};

/// The simulated gateway.
pub struct Simulator {
    db: Db,
}

const DECLINED: &str = "sim-declined";
const SLOW: &str = "sim-slow";
const UNKNOWN: &str = "sim-unknown";
const QUESTIONS_UNTIL_DECIDED: i64 = 3;

impl Simulator {
    /// A simulator that keeps its books in this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    async fn ask(&self, request: Option<&ChargeRequest>, id: ChargeId) -> Result<ChargeStatus, Unanswered> {
        let booked =
            self.db.write("simulator", (request.cloned(), id), async |tx: &Tx, (request, id): &(Option<ChargeRequest>, ChargeId)| {
                book(tx, request.as_ref(), *id).await
            });
        let Some(charge) = booked.await.map_err(|fault: Fault| Unanswered(fault.to_string()))? else {
            return Ok(ChargeStatus::NotFound);
        };
        if charge.token == UNKNOWN && charge.asked == 1 {
            return Err(Unanswered("the connection broke after the request was sent".to_owned()));
        }
        Ok(match charge.state.parse() {
            Ok(ChargeState::Succeeded) => ChargeStatus::Succeeded,
            Ok(ChargeState::Declined) => ChargeStatus::Declined("the card was declined by its issuer".to_owned()),
            Ok(ChargeState::Processing) | Err(_) => ChargeStatus::Pending,
        })
    }
}

/// Books the charge if it is new, counts the question, and decides.
async fn book(tx: &Tx, request: Option<&ChargeRequest>, id: ChargeId) -> Result<Option<Model>, Fault> {
    if let Some(request) = request {
        let row = ActiveModel {
            id: Set(id),
            token: Set(request.token.clone()),
            amount_cents: Set(request.amount),
            state: Set(ChargeState::Processing.to_string()),
            asked: Set(0),
        };
        Entity::insert(row).on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned()).exec_without_returning(tx).await?;
    }
    let Some(mut charge) = tenant::every::<Entity>().filter(Column::Id.eq(id)).one(tx).await? else { return Ok(None) };
    charge.asked += 1;
    let decided = match charge.token.as_str() {
        DECLINED => ChargeState::Declined,
        SLOW if charge.asked < QUESTIONS_UNTIL_DECIDED => ChargeState::Processing,
        _ => ChargeState::Succeeded,
    };
    charge.state = decided.to_string();
    tenant::update_every::<Entity>()
        .set(ActiveModel { asked: Set(charge.asked), state: Set(charge.state.clone()), ..Default::default() })
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(Some(charge))
}

impl Gateway for Simulator {
    fn charge<'a>(&'a self, request: &'a ChargeRequest) -> Answer<'a> {
        Box::pin(self.ask(Some(request), request.id))
    }

    fn look_up(&self, id: ChargeId) -> Answer<'_> {
        Box::pin(self.ask(None, id))
    }
}
