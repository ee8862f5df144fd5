//! Racing for the last bytes: two callers can never both win them (S3), whichever process they ask.
//!
//! `./run-tests` plays this file once more with `--features naive-charge`, which reads, checks, then writes: there it must fail.

use std::sync::Arc;

use futures_util::future::join_all;
use spazio::call::ActsAs;

use crate::support::{Customer, Engine, Front, Process, Refusal, Site, pb, request_id};

const CALLERS: usize = 32;
const ACCOUNTS: usize = 100;
/// Every document has as many bytes, so that an account has room for exactly so many.
const ROOM: u64 = 10;
const BYTES: u64 = 6_000;
/// How many documents suppliers send to every second account while it is being filled.
const DELIVERIES: usize = 2;

/// An account that everybody fills.
struct Contested {
    customer: Customer,
    /// Whether its suppliers write into it as well.
    receives: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_the_last_bytes_are_given_once() {
    the_last_bytes_are_given_once(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_two_processes_give_the_last_bytes_once() {
    the_last_bytes_are_given_once(Engine::Postgres).await;
}

async fn the_last_bytes_are_given_once(engine: Engine) {
    let site = Site::fresh(engine).await;
    let processes = site.serve_with_all();
    let accounts = Arc::new(contested(&site, &processes[0]).await);

    // All callers go through the accounts in the same order, so that they meet at each.
    let callers = (0..CALLERS).map(|number| {
        let front = site.connect(&processes[number % processes.len()]);
        let accounts = accounts.clone();
        tokio::spawn(async move {
            for account in accounts.iter() {
                if account.receives && number < DELIVERIES {
                    account.is_delivered_to(&front).await;
                }
                account.is_filled(&front).await;
            }
        })
    });
    for caller in join_all(callers).await {
        caller.expect("every call was stored or refused for space");
    }
    processes.into_iter().for_each(Process::stops);

    no_account_is_over_its_capacity(&site).await;
    every_account_is_filled(&site).await;
    site.finish().await;
}

/// At no moment did a sent document bring an account over its capacity; received ones may (S4).
async fn no_account_is_over_its_capacity(site: &Site) {
    let capacity = ROOM * BYTES;
    let entries = format!("FROM ledger WHERE kind = 'sent' AND delta > 0 AND used_after > {capacity}");
    let over = site.database.number(&format!("SELECT COUNT(DISTINCT account_id) {entries}")).await;
    assert_eq!(over, 0, "{over} of {ACCOUNTS} accounts were brought over their capacity by sent documents");
}

/// Nobody left while there was room: to the byte where nothing was delivered, at least so far where deliveries took their part.
async fn every_account_is_filled(site: &Site) {
    let (capacity, delivered) = (ROOM * BYTES, DELIVERIES as u64 * BYTES);
    let exactly = format!("SELECT COUNT(*) FROM space WHERE received = 0 AND used = {capacity}");
    let at_least =
        format!("SELECT COUNT(*) FROM space WHERE received = {delivered} AND used BETWEEN {capacity} AND {capacity} + {delivered}");
    let filled = (site.database.number(&exactly).await, site.database.number(&at_least).await);
    let half = i64::try_from(ACCOUNTS / 2).expect("a count");
    assert_eq!(filled, (half, half), "accounts filled by senders alone, and with deliveries");
}

/// Accounts with room for exactly [`ROOM`] documents.
async fn contested(site: &Site, front: &Front) -> Vec<Contested> {
    let mut accounts = Vec::new();
    for number in 0..ACCOUNTS {
        let customer = front.customer(&format!("account-{number}")).create().await;
        accounts.push(Contested { customer, receives: number % 2 == 1 });
    }
    // No plan is that small.
    site.database.execute(&format!("UPDATE service SET space_bytes = {}", ROOM * BYTES)).await.expect("plans can be made smaller");
    accounts
}

impl Contested {
    /// A caller stores documents until the space is exhausted; any other refusal is a fault.
    async fn is_filled(&self, front: &Front) {
        let panel = front.caller(ActsAs::Customer(self.customer.account));
        loop {
            let request = Customer::create_request(&self.customer.invoice_of(BYTES));
            match panel.invoices().create_sent_invoice(request).await {
                Ok(answer) => assert!(!answer.into_inner().already_stored, "no two documents are the same"),
                Err(status) => return assert_eq!(Refusal::of(&status).reason, pb::ErrorReason::SpaceExhausted, "{status}"),
            }
        }
    }

    /// A supplier's invoice arrives, which is never refused for space (S4).
    async fn is_delivered_to(&self, front: &Front) {
        let service = front.service().about(self.customer.account);
        let invoice = self.customer.invoice_of(BYTES);
        let request = pb::ReceiveInvoiceRequest { request_id: request_id(), file: invoice.bytes, file_name: invoice.file_name };
        service.invoices().receive_invoice(request).await.unwrap_or_else(|status| panic!("{status}"));
    }
}
