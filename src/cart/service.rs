//! The gRPC face of carts.

use std::sync::Arc;

use prost::Message;
use tonic::{Request, Response, Status};

use super::convert::{self, Change, ChangeRequest};
use super::pricing::Selection;
use super::{CartError, store, view};
use crate::call::{Call, request_id};
use crate::catalogue::{Catalogue, ProductCode};
use crate::check::Check;
use crate::clock::CalendarDay;
use crate::db::{Db, Tx};
use crate::ids::{AccountId, CartId};
use crate::notify::language::Language;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::cart_service_server::CartService;
use crate::respond;

/// Serves CartService.
#[derive(Clone)]
pub struct CartApi {
    /// Where carts rest.
    pub db: Db,
    /// What things cost.
    pub catalogue: Arc<Catalogue>,
}

/// How many open carts an account keeps.
const OPEN_CARTS: u64 = 20;

/// A change on its way into the transaction.
struct Input<T> {
    account: AccountId,
    language: Language,
    catalogue: Arc<Catalogue>,
    request: ChangeRequest,
    wrap: fn(pb::Cart) -> T,
}

impl CartApi {
    /// What all changes do: hold the cart, change it, price it, answer with it.
    async fn change<T: Message + Default + 'static>(
        &self,
        call: &Call,
        request: &impl Message,
        change: ChangeRequest,
        wrap: fn(pb::Cart) -> T,
    ) -> Result<Response<T>, Status> {
        let once = call.once(change.request_id, request);
        let language = call.standing().language;
        let input = Input { account: call.account(), language, catalogue: self.catalogue.clone(), request: change, wrap };
        let answer = self.db.once(once, input, async |tx: &Tx, input: &Input<T>| {
            let Input { account, language, catalogue, request, wrap } = input;
            let held = store::hold_open(tx, *account, request.cart).await?;
            if request.version.is_some_and(|version| version != held.version) {
                let current = view::price(tx, catalogue, tx.today(), held).await?.etag();
                return Err(CartError::EtagMismatch { current });
            }
            let selection = changed(store::selection(&held), &request.change, catalogue)?;
            let row = store::update(tx, &held, &selection).await?;
            refuse_owned(tx, *account, &request.change).await?;
            let priced = view::price(tx, catalogue, tx.today(), row).await?;
            Ok::<_, CartError>(wrap(convert::cart(&priced, catalogue, *language, tx.today())))
        });
        Ok(respond::answer(answer.await?))
    }

    fn today(&self) -> CalendarDay {
        CalendarDay::of(self.db.clock().now())
    }
}

fn changed(mut selection: Selection, change: &Change, catalogue: &Catalogue) -> Result<Selection, CartError> {
    match change {
        Change::Quantity { pack, term_years } => {
            selection.pack = *pack;
            selection.term_years = term_years.unwrap_or(selection.term_years);
        }
        Change::Extension(extension) => selection.extension = *extension,
        Change::AddModule(module) => {
            known(module, catalogue)?;
            if selection.modules.contains(module) {
                return Err(CartError::ModulePresent(format!("module {module} is in the cart already")));
            }
            selection.modules.push(module.clone());
        }
        Change::RemoveModule(module) => {
            known(module, catalogue)?;
            selection.modules.retain(|present| present != module);
        }
        Change::AdditionalUsers(quantity) => selection.additional_users = *quantity,
    }
    Ok(selection)
}

fn known(module: &ProductCode, catalogue: &Catalogue) -> Result<(), CartError> {
    let known = catalogue.modules().any(|product| product.code == *module);
    if known { Ok(()) } else { Err(CartError::ModuleUnknown(module.to_string())) }
}

/// A module that is active is prolonged, not bought again (B4).
async fn refuse_owned(tx: &Tx, account: AccountId, change: &Change) -> Result<(), CartError> {
    let Change::AddModule(module) = change else { return Ok(()) };
    let owned = view::owned(tx, account).await?;
    match owned.iter().find(|service| service.product == *module && service.expiry >= tx.today()) {
        Some(owned) => {
            let why = format!("the account has module {module} until {}; extension or renewal prolongs it", owned.expiry);
            Err(CartError::ModulePresent(why))
        }
        None => Ok(()),
    }
}

#[tonic::async_trait]
impl CartService for CartApi {
    async fn open_cart(&self, request: Request<pb::OpenCartRequest>) -> Result<Response<pb::OpenCartResponse>, Status> {
        type Input = (AccountId, Language, Arc<Catalogue>);
        let call = Call::of(&request);
        let request = request.into_inner();
        let mut check = Check::default();
        let request_id = request_id(&mut check, &request.request_id);
        let once = call.once(check.finish(|| request_id)?, &request);
        let input = (call.account(), call.standing().language, self.catalogue.clone());
        let answer = self.db.once(once, input, async |tx: &Tx, (account, language, catalogue): &Input| {
            let row = store::insert(tx, *account, &Selection::default()).await?;
            store::discard_beyond(tx, *account, OPEN_CARTS).await?;
            let priced = view::price(tx, catalogue, tx.today(), row).await?;
            Ok::<_, CartError>(pb::OpenCartResponse { cart: Some(convert::cart(&priced, catalogue, *language, tx.today())) })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn get_cart(&self, request: Request<pb::GetCartRequest>) -> Result<Response<pb::GetCartResponse>, Status> {
        let call = Call::of(&request);
        let mut check = Check::default();
        let id = check.parse::<CartId>("cart_id", &request.get_ref().cart_id);
        let id = check.finish(|| id)?;
        let row = store::get(self.db.reader(), call.account(), id).await?;
        let priced = view::price(self.db.reader(), &self.catalogue, self.today(), row).await?;
        let cart = convert::cart(&priced, &self.catalogue, call.standing().language, self.today());
        Ok(Response::new(pb::GetCartResponse { cart: Some(cart) }))
    }

    async fn set_quantity(&self, request: Request<pb::SetQuantityRequest>) -> Result<Response<pb::SetQuantityResponse>, Status> {
        let change = convert::quantity(request.get_ref())?;
        self.change(&Call::of(&request), request.get_ref(), change, |cart| pb::SetQuantityResponse { cart: Some(cart) }).await
    }

    async fn set_extension(&self, request: Request<pb::SetExtensionRequest>) -> Result<Response<pb::SetExtensionResponse>, Status> {
        let change = convert::extension(request.get_ref())?;
        self.change(&Call::of(&request), request.get_ref(), change, |cart| pb::SetExtensionResponse { cart: Some(cart) }).await
    }

    async fn add_module(&self, request: Request<pb::AddModuleRequest>) -> Result<Response<pb::AddModuleResponse>, Status> {
        let change = convert::add_module(request.get_ref())?;
        self.change(&Call::of(&request), request.get_ref(), change, |cart| pb::AddModuleResponse { cart: Some(cart) }).await
    }

    async fn remove_module(&self, request: Request<pb::RemoveModuleRequest>) -> Result<Response<pb::RemoveModuleResponse>, Status> {
        let change = convert::remove_module(request.get_ref())?;
        self.change(&Call::of(&request), request.get_ref(), change, |cart| pb::RemoveModuleResponse { cart: Some(cart) }).await
    }

    async fn set_additional_users(
        &self,
        request: Request<pb::SetAdditionalUsersRequest>,
    ) -> Result<Response<pb::SetAdditionalUsersResponse>, Status> {
        let change = convert::additional_users(request.get_ref())?;
        self.change(&Call::of(&request), request.get_ref(), change, |cart| pb::SetAdditionalUsersResponse { cart: Some(cart) }).await
    }
}
