//! Mail that cannot leave: a mail server that does not answer holds nothing up but mail.

use std::time::Duration;

use spazio::config::Delivery;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::support::pb::{ChargeState, OrderState, PaymentMethod};
use crate::support::{Customer, Engine, TestApp, by_card, pb};

/// Less than a mail server is waited for, which is 20 seconds.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_mail_server_that_does_not_answer_holds_no_money_up() {
    a_mail_server_that_does_not_answer_holds_no_money_up(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_mail_server_that_does_not_answer_holds_no_money_up() {
    a_mail_server_that_does_not_answer_holds_no_money_up(Engine::Postgres).await;
}

async fn a_mail_server_that_does_not_answer_holds_no_money_up(engine: Engine) {
    let mail_server = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("smtp://{}", mail_server.local_addr().expect("it listens"));
    let app = TestApp::start_with(engine, |config| config.mail.delivery = Delivery::Smtp(url.into())).await;
    let ann = app.customer("ann").create().await;
    let by_transfer = ann.places(&ann.opens_cart().await).await;
    ann.confirms(&by_transfer, PaymentMethod::BankTransfer).await;
    let (silent, _) = timeout(PATIENCE, mail_server.accept()).await.expect("the mail is to leave").expect("a connection");

    let order = ann.places(&ann.opens_cart().await).await;
    let order = ann.confirms(&order, by_card("sim-ok")).await;
    let completed = timeout(PATIENCE, becomes_completed(&ann, &order)).await.expect("the charge waits for the mail");
    assert_eq!(completed.charge_state(), ChargeState::Succeeded);

    // So that the mails fail, to be tried again later, and the server can end.
    drop((mail_server, silent));
    app.finish().await;
}

async fn becomes_completed(customer: &Customer, order: &pb::Order) -> pb::Order {
    loop {
        let order = customer.order(order).await;
        if order.state() == OrderState::Completed {
            return order;
        }
    }
}
