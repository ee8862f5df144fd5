//! The page of counters, over plain HTTP on an address of its own: scrapers speak no gRPC, and its readers are not the callers.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::edge::Limits;
use crate::meters::Meters;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A listener for scrapers, and where it listens.
pub(super) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::listen("metrics.listen", address, &error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves `GET /metrics` until the server stops; its clients are not waited for.
pub(super) async fn serve(listener: TcpListener, meters: Meters, limits: Limits, stop: CancellationToken) {
    let page = move || async move {
        match meters.page(limits.taken()) {
            Ok(page) => ([(CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        ended = async { axum::serve(listener, Router::new().route("/metrics", get(page))).await } => {
            if let Err(error) = ended {
                tracing::error!("the page of metrics is not served any more: {error}");
            }
        }
    }
}
