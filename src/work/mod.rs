//! Background work: mails, charges, renewals, lapses, the turn of the day, the clean-up of the archive. Every job may run twice, in any number of processes.
//!
//! A notification wakes the runner; a short poll is the floor, so that a lost notification delays and never loses anything.

mod daily;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::db::{Db, Fault};
use crate::invoices;
use crate::meters::Meters;
use crate::notify::{self, transport::Transport};
use crate::order::{self, Rules};
use crate::payment::gateway::Gateway;

/// What the jobs need.
pub struct Worker {
    db: Db,
    rules: Rules,
    gateway: Arc<dyn Gateway>,
    transport: Transport,
    archive: Archive,
    wake: Arc<Notify>,
    /// The jobs of the day: what has been done, and that only one round runs at a time.
    diary: Mutex<daily::Diary>,
    /// Only one round of mails at a time: who asks for idleness waits for a mail that is being sent.
    post: Mutex<()>,
}

const POLL: Duration = Duration::from_secs(1);
/// A round that takes longer waits for an answer that will not come.
const LONGEST_ROUND: Duration = Duration::from_mins(1);
/// The same of a look at what is due.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// How long a round may go on once the process was told to stop; what it leaves is taken up by the next process.
const LAST_ROUND: Duration = Duration::from_secs(5);
/// After a failed round, for example while the database is away.
const PAUSE: Duration = Duration::from_secs(5);

impl Worker {
    /// A worker that is woken through `wake`.
    #[must_use]
    pub fn new(db: Db, rules: Rules, gateway: Arc<dyn Gateway>, transport: Transport, archive: Archive, wake: Arc<Notify>) -> Self {
        Self { db, rules, gateway, transport, archive, wake, diary: Mutex::default(), post: Mutex::default() }
    }

    /// Runs until it is told to stop; a round that has begun may finish. Mail and archive have rounds of their own: a
    /// server that does not answer must not hold money up.
    pub async fn run(&self, stop: CancellationToken) {
        tokio::join!(
            self.repeat(&stop, || self.orders()),
            self.repeat(&stop, || self.mails()),
            self.repeat(&stop, || self.archive_round())
        );
    }

    async fn repeat<R: Future<Output = Result<usize, WorkError>>>(&self, stop: &CancellationToken, round: impl Fn() -> R) {
        while !stop.is_cancelled() {
            // What was claimed by a round that is given up is taken up again by a later one.
            let done = tokio::select! {
                done = timeout(LONGEST_ROUND, round()) => done.unwrap_or(Err(WorkError::Stuck)),
                () = async { stop.cancelled().await; sleep(LAST_ROUND).await } => return,
            };
            let pause = match done {
                Ok(0) => POLL,
                Ok(_) => {
                    self.wake.notify_waiters();
                    continue;
                }
                Err(error) => {
                    tracing::error!("background work failed and is tried again: {error}");
                    PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Does everything that is due now, and what follows from it.
    pub async fn until_idle(&self) -> Result<(), WorkError> {
        while self.orders().await? + self.mails().await? + self.archive_round().await? > 0 {}
        Ok(())
    }

    /// What the calendar and the gateway bring. What fails is logged, holds nothing else up, and is tried again later.
    async fn orders(&self) -> Result<usize, WorkError> {
        let mut diary = self.diary.lock().await;
        let mut tally = Tally::of(&self.db);
        daily::turn(&self.db, &self.rules, &mut diary, &mut tally).await?;
        for charge in look(order::due_charges(&self.db)).await? {
            tally.note("charge", order::drive_charge(&self.db, self.gateway.as_ref(), &self.rules, charge).await);
        }
        let misdated = look(invoices::misdated(&self.db)).await?;
        if !misdated.is_empty() {
            tally.note("index_anew", invoices::index_anew(&self.db, misdated).await.map(|()| true));
        }
        tally.end()
    }

    async fn mails(&self) -> Result<usize, WorkError> {
        let _round = self.post.lock().await;
        let mut tally = Tally::of(&self.db);
        for mail in look(notify::due(&self.db)).await? {
            tally.note("mail", notify::send(&self.db, &self.transport, mail).await);
        }
        tally.end()
    }

    /// What the object store holds and nobody needs.
    async fn archive_round(&self) -> Result<usize, WorkError> {
        let mut tally = Tally::of(&self.db);
        // Nothing follows from what was deleted, so that it counts as nothing done.
        tally.note("clean_up", self.archive.clean_when_due().await.map(|_| false));
        tally.end()
    }
}

/// What is due, unless the database does not say.
async fn look<T>(due: impl Future<Output = Result<T, Fault>>) -> Result<T, WorkError> {
    Ok(timeout(LONGEST_LOOK, due).await.map_err(|_| WorkError::Stuck)??)
}

/// What a round did.
struct Tally<'a> {
    meters: &'a Meters,
    done: usize,
    failed: usize,
}

impl<'a> Tally<'a> {
    fn of(db: &'a Db) -> Self {
        Self { meters: db.meters(), done: 0, failed: 0 }
    }

    /// How much was done, unless something failed.
    fn end(self) -> Result<usize, WorkError> {
        if self.failed > 0 { Err(WorkError::Failed(self.failed)) } else { Ok(self.done) }
    }

    /// Counts a job that did something, or failed.
    fn note<E: std::fmt::Display>(&mut self, job: &'static str, result: Result<bool, E>) {
        self.meters.job(job, result.is_err());
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
    /// An answer did not come.
    #[error("no answer came, and the round was given up")]
    Stuck,
    /// So many jobs failed; the log tells each.
    #[error("{0} jobs failed")]
    Failed(usize),
}
