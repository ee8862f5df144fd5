//! The gRPC face of accounts.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::standing::standings_after;
use super::state::AccountState;
use super::store::{HolderChange, NewAccount};
use super::{AccountError, convert, store};
use crate::call::Call;
use crate::catalogue::Catalogue;
use crate::check::Check;
use crate::clock::CalendarDay;
use crate::db::{Db, Fault, Tx};
use crate::ids::AccountId;
use crate::paging::{Page, Seal};
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::account_service_server::AccountService;
use crate::respond;

/// Serves AccountService.
#[derive(Clone)]
pub struct AccountApi {
    /// Where accounts rest.
    pub db: Db,
    /// What base plans there are.
    pub catalogue: Arc<Catalogue>,
    /// Seals page tokens.
    pub seal: Seal,
}

#[tonic::async_trait]
impl AccountService for AccountApi {
    async fn create_account(&self, request: Request<pb::CreateAccountRequest>) -> Result<Response<pb::CreateAccountResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, new) = convert::new_account(&request, &self.catalogue, self.db.clock().now())?;
        let answer = self.db.once(call.once(request_id, &request), new, async |tx: &Tx, new: &NewAccount| {
            let account = store::create(tx, new).await?;
            Ok::<_, AccountError>(pb::CreateAccountResponse { account: Some(convert::account(&account, AccountState::Active)) })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn get_account(&self, request: Request<pb::GetAccountRequest>) -> Result<Response<pb::GetAccountResponse>, Status> {
        let call = Call::of(&request);
        let account = store::read(self.db.reader(), call.account()).await?;
        let state = call.standing().state(self.today());
        Ok(Response::new(pb::GetAccountResponse { account: Some(convert::account(&account, state)) }))
    }

    async fn update_account(&self, request: Request<pb::UpdateAccountRequest>) -> Result<Response<pb::UpdateAccountResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, change) = convert::holder_change(&request)?;
        let input = (call.account(), change, call.standing().state(self.today()));
        let answer = self.db.once(
            call.once(request_id, &request),
            input,
            async |tx: &Tx, (account, change, state): &(AccountId, HolderChange, AccountState)| {
                let account = store::update(tx, *account, change).await?;
                Ok::<_, AccountError>(pb::UpdateAccountResponse { account: Some(convert::account(&account, *state)) })
            },
        );
        Ok(respond::answer(answer.await?))
    }

    async fn list_accounts(&self, request: Request<pb::ListAccountsRequest>) -> Result<Response<pb::ListAccountsResponse>, Status> {
        const QUESTION: &str = "accounts";
        let request = request.into_inner();
        let mut check = Check::default();
        let page = self.seal.page(&mut check, request.page_size, &request.page_token, QUESTION);
        let page: Page = check.finish(|| page)?;
        let rows = u32::try_from(page.rows()).unwrap_or(u32::MAX);
        let found = standings_after(self.db.reader(), page.after.map(AccountId), rows, self.today()).await.map_err(Fault::from)?;
        let mut found = found;
        let end = page.cut(&mut found, |standing| standing.account.0);
        let next_page_token = end.map(|end| self.seal.token(QUESTION, &end)).unwrap_or_default();
        let accounts = store::read_all(self.db.reader(), found.iter().map(|standing| standing.account).collect()).await?;
        let accounts = accounts.iter().zip(&found).map(|(row, standing)| convert::account(row, standing.state(self.today()))).collect();
        Ok(Response::new(pb::ListAccountsResponse { accounts, next_page_token }))
    }

    async fn list_services(&self, request: Request<pb::ListServicesRequest>) -> Result<Response<pb::ListServicesResponse>, Status> {
        let call = Call::of(&request);
        let owned = store::services(self.db.reader(), call.account()).await.map_err(Fault::from)?;
        let methods = store::renewal_methods(self.db.reader(), call.account()).await.map_err(Fault::from)?;
        let services = owned
            .iter()
            .map(|owned| {
                let method = owned.mandate_id.and_then(|mandate| methods.get(&mandate).copied());
                convert::service(owned, method, &self.catalogue, call.standing().language, self.today())
            })
            .collect();
        Ok(Response::new(pb::ListServicesResponse { services }))
    }
}

impl AccountApi {
    fn today(&self) -> CalendarDay {
        CalendarDay::of(self.db.clock().now())
    }
}
