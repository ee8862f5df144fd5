//! Orders of one account that are paid at the same moment: each grants every month that was paid for (B9), in whichever process it arrives.

use std::sync::Arc;

use futures_util::future::join_all;
use spazio::clock::CalendarDay;
use spazio::wire;
use tokio::sync::Barrier;

use crate::support::pb::{LineKind, OrderState, PaymentMethod};
use crate::support::{Customer, Engine, Front, Process, Site, pb};

const ACCOUNTS: usize = 12;
/// How many orders of each account are paid at once.
const ORDERS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_orders_paid_at_once_lose_no_month() {
    orders_paid_at_once_lose_no_month(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_orders_paid_at_once_in_two_processes_lose_no_month() {
    orders_paid_at_once_lose_no_month(Engine::Postgres).await;
}

async fn orders_paid_at_once_lose_no_month(engine: Engine) {
    let site = Site::fresh(engine).await;
    let processes = site.serve_with_all();
    // Each process serves some of them first: one that still has to open its connections would come too late to meet the other.
    let fronts: Vec<_> = processes.iter().map(|process| site.connect(process)).collect();
    let buyers = join_all((0..ACCOUNTS).map(|number| Buyer::with_confirmed_orders(&fronts[number % fronts.len()], number))).await;

    // All payments of one number go to one process, so that those of one account meet.
    let begin = Arc::new(Barrier::new(ACCOUNTS * ORDERS));
    let payments = (0..ORDERS).flat_map(|number| {
        let (front, begin) = (&fronts[number % fronts.len()], &begin);
        buyers.iter().map(move |buyer| tokio::spawn(paid(begin.clone(), front.clone(), buyer.orders[number].clone())))
    });
    for payment in join_all(payments).await {
        payment.expect("every payment completes its order");
    }

    for buyer in &buyers {
        buyer.has_every_month().await;
    }
    each_grant_adds_to_another(&site).await;
    processes.into_iter().for_each(Process::stops);
    site.finish().await;
}

/// The bank tells one process of the payment.
async fn paid(begin: Arc<Barrier>, front: Front, order: pb::Order) {
    begin.wait().await;
    let payment = Customer::payment_of(&order, &format!("CRO {}", order.number));
    let recorded = front.operator().orders().record_payment(payment).await.unwrap_or_else(|status| panic!("{status}")).into_inner();
    assert_eq!(recorded.order.expect("the order").state(), OrderState::Completed, "{:?}", recorded.payment);
}

/// A customer, and orders that prolong the plan and await their payment.
struct Buyer {
    customer: Customer,
    orders: Vec<pb::Order>,
}

impl Buyer {
    async fn with_confirmed_orders(front: &Front, number: usize) -> Self {
        let customer = front.customer(&format!("buyer-{number}")).for_days(200).create().await;
        let mut orders = Vec::new();
        for _ in 0..ORDERS {
            let order = customer.places(&customer.opens_cart().await).await;
            orders.push(customer.confirms(&order, PaymentMethod::BankTransfer).await);
        }
        Self { customer, orders }
    }

    /// The first payment brought the plan to the new expiry, each other one added its months to that.
    async fn has_every_month(&self) {
        let extensions: Vec<_> =
            self.orders.iter().flat_map(|order| &order.lines).filter(|line| line.kind() == LineKind::Extension).collect();
        assert_eq!(extensions.len(), ORDERS, "each order prolongs the plan");
        let new_expiry = extensions.iter().map(|line| day_of(line.new_expiry_day)).min().expect("an extension");
        let added = extensions.iter().skip(1).map(|line| line.months).sum();
        let plan = self.customer.services().await.remove(0);
        assert_eq!((plan.kind(), day_of(plan.expiry_day)), (pb::ServiceKind::BasePlan, new_expiry.plus_months(added)));
    }
}

fn day_of(day: Option<pb::CalendarDay>) -> CalendarDay {
    wire::calendar_day(&day.expect("a day")).expect("a day of the calendar")
}

/// No two grants of one service begin at the same expiry.
async fn each_grant_adds_to_another(site: &Site) {
    let begun = "SELECT COUNT(*) FROM (SELECT DISTINCT service_id, expiry_before FROM granted WHERE expiry_before IS NOT NULL) AS begun";
    let grants = "SELECT COUNT(*) FROM granted WHERE expiry_before IS NOT NULL";
    let all = i64::try_from(ACCOUNTS * ORDERS).expect("a count");
    assert_eq!((site.database.number(begun).await, site.database.number(grants).await), (all, all));
}
