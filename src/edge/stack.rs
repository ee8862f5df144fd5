//! The stack, in one function: [`Edge::pass`].

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use http::request::Parts;
use http::{Request, Response};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument as _;

use super::limits::{Limited, Limits};
use super::{account, authentication, limits, quota, repetition, status};
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::db::Db;
use crate::pb::spazio::v1::ErrorReason;
use crate::policy::{self, Method};
use crate::refusal::Refused;

use super::token::Tokens;

/// What the stack needs to judge a call.
pub struct Edge {
    /// Where accounts are looked up.
    pub db: Db,
    /// What verifies tokens.
    pub tokens: Arc<Tokens>,
    /// Places and times.
    pub limits: Limits,
}

impl Edge {
    /// Serves a call and counts it; a stream by how it begins.
    async fn serve<S>(&self, request: Request<Body>, mut room: S) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        // Health and reflection have no account and no policy; everything else is in the table or refused.
        let path = request.uri().path();
        if status::is_infrastructure(path) {
            return settle(room.call(request).await, None);
        }
        let method = policy::method(path).map(|method| method.path);
        let arrival = Instant::now();
        let response = self.pass(request, room, arrival).await;
        self.db.meters().call(method, status::code(&response), arrival.elapsed());
        response
    }

    /// A call's way. Every step either lets it go on or answers it; nothing here reads the body.
    async fn pass<S>(&self, request: Request<Body>, mut room: S, arrival: Instant) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let (mut parts, body) = request.into_parts();
        let judged = async {
            let place = Arc::new(self.limits.place()?);
            let caller = Arc::new(authentication::authenticate(&self.tokens, &parts, self.db.clock().now())?);
            let method = known(parts.uri.path())?;
            authentication::authorize(method, &caller)?;
            let deadline = limits::deadline(&parts, method, arrival, self.limits.longest);
            let call = Call { method, caller, standing: None, deadline, place };
            timeout_at(deadline, self.judge(&parts, body, call)).await.unwrap_or_else(|_| Err(limits::overdue(method)))
        };
        let (call, body) = match judged.await {
            Ok(passed) => passed,
            Err(refusal) => return refusal.into_http(),
        };
        let method = call.method;
        let deadline = call.deadline;
        parts.extensions.insert(call);
        // Of a stream it is each message that is limited, which tonic does (app.rs).
        let body = if method.streamed { body } else { Body::new(Limited::new(body, method.max_request_bytes)) };
        let served = AssertUnwindSafe(room.call(Request::from_parts(parts, body))).catch_unwind();
        match timeout_at(deadline, served).await {
            Ok(Ok(answer)) => settle(answer, Some(method)),
            Ok(Err(_)) => Status::from(Refused::fault(format!("{} panicked", method.path))).into_http(),
            Err(_) => limits::overdue(method).into_http(),
        }
    }

    /// Which account, and whether it may do this now.
    async fn judge(&self, parts: &Parts, body: Body, mut call: Call) -> Result<(Call, Body), Status> {
        let today = CalendarDay::of(self.db.clock().now());
        if let Some(account) = account::named(parts, call.method, &call.caller)? {
            call.standing = Some(Arc::new(account::find(&self.db, account, today).await?));
        }
        match quota::intercept(&call, today) {
            Ok(()) => Ok((call, body)),
            // A repetition of a call that was served already gets its answer again, also when its own bytes filled the space.
            Err(refusal) => match repetition::answered_before(&self.db, &call, body).await? {
                Some(body) => Ok((call, body)),
                None => Err(refusal.into()),
            },
        }
    }
}

fn known(path: &str) -> Result<&'static Method, Status> {
    policy::method(path).ok_or_else(|| {
        let message = format!("there is no method {path}; list the methods with reflection or see proto/spazio/v1");
        Refused::new(ErrorReason::MethodUnknown, message).into()
    })
}

fn settle(answer: Result<Response<Body>, Infallible>, method: Option<&Method>) -> Response<Body> {
    match answer {
        Ok(response) => status::mapped(response, method),
        Err(never) => match never {},
    }
}

/// Puts the stack round the rooms.
#[derive(Clone)]
pub struct EdgeLayer(pub Arc<Edge>);

impl<S> Layer<S> for EdgeLayer {
    type Service = EdgeService<S>;

    fn layer(&self, inner: S) -> EdgeService<S> {
        EdgeService { edge: self.0.clone(), inner }
    }
}

/// The rooms with the stack round them.
#[derive(Clone)]
pub struct EdgeService<S> {
    edge: Arc<Edge>,
    inner: S,
}

impl<S> Service<Request<Body>> for EdgeService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let edge = self.edge.clone();
        let waiting = self.inner.clone();
        // The one that was polled ready serves this call.
        let ready = std::mem::replace(&mut self.inner, waiting);
        let trace = status::trace_id(&request);
        let span = tracing::info_span!("call", trace = %trace, path = request.uri().path());
        Box::pin(
            async move {
                let mut response = edge.serve(request, ready).await;
                status::mark(&mut response, &trace);
                Ok(response)
            }
            .instrument(span),
        )
    }
}
