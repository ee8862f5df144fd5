//! The page of counters, over plain HTTP on an address of its own: scrapers speak no gRPC, and its readers are not the callers.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::serve::Listener;
use tokio::net::TcpListener;

use super::StartError;
use crate::edge::{Connection, Limits, Places};
use crate::meters::Meters;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Scrapers are few: more would take descriptors away from callers.
const SCRAPERS: usize = 16;
/// A scraper that keeps its connection comes back over a new one.
const LONGEST: Duration = Duration::from_mins(2);

/// A listener for scrapers, and where it listens.
pub(super) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error: std::io::Error| StartError::listen(address, &error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves `GET /metrics` until it is aborted; its clients are not waited for.
pub(super) async fn serve(listener: TcpListener, meters: Meters, limits: Limits) {
    let scrapers = Scrapers { listener, places: Places::new(SCRAPERS, LONGEST, meters.clone()) };
    let page = move || async move {
        match meters.page(limits.taken()) {
            Ok(page) => ([(CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    };
    if let Err(error) = axum::serve(scrapers, Router::new().route("/metrics", get(page))).await {
        tracing::error!("the page of metrics is not served any more: {error}");
    }
}

/// The connections of scrapers, held to limits as those of callers are.
struct Scrapers {
    listener: TcpListener,
    places: Places,
}

impl Listener for Scrapers {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            if let Some(connection) = self.places.take(stream) {
                return (connection, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
