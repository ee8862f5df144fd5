//! Orders of one account that are paid at the same moment: each grants every month that was paid for (B9), in whichever process it arrives.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use spazio::clock::CalendarDay;
use spazio::wire;
use tokio::time::timeout;

use crate::support::pb::{LineKind, OrderState, PaymentMethod};
use crate::support::{Customer, Engine, Front, Process, Site, pb, served};

const ACCOUNTS: usize = 12;
/// How many orders of each account are paid at once.
const ORDERS: usize = 2;
/// Less than a payment waits for a lock, which is 5 seconds.
const PATIENCE: Duration = Duration::from_secs(4);

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
    let buyers = join_all((0..ACCOUNTS).map(|number| Buyer::with_confirmed_orders(&processes[0], number))).await;

    // Those of one account go to different processes, and meet before the service that both prolong.
    let gate = Gate::closed(&site).await;
    let mut payments = Vec::new();
    for number in 0..ORDERS {
        let front = site.connect(&processes[number % processes.len()]);
        payments.extend(buyers.iter().map(|buyer| tokio::spawn(paid(front.clone(), buyer.orders[number].clone()))));
    }
    gate.opens_when_all_have_come(&site).await;
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
async fn paid(front: Front, order: pb::Order) {
    let payment = Customer::payment_of(&order, &format!("CRO {}", order.number));
    let recorded = served(front.operator().orders().record_payment(payment).await);
    assert_eq!(recorded.order.expect("the order").state(), OrderState::Completed, "{:?}", recorded.payment);
}

/// Keeps services from being prolonged. SQLite needs none: its one writer grants one order after the other.
struct Gate(Option<DatabaseConnection>);

impl Gate {
    async fn closed(site: &Site) -> Self {
        if site.database.engine == Engine::Sqlite {
            return Self(None);
        }
        let connection = site.database.connect().await;
        connection.execute_unprepared("BEGIN").await.expect("a transaction");
        connection.execute_unprepared("SELECT * FROM service FOR UPDATE").await.expect("the rows can be locked");
        Self(Some(connection))
    }

    /// Waits until every payment waits for another or for us.
    async fn opens_when_all_have_come(self, site: &Site) {
        let Some(connection) = self.0 else { return };
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let all = i64::try_from(ACCOUNTS * ORDERS).expect("a count");
        let all_have_come = async { while site.database.number(waiting).await < all {} };
        timeout(PATIENCE, all_have_come).await.expect("not every payment came");
        connection.execute_unprepared("ROLLBACK").await.expect("the transaction ends");
        connection.close().await.expect("the connection closes");
    }
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
