//! Health, overall and for each service, and reflection in both versions: without a token.

use std::time::Duration;

use spazio::policy;
use tokio::time::timeout;
use tokio_stream::once;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::{v1, v1alpha};

use crate::support::{Engine, TestApp, served};

on_both_databases!(every_service_is_healthy, reflection_lists_the_contract_in_both_versions, a_server_that_stops_says_so_to_who_watches);

fn services() -> Vec<&'static str> {
    let mut services: Vec<_> = policy::methods().iter().map(policy::Method::service).collect();
    services.dedup();
    assert_eq!(services.len(), 5);
    services
}

fn question(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

type Watch = tonic::Streaming<HealthCheckResponse>;

async fn watch(app: &TestApp, service: &str) -> Watch {
    served(HealthClient::new(app.channel()).watch(question(service)).await)
}

/// Waits until the watched service has this health.
async fn becomes(watch: &mut Watch, expected: ServingStatus) {
    let waiting = async {
        while let Some(answer) = watch.message().await.expect("the watch goes on") {
            if answer.status() == expected {
                return;
            }
        }
        panic!("the watch ended before it was {expected:?}");
    };
    timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("it never was {expected:?}"));
}

async fn every_service_is_healthy(app: &TestApp) {
    for service in services().into_iter().chain([""]) {
        becomes(&mut watch(app, service).await, ServingStatus::Serving).await;
        let answer = served(HealthClient::new(app.channel()).check(question(service)).await);
        assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
    }
    let unknown = HealthClient::new(app.channel()).check(question("spazio.v1.GiftService")).await;
    assert_eq!(unknown.expect_err("no such service").code(), tonic::Code::NotFound);
}

async fn reflection_lists_the_contract_in_both_versions(app: &TestApp) {
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(app.channel());
    let mut answers = served(client.server_reflection_info(once(request)).await);
    let answer = answers.message().await.expect("an answer").expect("one").message_response;
    let Some(MessageResponse::ListServicesResponse(listed)) = answer else { panic!("{answer:?}") };
    let listed: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();

    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(app.channel());
    let mut answers = served(client.server_reflection_info(once(request)).await);
    let answer = answers.message().await.expect("an answer").expect("one").message_response;
    let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(alpha)) = answer else { panic!("{answer:?}") };
    let alpha: Vec<_> = alpha.service.into_iter().map(|service| service.name).collect();

    for service in services().into_iter().chain(["grpc.health.v1.Health"]) {
        assert!(listed.iter().any(|name| name == service), "{service} is not in {listed:?}");
        assert!(alpha.iter().any(|name| name == service), "{service} is not in {alpha:?}");
    }
}

async fn a_server_that_stops_says_so_to_who_watches(app: &TestApp) {
    // The end of every test waits for a clean exit, which an open watch must not hold up.
    let mut watch = watch(app, "").await;
    becomes(&mut watch, ServingStatus::Serving).await;
    tokio::spawn(async move { while let Ok(Some(_)) = watch.message().await {} });
}

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_the_database() {
    let app = TestApp::start(Engine::Postgres).await;
    let mut overall = watch(&app, "").await;
    let mut quota = watch(&app, "spazio.v1.QuotaService").await;
    becomes(&mut overall, ServingStatus::Serving).await;
    becomes(&mut quota, ServingStatus::Serving).await;
    app.database.goes_away().await;
    becomes(&mut overall, ServingStatus::NotServing).await;
    becomes(&mut quota, ServingStatus::NotServing).await;
    app.database.comes_back().await;
    becomes(&mut overall, ServingStatus::Serving).await;
    becomes(&mut quota, ServingStatus::Serving).await;
    drop((overall, quota));
    app.finish().await;
}
