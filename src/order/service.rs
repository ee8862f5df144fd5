//! The gRPC face of orders.

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use super::confirm::{self, Confirmation};
use super::convert::{self, Shown};
use super::payments::{self, Incoming};
use super::{OrderError, Rules, cancel, place, store};
use crate::account;
use crate::call::{Call, request_id};
use crate::check::Check;
use crate::clock::CalendarDay;
use crate::db::{Db, Fault, Tx};
use crate::ids::{AccountId, CartId, OrderId};
use crate::notify::language::Language;
use crate::paging::{Page, Seal};
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::order_service_server::OrderService;
use crate::respond;

/// Serves OrderService.
#[derive(Clone)]
pub struct OrderApi {
    /// Where orders rest.
    pub db: Db,
    /// What they are made by.
    pub rules: Rules,
    /// Wakes the runner of background jobs: a charge or a mail is waiting.
    pub wake: Arc<Notify>,
    /// Seals page tokens.
    pub seal: Seal,
}

/// An order with its lines and its latest charge, as it is shown.
async fn shown(connection: &impl ConnectionTrait, row: store::Row, rules: &Rules, language: Language) -> Result<pb::Order, OrderError> {
    let lines = store::lines(connection, row.account_id, row.id).await?;
    let charge = store::latest_charge(connection, row.account_id, row.id).await?;
    Ok(convert::order(&Shown { row, lines, charge }, rules, language)?)
}

type Placing = (AccountId, Language, CartId, String, Rules);
type Confirming = (AccountId, Language, Confirmation, Rules);
type Cancelling = (AccountId, Language, OrderId, Option<i64>, Rules);

#[tonic::async_trait]
impl OrderService for OrderApi {
    async fn place_order(&self, request: Request<pb::PlaceOrderRequest>) -> Result<Response<pb::PlaceOrderResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let mut check = Check::default();
        let request_id = request_id(&mut check, &request.request_id);
        let cart = check.parse::<CartId>("cart_id", &request.cart_id);
        let etag = check.text("cart_etag", &request.cart_etag, 1..=64);
        let (request_id, cart, etag) = check.finish(|| Some((request_id?, cart?, etag?)))?;
        let input = (call.account(), call.standing().language, cart, etag, self.rules.clone());
        let once = call.once(request_id, &request);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, language, cart, etag, rules): &Placing| {
            let row = place::place(tx, *account, *cart, etag, rules).await?;
            Ok::<_, OrderError>(pb::PlaceOrderResponse { order: Some(shown(tx, row, rules, *language).await?) })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn get_order_form(&self, request: Request<pb::GetOrderFormRequest>) -> Result<Response<pb::GetOrderFormResponse>, Status> {
        let call = Call::of(&request);
        let language = call.standing().language;
        let order = self.read(&call, &request.get_ref().order_id).await?;
        let (payment_options, terms) = convert::form(&self.rules, language, CalendarDay::of(self.db.clock().now()));
        Ok(Response::new(pb::GetOrderFormResponse { order: Some(order), payment_options, terms }))
    }

    async fn confirm_order(&self, request: Request<pb::ConfirmOrderRequest>) -> Result<Response<pb::ConfirmOrderResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, confirmation) = convert::confirmation(&request, self.rules.charges)?;
        let input = (call.account(), call.standing().language, confirmation, self.rules.clone());
        let once = call.once(request_id, &request);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, language, given, rules): &Confirming| {
            let row = confirm::confirm(tx, *account, given, rules).await?;
            Ok::<_, OrderError>(pb::ConfirmOrderResponse { order: Some(shown(tx, row, rules, *language).await?) })
        });
        let answer = answer.await?;
        self.wake.notify_waiters();
        Ok(respond::answer(answer))
    }

    async fn get_order(&self, request: Request<pb::GetOrderRequest>) -> Result<Response<pb::GetOrderResponse>, Status> {
        let order = self.read(&Call::of(&request), &request.get_ref().order_id).await?;
        Ok(Response::new(pb::GetOrderResponse { order: Some(order) }))
    }

    async fn list_orders(&self, request: Request<pb::ListOrdersRequest>) -> Result<Response<pb::ListOrdersResponse>, Status> {
        let call = Call::of(&request);
        let question = format!("{} orders", call.account());
        let mut check = Check::default();
        let page = self.seal.page(&mut check, request.get_ref().page_size, &request.get_ref().page_token, &question);
        let page: Page = check.finish(|| page)?;
        let mut rows = store::list(self.db.reader(), call.account(), &page).await.map_err(Fault::from)?;
        let end = page.cut(&mut rows, |row| row.id.0);
        let next_page_token = end.map(|end| self.seal.token(&question, &end)).unwrap_or_default();
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            orders.push(shown(self.db.reader(), row, &self.rules, call.standing().language).await?);
        }
        Ok(Response::new(pb::ListOrdersResponse { orders, next_page_token }))
    }

    async fn cancel_order(&self, request: Request<pb::CancelOrderRequest>) -> Result<Response<pb::CancelOrderResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let given = convert::cancellation(&request)?;
        let input = (call.account(), call.standing().language, given.order, given.version, self.rules.clone());
        let once = call.once(given.request_id, &request);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, language, order, version, rules): &Cancelling| {
            let row = cancel::cancel(tx, *account, *order, *version).await?;
            Ok::<_, OrderError>(pb::CancelOrderResponse { order: Some(shown(tx, row, rules, *language).await?) })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn record_payment(&self, request: Request<pb::RecordPaymentRequest>) -> Result<Response<pb::RecordPaymentResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, incoming) = convert::incoming(&request)?;
        let once = call.once(request_id, &request);
        let answer = self.db.once(once, (incoming, self.rules.clone()), async |tx: &Tx, (incoming, rules): &(Incoming, Rules)| {
            let (payment, order) = payments::record(tx, incoming, rules).await?;
            let order = match order {
                Some(row) => {
                    let language = account::contact(tx, row.account_id).await?.language;
                    Some(shown(tx, row, rules, language).await?)
                }
                None => None,
            };
            Ok::<_, OrderError>(pb::RecordPaymentResponse { payment: Some(convert::payment(&payment)), order })
        });
        let answer = answer.await?;
        self.wake.notify_waiters();
        Ok(respond::answer(answer))
    }
}

impl OrderApi {
    async fn read(&self, call: &Call, order_id: &str) -> Result<pb::Order, Status> {
        let id = convert::id(order_id)?;
        let row = store::get(self.db.reader(), call.account(), id).await?;
        Ok(shown(self.db.reader(), row, &self.rules, call.standing().language).await?)
    }
}
