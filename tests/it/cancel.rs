//! Calls that are given up in the middle: no acknowledged write is lost, and no connection is left inside a transaction.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use spazio::call::ActsAs;
use spazio::clock::Clock;
use spazio::config::Config;
use spazio::ids::Ids;
use tokio::time::{Instant, timeout};
use tonic::{Code, Request, Response, Status};

use crate::support::{Caller, Customer, Engine, TestApp, pb};

on_both_databases!(with super::a_leak_would_show; calls_given_up_in_the_middle_leave_nothing_behind);

const CALLERS: usize = 24;
const ROUNDS: usize = 32;
/// Every so many rounds nobody gives up: what was acknowledged must be there, and a call's usual time is learned.
const CALM: usize = 4;
const BYTES: u64 = 6_000;
/// How long what was detached may take to finish.
const PATIENCE: Duration = Duration::from_secs(20);

/// The database must not tidy up after us: a transaction that was left open stays so until the test has looked.
fn a_leak_would_show(config: &mut Config) {
    config.database.idle_in_transaction_timeout = Duration::from_mins(5);
}

/// A call, and what its caller was told: nothing if it was given up.
struct Attempt {
    request: pb::CreateSentInvoiceRequest,
    answer: Option<pb::CreateSentInvoiceResponse>,
}

async fn calls_given_up_in_the_middle_leave_nothing_behind(app: &TestApp) {
    let ann = Arc::new(app.customer("ann").one_gb().create().await);
    let mut storm = Storm::on(app, ann.clone());
    let mut attempts = Vec::new();
    for round in 0..ROUNDS {
        attempts.extend(if round % CALM == 0 { storm.calm().await } else { storm.gust().await });
        // After every round: the next write over a connection that was left in a transaction would put it right.
        no_connection_is_left_in_a_transaction(app).await;
    }

    let answered = attempts.iter().filter(|attempt| attempt.answer.is_some()).count();
    println!("{answered} of {} calls were answered, the others given up", attempts.len());
    assert!((1..attempts.len()).contains(&answered), "the storm must cut some calls and leave some");
    every_acknowledged_write_is_there(app, &attempts).await;
    for attempt in &attempts {
        attempt.repeated_gives_one_document(&ann).await;
    }
    let stored = app.database.number("SELECT COUNT(*) FROM document").await;
    assert_eq!(usize::try_from(stored), Ok(attempts.len()), "each request left exactly one document");
}

/// Callers who write for one customer at the same time.
struct Storm {
    callers: Vec<Caller>,
    customer: Arc<Customer>,
    ids: Ids,
    /// How long a round takes in which nobody gives up.
    usual: Duration,
}

impl Storm {
    fn on(app: &TestApp, customer: Arc<Customer>) -> Self {
        // Each over a connection of its own: the server closes one on which too many calls are reset.
        let callers = (0..CALLERS).map(|_| app.connect().caller(ActsAs::Customer(customer.account))).collect();
        Self { callers, customer, ids: Ids::new(Clock::system()), usual: Duration::ZERO }
    }

    /// Everybody waits for the answer.
    async fn calm(&mut self) -> Vec<Attempt> {
        let begin = Instant::now();
        let attempts = join_all(self.requests().map(|(_, caller, request)| async move {
            let answer = Some(to_the_end(caller, &request).await);
            Attempt { request, answer }
        }))
        .await;
        self.usual = begin.elapsed();
        attempts
    }

    /// Everybody gives up at a moment of their own: by a deadline that the server knows of, or by going away.
    async fn gust(&self) -> Vec<Attempt> {
        join_all(self.requests().map(|(number, caller, request)| async move {
            let cut = self.usual * u32::try_from(self.ids.ten_digits() % 1_000).expect("three digits") / 1_000;
            let answer = if number % 2 == 0 { with_deadline(caller, &request, cut).await } else { given_up(caller, &request, cut).await };
            Attempt { request, answer }
        }))
        .await
    }

    /// A request for each caller, like no other.
    fn requests(&self) -> impl Iterator<Item = (usize, &Caller, pb::CreateSentInvoiceRequest)> {
        let request = || Customer::create_request(&self.customer.invoice_of(BYTES));
        self.callers.iter().enumerate().map(move |(number, caller)| (number, caller, request()))
    }
}

async fn to_the_end(customer: &Caller, request: &pb::CreateSentInvoiceRequest) -> pb::CreateSentInvoiceResponse {
    let answer = customer.invoices().create_sent_invoice(request.clone()).await;
    answer.unwrap_or_else(|status| panic!("a call that was not cut is answered {status}")).into_inner()
}

/// The caller tells its deadline, so that both sides give up.
async fn with_deadline(customer: &Caller, request: &pb::CreateSentInvoiceRequest, cut: Duration) -> Option<pb::CreateSentInvoiceResponse> {
    let mut request = Request::new(request.clone());
    request.set_timeout(cut);
    match customer.invoices().create_sent_invoice(request).await {
        Ok(answer) => Some(answer.into_inner()),
        Err(status) => {
            let given_up = [Code::DeadlineExceeded, Code::Cancelled].contains(&status.code());
            assert!(given_up, "a call that was cut is answered {status}");
            None
        }
    }
}

/// The caller goes away without a word: its stream is reset.
async fn given_up(customer: &Caller, request: &pb::CreateSentInvoiceRequest, cut: Duration) -> Option<pb::CreateSentInvoiceResponse> {
    let mut invoices = customer.invoices();
    let answer: Result<Response<_>, Status> = timeout(cut, invoices.create_sent_invoice(request.clone())).await.ok()?;
    Some(answer.unwrap_or_else(|status| panic!("nobody but the caller ends this call: {status}")).into_inner())
}

/// Writes that were detached finish by themselves; afterwards nothing is open.
async fn no_connection_is_left_in_a_transaction(app: &TestApp) {
    if app.database.engine == Engine::Sqlite {
        // There the one writer's transaction would make the next write fail.
        return;
    }
    let open = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'";
    let deadline = Instant::now() + PATIENCE;
    while app.database.number(open).await > 0 {
        assert!(Instant::now() < deadline, "a connection was left inside a transaction");
    }
}

/// Seen past the server, over a connection of its own.
async fn every_acknowledged_write_is_there(app: &TestApp, attempts: &[Attempt]) {
    let rows = app.database.rows("SELECT file_name FROM document").await;
    let there: HashSet<String> = rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect();
    let acknowledged = attempts.iter().filter(|attempt| attempt.answer.is_some());
    let lost: Vec<_> = acknowledged.map(|attempt| &attempt.request.file_name).filter(|name| !there.contains(*name)).collect();
    assert_eq!(lost, Vec::<&String>::new(), "acknowledged, and not there");
}

impl Attempt {
    /// Whatever became of it, repeated with its request_id it is answered, and not because its document was there without an answer.
    async fn repeated_gives_one_document(&self, customer: &Customer) {
        let again = customer.panel.invoices().create_sent_invoice(self.request.clone()).await;
        let again = again.unwrap_or_else(|status| panic!("the server no longer serves: {status}")).into_inner();
        assert!(!again.already_stored, "the document was there without the answer to its request");
        if let Some(first) = &self.answer {
            assert_eq!(&again, first, "an acknowledged write is answered as before");
        }
    }
}
