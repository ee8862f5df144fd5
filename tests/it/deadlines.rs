//! Deadlines: a caller's grpc-timeout is honoured by the server itself, and cut to what the server allows.
//!
//! A gRPC client gives up by itself when its time is over, so the server's own answer is only seen by a client that does not: h2.

use std::time::Duration;

use futures_util::future::join_all;
use h2::client::handshake;
use http::{HeaderMap, Request};
use prost::Message as _;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use spazio::call::ActsAs;
use spazio::config::Config;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tonic::{Code, Status};

use crate::support::pb::ErrorReason;
use crate::support::{Customer, Engine, Refusal, TestApp, pb, played, request_id};

on_both_databases!(a_call_that_waits_longer_than_its_caller_is_answered_in_time, a_read_goes_on_while_a_write_waits,);

mod capped {
    use super::*;

    on_both_databases!(with |config| config.limits.request = Duration::from_secs(1); a_long_deadline_is_cut_to_what_the_server_allows);
}

/// Not on PostgreSQL, where a lock that is not given within `database.lock_seconds` is an answer.
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_writes_that_wait_longer_than_the_database_does_are_served_in_their_time() {
    let impatient = |config: &mut Config| config.database.lock_timeout = Duration::from_millis(50);
    played(Engine::Sqlite, impatient, writes_that_wait_longer_than_the_database_does_are_served_in_their_time).await;
}

const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps the account's writes waiting until it is dropped.
struct Obstacle(DatabaseConnection);

impl Obstacle {
    async fn before(app: &TestApp) -> Self {
        let connection = app.database.connect().await;
        match app.database.engine {
            Engine::Sqlite => connection.execute_unprepared("BEGIN IMMEDIATE").await.expect("the file can be locked"),
            Engine::Postgres => {
                connection.execute_unprepared("BEGIN").await.expect("a transaction");
                connection.execute_unprepared("SELECT * FROM space FOR UPDATE").await.expect("the rows can be locked")
            }
        };
        Self(connection)
    }

    async fn out_of_the_way(self) {
        self.0.execute_unprepared("ROLLBACK").await.expect("the transaction ends");
        self.0.close().await.expect("the connection closes");
    }
}

/// Calls CreateSentInvoice with this grpc-timeout and waits for the server's own answer.
async fn created_within(app: &TestApp, ann: &Customer, grpc_timeout: &str) -> (Status, Duration) {
    let message = Customer::create_request(&ann.invoice()).encode_to_vec();
    let token = app.token(ActsAs::Customer(ann.account), app.now(), "spazio");
    let request = Request::post(format!("http://{}/spazio.v1.InvoicesService/CreateSentInvoice", app.address()))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {token}"))
        .header("grpc-timeout", grpc_timeout)
        .body(())
        .expect("a request");

    let begin = Instant::now();
    let stream = TcpStream::connect(app.address()).await.expect("the server listens");
    let (client, connection) = handshake(stream).await.expect("the server speaks HTTP/2");
    let driven = tokio::spawn(connection);
    let mut client = client.ready().await.expect("a stream");
    let (answer, mut body) = client.send_request(request, false).expect("the request leaves");
    let length = u32::try_from(message.len()).expect("it is small").to_be_bytes();
    body.send_data([&[0][..], &length, &message].concat().into(), true).expect("the message leaves");
    let answer = timeout(PATIENCE, answer).await.expect("the server answers").expect("an answer");
    let status = Status::from_header_map(answer.headers()).unwrap_or_else(|| panic!("served: {:?}", HeaderMap::clone(answer.headers())));
    let took = begin.elapsed();
    drop(client);
    driven.abort();
    (status, took)
}

async fn a_call_that_waits_longer_than_its_caller_is_answered_in_time(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let obstacle = Obstacle::before(app).await;
    let (status, took) = created_within(app, &ann, "300m").await;
    obstacle.out_of_the_way().await;
    assert_eq!((status.code(), Refusal::of(&status).reason), (Code::DeadlineExceeded, ErrorReason::DeadlineExceeded));
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(4), "it took {took:?}");
    assert!(status.message().contains("request_id"), "{status}");
}

async fn a_long_deadline_is_cut_to_what_the_server_allows(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let obstacle = Obstacle::before(app).await;
    let (status, took) = created_within(app, &ann, "1H").await;
    obstacle.out_of_the_way().await;
    assert_eq!(Refusal::of(&status).reason, ErrorReason::DeadlineExceeded);
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(5), "it took {took:?}");
}

async fn a_read_goes_on_while_a_write_waits(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let obstacle = Obstacle::before(app).await;
    let write = tokio::spawn({
        let mut carts = ann.panel.carts();
        async move { carts.open_cart(pb::OpenCartRequest { request_id: request_id() }).await }
    });
    assert_eq!(ann.space().await.usage_bytes, 0);
    obstacle.out_of_the_way().await;
    write.await.expect("it ends").expect("it is served once the way is free");
}

async fn writes_that_wait_longer_than_the_database_does_are_served_in_their_time(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let obstacle = Obstacle::before(app).await;
    // One has its turn and finds the file busy, the others wait for theirs.
    let writes = [0; 3].map(|_| {
        let mut carts = ann.panel.carts();
        tokio::spawn(async move { carts.open_cart(pb::OpenCartRequest { request_id: request_id() }).await })
    });
    let (status, _) = created_within(app, &ann, "300m").await;
    assert_eq!(Refusal::of(&status).reason, ErrorReason::DeadlineExceeded, "its time was short, six times as long as the database waits");
    obstacle.out_of_the_way().await;
    for write in join_all(writes).await {
        write.expect("it ends").expect("it is served once the way is free");
    }
}
