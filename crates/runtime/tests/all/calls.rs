//! Calls between services: who may, how long, what is told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use runtime::{
    AppError, Caller, Code, Peer, Runtime, deadline,
    grpc::{self, Bound, on_behalf_of},
    tokens::{AccessTokenSigner, AccessTokenVerifier, Grant},
};
use tonic::Status;
use tracing::Instrument;
use types::{MemberId, Role, SessionId};
use wire::order::v1::{
    GetMenuRequest, GetOrderRequest, LiveEvent, Menu, Order, SearchMenuRequest, WatchEventsRequest,
    order_service_client::OrderServiceClient,
};

use crate::{
    admin, channel, leave, sink,
    stand_in::{Orders, Request, Response, Strangers, answer, stream, whole},
    start, until,
    way::Way,
};

/// What the stand-in saw.
#[derive(Clone, Default)]
struct Seen {
    caller: Arc<Mutex<Option<Caller>>>,
    timeout: Arc<Mutex<Option<String>>>,
    gave_up: Arc<AtomicBool>,
}

struct GaveUp(Arc<AtomicBool>);

impl Drop for GaveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn handle(seen: Seen, method: String, request: Request) -> Response {
    *seen.caller.lock().unwrap() = request.extensions().get::<Caller>().cloned();
    let timeout = request.headers().get("grpc-timeout");
    *seen.timeout.lock().unwrap() = timeout.map(|value| value.to_str().unwrap().to_owned());
    match method.as_str() {
        "GetMenu" => answer(&Menu { etag: "fresh".to_owned(), ..Menu::default() }),
        "SearchMenu" => {
            if let Err(status) = whole(request).await {
                return status.into_http();
            }
            let _gave_up = GaveUp(seen.gave_up);
            tokio::time::sleep(Duration::from_secs(60)).await;
            answer(&Menu::default())
        }
        "GetOrder" => {
            let error = AppError::new(Code::OrderClosed, "The order is over.")
                .detail("current", 4)
                .caused_by("nobody outside may read this");
            Status::from(error).into_http()
        }
        "ListOrders" => answer(&Order::default()),
        "WatchEvents" => {
            let event = LiveEvent { position: "e-1".to_owned(), what: None };
            stream(futures::stream::iter([event]))
        }
        other => Status::unimplemented(other.to_owned()).into_http(),
    }
}

struct House {
    service: Runtime,
    gateway: Runtime,
    address: std::net::SocketAddr,
    seen: Seen,
    signer: AccessTokenSigner,
}

impl House {
    fn new() -> Self {
        let (service, gateway) = (start(Peer::OrderService), start(Peer::Server));
        let seen = Seen::default();
        let signer = AccessTokenSigner::new([9; 32]).unwrap();
        let verifier = AccessTokenVerifier::new();
        verifier.set_keys([signer.public_key(Utc::now() + TimeDelta::days(1))]);
        let bound = bind(&service, verifier, seen.clone());
        let address = bound.local_addr();
        service.spawn("grpc", bound.serve());
        service.health.started();
        Self { service, gateway, address, seen, signer }
    }

    fn client(&self) -> OrderServiceClient<grpc::Channel> {
        OrderServiceClient::new(channel(self.address, Peer::OrderService, &self.gateway))
    }

    fn token(&self, role: Role) -> String {
        let (member, session) = (MemberId::new(), SessionId::new());
        self.signer.issue(&Grant::full(member, session, [role].into()), Utc::now()).unwrap().0
    }

    async fn leave(self) {
        leave(self.gateway).await;
        leave(self.service).await;
    }
}

fn bind(service: &Runtime, verifier: AccessTokenVerifier, seen: Seen) -> Bound {
    let config =
        grpc::Config { grpc_message_bytes: 10_000, ..grpc::Config::on(([127, 0, 0, 1], 0).into()) };
    let orders = Orders::new(move |method, request| handle(seen.clone(), method, request));
    grpc::server(service, &config, verifier).add(orders).bind().unwrap()
}

#[tokio::test]
async fn a_service_calls_for_itself_and_for_a_person() {
    let house = House::new();
    let menu = house.client().get_menu(GetMenuRequest::default()).await.unwrap().into_inner();
    assert_eq!(menu.etag, "fresh");
    let caller = house.seen.caller.lock().unwrap().take().unwrap();
    assert_eq!((caller.peer, caller.person.is_none()), (Peer::Server, true));

    let request = on_behalf_of(&house.token(Role::Barista), GetMenuRequest::default()).unwrap();
    house.client().get_menu(request).await.unwrap();
    let caller = house.seen.caller.lock().unwrap().take().unwrap();
    assert!(caller.person().unwrap().is(Role::Barista));
    house.leave().await;
}

#[tokio::test]
async fn nobody_gets_in_without_what_the_method_asks_for() {
    let house = House::new();
    // A stranger without any token.
    let plain = tonic::transport::Endpoint::from_shared(format!("http://{}", house.address));
    let mut stranger = OrderServiceClient::new(plain.unwrap().connect_lazy());
    let refused = stranger.get_menu(GetMenuRequest::default()).await.unwrap_err();
    assert_eq!(AppError::from_status(refused).code, Code::Unauthenticated);
    // A service for itself where a person is needed.
    let get = GetOrderRequest { id: "ord_x".to_owned() };
    let refused = house.client().get_order(get).await.unwrap_err();
    assert_eq!(AppError::from_status(refused).code, Code::Unauthenticated);
    // A member where a barista is needed.
    let request = on_behalf_of(&house.token(Role::Member), Default::default()).unwrap();
    let refused = house.client().get_queue(request).await.unwrap_err();
    assert_eq!(AppError::from_status(refused).code, Code::Forbidden);
    // A forged token.
    let forged = AccessTokenSigner::new([10; 32]).unwrap();
    let all = Role::ALL.into_iter().collect();
    let (forged, _) =
        forged.issue(&Grant::full(MemberId::new(), SessionId::new(), all), Utc::now()).unwrap();
    let request = on_behalf_of(&forged, GetMenuRequest::default()).unwrap();
    let refused = house.client().get_menu(request).await.unwrap_err();
    assert_eq!(AppError::from_status(refused).code, Code::Unauthenticated);
    assert!(house.seen.caller.lock().unwrap().is_none(), "a handler was reached");
    house.leave().await;
}

#[tokio::test]
async fn an_error_arrives_with_its_code_and_without_its_cause() {
    let house = House::new();
    let request = GetOrderRequest { id: "ord_x".to_owned() };
    let request = on_behalf_of(&house.token(Role::Member), request).unwrap();
    let status = house.client().get_order(request).await.unwrap_err();
    assert!(!format!("{status:?}").contains("nobody outside"), "{status:?}");
    let error = AppError::from_status(status);
    assert_eq!((error.code, error.details["current"].as_str()), (Code::OrderClosed, "4"));
    house.leave().await;
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_on_both_sides() {
    let house = House::new();
    let mut request = tonic::Request::new(SearchMenuRequest::default());
    request.set_timeout(Duration::from_millis(200));
    let start = Instant::now();
    let status = house.client().search_menu(request).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(AppError::from_status(status).code, Code::DeadlineExceeded);
    until("the handler ends too", async || house.seen.gave_up.load(Ordering::SeqCst)).await;
    house.leave().await;
}

#[tokio::test]
async fn what_is_left_of_a_request_is_passed_on() {
    let house = House::new();
    let mut client = house.client();
    client.get_menu(GetMenuRequest::default()).await.unwrap();
    let told = house.seen.timeout.lock().unwrap().take().unwrap();
    assert_eq!(told, "5000000u");
    let called =
        deadline::within(Duration::from_millis(300), client.get_menu(GetMenuRequest::default()));
    called.await.unwrap().unwrap();
    let told = house.seen.timeout.lock().unwrap().take().unwrap();
    let micros: u64 = told.trim_end_matches('u').parse().unwrap();
    assert!((1..=300_000).contains(&micros), "{told}");
    house.leave().await;
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let house = House::new();
    let request = SearchMenuRequest { query: "x".repeat(20_000) };
    let start = Instant::now();
    let status = house.client().search_menu(request).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(AppError::from_status(status).code, Code::PayloadTooLarge);
    house.leave().await;
}

#[tokio::test]
async fn a_service_that_is_away_is_unavailable_and_comes_back_by_itself() {
    let house = House::new();
    let way = Way::to(None).await;
    let channel = channel(way.address, Peer::OrderService, &house.gateway);
    let mut client = OrderServiceClient::new(channel);
    let start = Instant::now();
    let status = client.get_menu(GetMenuRequest::default()).await.unwrap_err();
    assert_eq!(AppError::from_status(status).code, Code::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(3));

    way.lead_to(Some(house.address));
    until("it answers", async || client.clone().get_menu(GetMenuRequest::default()).await.is_ok())
        .await;
    house.leave().await;
}

#[tokio::test]
async fn a_service_that_no_contract_has_is_refused_at_start() {
    let service = start(Peer::OrderService);
    let config = grpc::Config::on(([127, 0, 0, 1], 0).into());
    let strangers = Strangers::new(|_, _| async { answer(&Menu::default()) });
    let bound = grpc::server(&service, &config, AccessTokenVerifier::new()).add(strangers).bind();
    assert!(bound.err().unwrap().to_string().contains("StrangerService"));
    leave(service).await;
}

#[tokio::test]
async fn streams_have_no_deadline_and_end_politely_when_the_service_leaves() {
    let House { service, gateway, address, seen, .. } = House::new();
    let mut client = OrderServiceClient::new(channel(address, Peer::OrderService, &gateway));
    let mut events = client.watch_events(WatchEventsRequest::default()).await.unwrap().into_inner();
    assert_eq!(*seen.timeout.lock().unwrap(), None);
    assert_eq!(events.message().await.unwrap().unwrap().position, "e-1");
    let start = Instant::now();
    service.shutdown.request();
    let (end, left) = tokio::join!(events.message(), service.finish());
    assert_eq!(end.unwrap_err().code(), tonic::Code::Unavailable);
    left.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    leave(gateway).await;
}

#[tokio::test]
async fn whoever_watches_health_does_not_keep_the_service_from_leaving() {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    let house = House::new();
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", house.address));
    let mut client = HealthClient::new(endpoint.unwrap().connect_lazy());
    let request = HealthCheckRequest { service: String::new() };
    let mut watch = client.watch(request).await.unwrap().into_inner();
    assert!(watch.message().await.unwrap().is_some());
    house.leave().await;
    while let Ok(Some(_)) = watch.message().await {}
}

#[tokio::test]
async fn health_follows_readiness_and_needs_no_credential() {
    use tonic_health::pb::{
        HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
    };
    let house = House::new();
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", house.address));
    let client = HealthClient::new(endpoint.unwrap().connect_lazy());
    let serving = async |wanted: ServingStatus| {
        let request = HealthCheckRequest { service: String::new() };
        let answer = client.clone().check(request).await;
        answer.is_ok_and(|answer| answer.into_inner().status() == wanted)
    };
    until("serving", async || serving(ServingStatus::Serving).await).await;
    let database = house.service.health.required("postgres");
    until("not serving", async || serving(ServingStatus::NotServing).await).await;
    assert_eq!(admin(&house.service, "/readyz").await.0, 503);
    database.up();
    until("serving again", async || serving(ServingStatus::Serving).await).await;
    assert_eq!(admin(&house.service, "/readyz").await.0, 200);
    assert_eq!(admin(&house.service, "/livez").await, (200, "alive\n".to_owned()));
    house.leave().await;
}

#[tokio::test]
async fn one_trace_has_both_sides_of_a_call_and_both_are_measured() {
    let house = House::new();
    let root = tracing::info_span!("test");
    let mut client = house.client();
    let trace = async {
        client.get_menu(GetMenuRequest::default()).await.unwrap();
        runtime::telemetry::trace_id().unwrap()
    }
    .instrument(root)
    .await;
    runtime::telemetry::flush().await;
    until("both spans are exported", async || sink::spans_of(&trace).len() >= 3).await;
    let spans = sink::spans_of(&trace);
    let kinds: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "everything.order.v1.OrderService/GetMenu")
        .map(|span| span.kind().as_str_name())
        .collect();
    assert!(
        kinds.contains(&"SPAN_KIND_CLIENT") && kinds.contains(&"SPAN_KIND_SERVER"),
        "{kinds:?}"
    );
    let (_, metrics) = admin(&house.service, "/metrics").await;
    for name in ["rpc_server_call_duration_seconds_count", "rpc_client_call_duration_seconds_count"]
    {
        let line = metrics.lines().find(|line| {
            line.starts_with(name)
                && line.contains("OrderService/GetMenu")
                && line.contains("\"OK\"")
        });
        assert!(line.is_some(), "{name} in {metrics}");
    }
    house.leave().await;
}
