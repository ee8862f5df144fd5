//! CreateSentInvoice against the bare statements: what reading, checking, compressing, gRPC and the mapping of objects cost.

use std::sync::Arc;

use spazio::call::ActsAs;
use spazio::demo::invoices::GeneratedInvoice;

use crate::comparison::{headline, in_turn, rate};
use crate::pgbench::PgBench;
use crate::plain_sqlite::Plain;
use crate::support::{Bearer, Caller, Customer, Engine, TestApp, pb};

const INVOICE_BYTES: u64 = 8_000;
const CALLS: usize = 480;
const ACCOUNTS: usize = 16;
const CALLERS: [usize; 2] = [1, 16];
/// As the server compresses.
const COMPRESSION_LEVEL: i32 = 3;

/// On SQLite, against one connection of rusqlite on a file of its own.
pub async fn compare_with_plain_sqlite() {
    headline("CreateSentInvoice on Sqlite against rusqlite, one connection, the same statements and durability");
    let app = TestApp::start(Engine::Sqlite).await;
    let ours = Callers::of(&app).await;
    let books = TestApp::start(Engine::Sqlite).await;
    let theirs = books.customer("bob").one_gb().create().await;
    let (content, size) = ours.file();
    let mut plain = Plain::open(&books.database.url, theirs.account, content, size);
    for callers in CALLERS {
        let what = format!("{callers} callers, against one");
        in_turn(&what, async || ours.rate(callers).await, async || tokio::task::block_in_place(|| plain.rate(CALLS))).await;
    }
    drop((plain, ours, theirs));
    app.finish().await;
    books.finish().await;
}

/// On PostgreSQL, against pgbench in the same database.
pub async fn compare_with_pgbench() {
    headline("CreateSentInvoice on Postgres against pgbench, as many connections, the same statements");
    let app = TestApp::start(Engine::Postgres).await;
    let ours = Callers::of(&app).await;
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(app.customer("bob").one_gb().create().await.account);
    }
    let (content, size) = ours.file();
    match PgBench::ready(&app.database.url, &accounts, &content, size) {
        None => println!("  pgbench is not installed: apt-get install postgresql (its part was left out)"),
        Some(pgbench) => {
            for callers in CALLERS {
                let theirs = async || pgbench.rate(callers, CALLS / callers);
                in_turn(&format!("{callers} callers"), async || ours.rate(callers).await, theirs).await;
            }
        }
    }
    drop(ours);
    app.finish().await;
}

/// Customers, each with a connection of their own.
struct Callers {
    callers: Vec<(Arc<Customer>, Caller)>,
}

impl Callers {
    async fn of(app: &TestApp) -> Self {
        let mut callers = Vec::new();
        for _ in 0..ACCOUNTS {
            let customer = app.customer("ann").one_gb().create().await;
            let token = app.token(ActsAs::Customer(customer.account), app.now(), "spazio");
            callers.push((Arc::new(customer), app.connect().bearing(Bearer::Token(token))));
        }
        Self { callers }
    }

    /// An invoice as it rests: compressed, and its size.
    fn file(&self) -> (Vec<u8>, i64) {
        let GeneratedInvoice { bytes, .. } = self.callers[0].0.invoice_of(INVOICE_BYTES);
        let content = zstd::bulk::compress(&bytes, COMPRESSION_LEVEL).expect("compressed");
        (content, i64::try_from(bytes.len()).expect("a size"))
    }

    /// Stores [`CALLS`] invoices, drawn beforehand, through so many callers; how many a second.
    async fn rate(&self, callers: usize) -> f64 {
        let calls = CALLS / callers;
        let drawn: Vec<Vec<pb::CreateSentInvoiceRequest>> = self.callers[..callers]
            .iter()
            .map(|(customer, _)| (0..calls).map(|_| Customer::create_request(&customer.invoice_of(INVOICE_BYTES))).collect())
            .collect();
        rate(callers, calls, |number| store(self.callers[number].1.clone(), drawn[number].clone())).await
    }
}

async fn store(panel: Caller, requests: Vec<pb::CreateSentInvoiceRequest>) {
    let mut client = panel.invoices();
    for request in requests {
        client.create_sent_invoice(request).await.expect("stored");
    }
}
