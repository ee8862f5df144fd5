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
const CALLS: usize = 24;
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
    // Each over a connection of its own: the server closes one on which too many calls are reset.
    let callers = (0..CALLERS).map(|_| tokio::spawn(storm(app.connect().caller(ActsAs::Customer(ann.account)), ann.clone())));
    let attempts: Vec<Attempt> = join_all(callers).await.into_iter().flat_map(|caller| caller.expect("no caller panics")).collect();

    let answered = attempts.iter().filter(|attempt| attempt.answer.is_some()).count();
    println!("{answered} of {} calls were answered, the others given up", attempts.len());
    assert!((1..attempts.len()).contains(&answered), "the storm must cut some calls and leave some");
    no_connection_is_left_in_a_transaction(app).await;
    every_acknowledged_write_is_there(app, &attempts).await;
    for attempt in &attempts {
        attempt.repeated_gives_one_document(&ann).await;
    }
    let stored = app.database.number("SELECT COUNT(*) FROM document").await;
    assert_eq!(usize::try_from(stored), Ok(attempts.len()), "each request left exactly one document");
}

/// One caller: calls are cut at a moment of their own, by a deadline that the server knows of or by going away.
async fn storm(customer: Caller, invoices: Arc<Customer>) -> Vec<Attempt> {
    let ids = Ids::new(Clock::system());
    let mut usual = Duration::ZERO;
    let mut attempts = Vec::new();
    for number in 0..CALLS {
        let request = Customer::create_request(&invoices.invoice_of(BYTES));
        let begin = Instant::now();
        // Between nothing and half as long again as a call takes under this load: everywhere between its first byte and its answer.
        let cut = usual.mul_f64(1.5) * u32::try_from(ids.ten_digits() % 1_000).expect("three digits") / 1_000;
        let answer = match number % 3 {
            0 => Some(to_the_end(&customer, &request).await),
            1 => with_deadline(&customer, &request, cut).await,
            _ => given_up(&customer, &request, cut).await,
        };
        if number % 3 == 0 {
            usual = begin.elapsed();
        }
        attempts.push(Attempt { request, answer });
    }
    attempts
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
