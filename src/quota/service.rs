//! The gRPC face of space.

use tonic::{Request, Response, Status};

use super::convert;
use super::forecast::{self, Consumption};
use super::level::Thresholds;
use crate::account;
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::db::{Db, Fault};
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::quota_service_server::QuotaService;

/// Serves QuotaService.
#[derive(Clone)]
pub struct QuotaApi {
    /// Where space is counted.
    pub db: Db,
    /// From which percentage on each level begins.
    pub thresholds: Thresholds,
}

#[tonic::async_trait]
impl QuotaService for QuotaApi {
    async fn get_space(&self, request: Request<pb::GetSpaceRequest>) -> Result<Response<pb::GetSpaceResponse>, Status> {
        // The edge has read the account's row already: this call costs nothing more.
        let call = Call::of(&request);
        let space = convert::space(call.standing(), self.thresholds, self.today());
        Ok(Response::new(pb::GetSpaceResponse { space: Some(space) }))
    }

    async fn recommend_quantity(
        &self,
        request: Request<pb::RecommendQuantityRequest>,
    ) -> Result<Response<pb::RecommendQuantityResponse>, Status> {
        let call = Call::of(&request);
        let years = convert::years(*request.get_ref())?;
        let today = self.today();
        let standing = call.standing();
        let services = account::services(self.db.reader(), call.account()).await.map_err(Fault::from)?;
        let expiry = years.map_or(standing.base_expiry, |years| today.plus_years(years).max(standing.base_expiry));
        let capacity_at_expiry = services
            .iter()
            // With extension every active service lasts until the new expiry; without, what expires before is gone by then.
            .filter(|service| {
                service.expiry_day >= if years.is_some() { today } else { expiry } || service.kind == account::ServiceKind::BasePlan
            })
            .fold(crate::space::Bytes::ZERO, |sum, service| sum.saturating_add(service.space_bytes));
        let recommendation = forecast::recommend(&Consumption {
            usage: standing.used,
            capacity_now: standing.capacity,
            capacity_at_expiry,
            purchased: CalendarDay::of(standing.purchase_time),
            today,
            expiry,
        });
        let recommendation = convert::recommendation(&recommendation, standing.language);
        Ok(Response::new(pb::RecommendQuantityResponse { recommendation: Some(recommendation) }))
    }
}

impl QuotaApi {
    fn today(&self) -> CalendarDay {
        CalendarDay::of(self.db.clock().now())
    }
}
