//! Background work: mails, charges, renewals, lapses, the turn of the day. Every job may run twice, in any number of processes.
//!
//! A notification wakes the runner; a short poll is the floor, so that a lost notification delays and never loses anything.

mod daily;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::db::{Db, Fault};
use crate::notify::{self, transport::Transport};
use crate::order::{self, Rules};
use crate::payment::gateway::Gateway;

/// What the jobs need.
pub struct Worker {
    db: Db,
    rules: Rules,
    gateway: Arc<dyn Gateway>,
    transport: Transport,
    wake: Arc<Notify>,
    /// The jobs of the day: what has been done, and that only one round runs at a time.
    diary: Mutex<daily::Diary>,
}

const POLL: Duration = Duration::from_secs(1);
/// After a failed round, for example while the database is away.
const PAUSE: Duration = Duration::from_secs(5);

impl Worker {
    /// A worker that is woken through `wake`.
    #[must_use]
    pub fn new(db: Db, rules: Rules, gateway: Arc<dyn Gateway>, transport: Transport, wake: Arc<Notify>) -> Self {
        Self { db, rules, gateway, transport, wake, diary: Mutex::default() }
    }

    /// Runs until it is told to stop; a round that has begun is finished.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.until_idle().await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::error!("background work failed and is tried again: {error}");
                    PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Does everything that is due now, and what follows from it. What fails is logged, holds nothing else up, and is tried again later.
    pub async fn until_idle(&self) -> Result<(), WorkError> {
        let mut diary = self.diary.lock().await;
        loop {
            let mut tally = Tally::default();
            daily::turn(&self.db, &self.rules, &mut diary, &mut tally).await?;
            for charge in order::due_charges(&self.db).await? {
                tally.note("charge", order::drive_charge(&self.db, self.gateway.as_ref(), &self.rules, charge).await);
            }
            for mail in notify::due(&self.db).await? {
                tally.note("mail", notify::send(&self.db, &self.transport, mail).await);
            }
            if tally.failed > 0 {
                return Err(WorkError::Failed(tally.failed));
            }
            if tally.done == 0 {
                return Ok(());
            }
        }
    }
}

/// What a round did.
#[derive(Debug, Default)]
struct Tally {
    done: usize,
    failed: usize,
}

impl Tally {
    /// Counts a job that did something, or failed.
    fn note<E: std::fmt::Display>(&mut self, job: &'static str, result: Result<bool, E>) {
        match result {
            Ok(did) => self.done += usize::from(did),
            Err(error) => {
                tracing::error!(job, "failed and is tried again: {error}");
                self.failed += 1;
            }
        }
    }
}

/// Why a round of background work stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// What is due cannot be looked up.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// So many jobs failed; the log tells each.
    #[error("{0} jobs failed")]
    Failed(usize),
}
