//! Buying space while everybody tries to write: the suspension ends with the payment, at once and in every process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use spazio::call::ActsAs;
use tokio::sync::Notify;
use tonic::Status;

use crate::support::{Customer, Engine, Front, Process, Refusal, Site, pb};

const CALLERS: usize = 16;
/// Each caller is refused so often before the purchase begins: the account is under load, and stays so.
const REFUSALS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_the_first_call_after_the_payment_succeeds() {
    the_first_call_after_the_payment_succeeds(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_the_first_call_after_the_payment_succeeds_in_both_processes() {
    the_first_call_after_the_payment_succeeds(Engine::Postgres).await;
}

async fn the_first_call_after_the_payment_succeeds(engine: Engine) {
    let site = Site::fresh(engine).await;
    let processes = site.serve_with_all();
    let ann = Arc::new(processes[0].customer("ann").full().await);
    let load = Arc::new(Load { paid: AtomicBool::new(false), refused: AtomicUsize::new(0), enough: Notify::new() });
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let front = site.connect(&processes[number % processes.len()]);
            let (ann, load) = (ann.clone(), load.clone());
            tokio::spawn(async move { load.hammer(&front, &ann).await })
        })
        .collect();

    load.enough.notified().await;
    let order = ann.places(&ann.opens_cart().await).await;
    let order = ann.confirms(&order, pb::PaymentMethod::BankTransfer).await;
    assert_eq!(ann.space().await.account_state(), pb::AccountState::Suspended, "confirmed is not paid");
    ann.pays(&order).await;
    load.paid.store(true, Ordering::SeqCst);

    for first in join_all(callers).await {
        let first = first.expect("before the payment every call was refused for space");
        first.unwrap_or_else(|status| panic!("a call that began after the payment was refused: {status}"));
    }
    processes.into_iter().for_each(Process::stops);
    site.finish().await;
}

/// What the callers and the buyer know of each other.
struct Load {
    paid: AtomicBool,
    refused: AtomicUsize,
    enough: Notify,
}

impl Load {
    /// Tries to write, again and again; the result of the first call that began after the payment was recorded.
    async fn hammer(&self, front: &Front, customer: &Customer) -> Result<(), Status> {
        let panel = front.caller(ActsAs::Customer(customer.account));
        loop {
            let paid = self.paid.load(Ordering::SeqCst);
            let request = Customer::create_request(&customer.invoice());
            match panel.invoices().create_sent_invoice(request).await {
                result if paid => return result.map(|_| ()),
                // The payment was committed while this call was under way.
                Ok(_) => {}
                Err(status) => self.was_refused(&status),
            }
        }
    }

    fn was_refused(&self, status: &Status) {
        assert_eq!(Refusal::of(status).reason, pb::ErrorReason::SpaceExhausted, "{status}");
        if self.refused.fetch_add(1, Ordering::SeqCst) + 1 == CALLERS * REFUSALS {
            self.enough.notify_one();
        }
    }
}
