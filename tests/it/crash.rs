//! Killed in the middle of writing and started again: what was acknowledged is there, what was not can be repeated.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use spazio::call::ActsAs;
use spazio::ids::AccountId;
use tokio::sync::Notify;
use tonic::Status;

use crate::support::{Customer, Engine, Front, Process, Site, pb};

const CYCLES: usize = 50;
const NIGHTLY_CYCLES: usize = 500;
const WRITERS: usize = 8;
/// The process is killed after one to so many acknowledgements: now in its first write, now in full swing.
const MOST_ACKNOWLEDGED: usize = 24;
const BYTES: u64 = 6_000;

/// A write, and what its caller was told: an invoice's id, or nothing.
struct Write {
    account: AccountId,
    request: pb::CreateSentInvoiceRequest,
    answer: Result<pb::CreateSentInvoiceResponse, Status>,
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_killed_process_loses_nothing_it_acknowledged() {
    a_killed_process_loses_nothing_it_acknowledged(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_killed_process_loses_nothing_it_acknowledged() {
    a_killed_process_loses_nothing_it_acknowledged(Engine::Postgres).await;
}

async fn a_killed_process_loses_nothing_it_acknowledged(engine: Engine) {
    let site = Site::fresh(engine).await;
    let mut process = site.serve();
    let customers = [process.customer("ann").one_gb().create().await, process.customer("bob").one_gb().create().await];
    let customers = Arc::new(customers);
    let mut documents = 0;
    let mut unanswered = 0;
    for cycle in 0..cycles() {
        // 7 and the number of choices have no common divisor: every number of acknowledgements comes up.
        let acknowledged = 1 + (cycle * 7) % MOST_ACKNOWLEDGED;
        let writes = written_until_killed(&site, process, &customers, acknowledged).await;
        nothing_is_half_there(&site, &writes, documents).await;

        process = site.serve();
        documents += writes.len();
        unanswered += writes.iter().filter(|write| write.answer.is_err()).count();
        for write in &writes {
            write.is_there_once(&process).await;
        }
        assert_eq!(stored(&site).await, documents, "each request left exactly one document");
    }
    assert!(unanswered > cycles(), "nearly nothing was under way when the process was killed: {unanswered}");
    println!("{engine:?}: {documents} documents over {} kills, {unanswered} of them unanswered at first", cycles());
    process.stops();
    site.finish().await;
}

fn cycles() -> usize {
    if env::var("SPAZIO_TEST_NIGHTLY").is_ok() { NIGHTLY_CYCLES } else { CYCLES }
}

/// Writers write until the process is gone; it is killed as soon as so many writes were acknowledged.
async fn written_until_killed(site: &Site, process: Process, customers: &Arc<[Customer; 2]>, acknowledged: usize) -> Vec<Write> {
    let count = Arc::new(AtomicUsize::new(0));
    let enough = Arc::new(Notify::new());
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let (front, customers, count, enough) = (site.connect(&process), customers.clone(), count.clone(), enough.clone());
            tokio::spawn(async move {
                let mut writes = Vec::new();
                loop {
                    let write = Write::begun(&front, &customers[number % customers.len()]).await;
                    let answered = write.answer.is_ok();
                    writes.push(write);
                    if !answered {
                        return writes;
                    }
                    if count.fetch_add(1, Ordering::SeqCst) + 1 == acknowledged {
                        enough.notify_one();
                    }
                }
            })
        })
        .collect();
    enough.notified().await;
    process.dies();
    join_all(writers).await.into_iter().flat_map(|writer| writer.expect("a writer ends with its process")).collect()
}

/// The books agree, and what was not acknowledged is there whole or not at all.
async fn nothing_is_half_there(site: &Site, writes: &[Write], before: usize) {
    let report = site.audited().await;
    assert_eq!(report.differences, Vec::<String>::new(), "the books do not agree after the kill");
    let acknowledged = writes.iter().filter(|write| write.answer.is_ok()).count();
    let there = usize::try_from(report.documents).expect("a count") - before;
    assert!((acknowledged..=writes.len()).contains(&there), "{there} are there, {acknowledged} of {} acknowledged", writes.len());
}

async fn stored(site: &Site) -> usize {
    usize::try_from(site.database.number("SELECT COUNT(*) FROM document").await).expect("a count")
}

impl Write {
    async fn begun(front: &Front, customer: &Customer) -> Self {
        let request = Customer::create_request(&customer.invoice_of(BYTES));
        let account = customer.account;
        let answer = sent(front, account, &request).await;
        Self { account, request, answer }
    }

    /// Repeated with its request_id it gives the first answer, or the first effect: never a second document, and never one that is
    /// there without its answer.
    async fn is_there_once(&self, front: &Front) {
        let again = sent(front, self.account, &self.request).await.unwrap_or_else(|status| panic!("{status}"));
        assert!(!again.already_stored, "the document was there without the answer to its request");
        if let Ok(first) = &self.answer {
            assert_eq!(&again, first, "an acknowledged write is answered as before");
        }
        let invoice_id = again.invoice.expect("the invoice").invoice_id;
        let panel = front.caller(ActsAs::Customer(self.account));
        let read = panel.invoices().get_invoice(pb::GetInvoiceRequest { invoice_id }).await;
        let read = read.unwrap_or_else(|status| panic!("{status}")).into_inner().invoice.expect("the invoice");
        assert_eq!((read.file_name, read.size_bytes), (self.request.file_name.clone(), BYTES));
    }
}

async fn sent(front: &Front, account: AccountId, request: &pb::CreateSentInvoiceRequest) -> Result<pb::CreateSentInvoiceResponse, Status> {
    let panel = front.caller(ActsAs::Customer(account));
    panel.invoices().create_sent_invoice(request.clone()).await.map(tonic::Response::into_inner)
}
