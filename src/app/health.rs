//! Health: overall and per service, following the database.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::db::Db;
use crate::policy;

/// What tells callers and balancers whether this server can serve.
#[derive(Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    db: Db,
}

const EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// The overall entry and one for each service of the contract.
fn entries() -> Vec<&'static str> {
    let mut entries: Vec<_> = policy::methods().iter().map(policy::Method::service).collect();
    entries.dedup();
    entries.push("");
    entries
}

impl Health {
    /// Every entry serves: the database was opened a moment ago. Said before the first call can come, because an
    /// entry of which nothing was said is answered NOT_FOUND.
    pub(super) async fn serving(db: Db) -> Self {
        let health = Self { reporter: HealthReporter::new(), db };
        health.say(ServingStatus::Serving).await;
        health
    }

    /// The gRPC face.
    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Asks the database again and again, and says so when its answer changes.
    pub(super) async fn follow(self, stop: CancellationToken) {
        let mut last = None;
        while !stop.is_cancelled() {
            let answers = matches!(tokio::time::timeout(PATIENCE, self.db.ping()).await, Ok(Ok(())));
            if last != Some(answers) {
                if !answers {
                    tracing::error!(database = %self.db.url(), "the database does not answer: not serving");
                } else if last.is_some() {
                    tracing::info!(database = %self.db.url(), "the database answers again: serving");
                }
                self.say(if answers { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
                last = Some(answers);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn say(&self, status: ServingStatus) {
        for entry in entries() {
            self.reporter.set_service_status(entry, status).await;
        }
    }

    /// Tells balancers to send nothing more, and ends the streams that watch: they would hold the server open.
    pub(super) async fn leave(mut self) {
        self.say(ServingStatus::NotServing).await;
        for entry in entries() {
            self.reporter.clear_service_status(entry).await;
        }
    }
}
