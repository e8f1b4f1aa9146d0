//! A house for one test: a database of its own, order-service as it really is,
//! customer-service played over its real protocol, and people with real tokens.
//! Nothing is delivered to Kafka, and Temporal is away unless a test brings one:
//! nothing that a person waits for waits for them.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures::StreamExt as _;
use order_service::{Config, Service, WaitSeconds};
use runtime::{
    AppError, Peer, Runtime,
    grpc::{Channel, on_behalf_of},
    tokens::{AccessTokenSigner, Credentials, Grant, PeerKeys, Subject, key_to_text},
};
use secrecy::SecretString;
use sqlx::PgPool;
use types::{DeviceId, MemberId, Role, Roles, Scope, SessionId};
use wire::{
    customer::v1 as customer_pb,
    order::v1::{self as pb, order_service_client::OrderServiceClient},
};

use crate::{customer::Customer, line::Line};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const SERVER: [u8; 32] = [1; 32];
const ORDER_SERVICE: [u8; 32] = [2; 32];
const CUSTOMER_SERVICE: [u8; 32] = [3; 32];
const LAUNCHER: [u8; 32] = [4; 32];

pub(crate) struct House {
    pub(crate) customer: Customer,
    pub(crate) pool: PgPool,
    pub(crate) service: Service,
    pub(crate) signer: AccessTokenSigner,
    gateway: Runtime,
    pub(crate) runtime: Runtime,
    database: test_kit::Database,
    temporal: Temporal,
    /// To the database.
    pub(crate) line: Line,
}

/// Which Temporal the house has; `http://127.0.0.1:1` is none.
#[derive(Debug, Clone)]
pub(crate) struct Temporal {
    pub(crate) url: String,
    pub(crate) namespace: String,
    /// How often what may have been lost is looked for.
    pub(crate) round_seconds: u32,
}

impl Temporal {
    pub(crate) fn at(url: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self { url: url.into(), namespace: namespace.into(), round_seconds: 60 }
    }

    fn away() -> Self {
        Self::at("http://127.0.0.1:1", "everything")
    }
}

pub(crate) const WAITS: WaitSeconds = WaitSeconds {
    wait_placed: 120,
    wait_queued: 300,
    wait_preparing_remind: 900,
    wait_preparing: 3_600,
    wait_ready: 1_800,
    wait_approval: 7_200,
};

/// Whom everybody here believes.
pub(crate) fn peer_keys() -> PeerKeys {
    PeerKeys::new(
        Peer::ALL
            .map(|peer| (peer, Credentials::new(peer, seed(peer)).unwrap().public_key().unwrap())),
    )
}

/// The seed of each service's key.
pub(crate) const fn seed(peer: Peer) -> [u8; 32] {
    match peer {
        Peer::Server => SERVER,
        Peer::OrderService => ORDER_SERVICE,
        Peer::CustomerService => CUSTOMER_SERVICE,
        Peer::Launcher => LAUNCHER,
    }
}

fn runtime_config(seed: [u8; 32]) -> runtime::Config {
    runtime::Config {
        admin_listen: "127.0.0.1:0".parse().unwrap(),
        log: "error".to_owned(),
        log_format: runtime::config::LogFormat::Text,
        otlp_endpoint: None,
        service_key: SecretString::from(key_to_text(&seed)),
        peer_keys: peer_keys().to_text(),
        pre_stop_seconds: 0,
        drain_seconds: 5,
    }
}

fn config(
    database_url: String,
    customer_service_url: String,
    waits: WaitSeconds,
    temporal: &Temporal,
) -> Config {
    Config {
        runtime: runtime_config(ORDER_SERVICE),
        grpc: runtime::grpc::Config::on("127.0.0.1:0".parse().unwrap()),
        database_url: SecretString::from(database_url),
        database_connections: 6,
        kafka_brokers: String::new(),
        temporal_url: temporal.url.clone(),
        temporal_namespace: temporal.namespace.clone(),
        customer_service_url,
        time_zone: chrono_tz::Europe::Berlin,
        round_seconds: temporal.round_seconds,
        waits,
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with_waits(WAITS).await
    }

    pub(crate) async fn with_waits(waits: WaitSeconds) -> Self {
        Self::with_temporal(waits, Temporal::away()).await
    }

    pub(crate) async fn with_temporal(waits: WaitSeconds, temporal: Temporal) -> Self {
        let database = test_kit::Database::create("orders").await.unwrap();
        let signer = AccessTokenSigner::new([9; 32]).unwrap();
        let key = signer.public_key(Utc::now() + TimeDelta::days(1));
        let until = key.not_after.timestamp();
        let customer = Customer::start(vec![customer_pb::Key {
            kid: key.kid,
            ed25519_public_key: key.key.to_vec().into(),
            not_after: Some(prost_types::Timestamp { seconds: until, nanos: 0 }),
        }])
        .await;
        Self::start(database, signer, customer, waits, temporal).await
    }

    async fn start(
        database: test_kit::Database,
        signer: AccessTokenSigner,
        customer: Customer,
        waits: WaitSeconds,
        temporal: Temporal,
    ) -> Self {
        let line = Line::to(host_of(database.url())).await;
        let through_the_line =
            database.url().replace(&host_of(database.url()), &line.address.to_string());
        let runtime = runtime::start(Peer::OrderService, &runtime_config(ORDER_SERVICE)).unwrap();
        let config = config(through_the_line, customer.url(), waits, &temporal);
        let service = order_service::start(config, runtime.clone()).await.unwrap();
        let gateway = runtime::start(Peer::Server, &runtime_config(SERVER)).unwrap();
        let pool = database.pool().await.unwrap();
        let house =
            Self { customer, pool, service, signer, gateway, runtime, database, temporal, line };
        house.until_people_are_known().await;
        house
    }

    /// A second replica on the same database, as people reach it.
    pub(crate) async fn second_replica(&self) -> Service {
        let runtime = runtime::start(Peer::OrderService, &runtime_config(ORDER_SERVICE)).unwrap();
        let url = self.database.url().to_owned();
        let config = config(url, self.customer.url(), WAITS, &self.temporal);
        let service = order_service::start(config, runtime).await.unwrap();
        let there = self.member().at(self, &service);
        until("people are known", async || there.menu().await.ok()).await;
        service
    }

    /// Stops the service and starts it again on the same database.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(WAITS).await
    }

    /// The same, with other waits from now on.
    pub(crate) async fn restart_with(self, waits: WaitSeconds) -> Self {
        let Self { customer, pool, service, signer, gateway, runtime, database, temporal, line } =
            self;
        drop((service, gateway));
        pool.close().await;
        runtime.shutdown.request();
        runtime.finish().await.unwrap();
        drop(line);
        Self::start(database, signer, customer, waits, temporal).await
    }

    async fn until_people_are_known(&self) {
        let member = self.member();
        let known = async {
            while member.menu().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, known).await.expect("nobody can sign in");
    }

    pub(crate) fn channel(&self) -> Channel {
        let url = format!("http://{}", self.service.grpc);
        runtime::grpc::channel(&url, Peer::OrderService, &self.gateway).unwrap()
    }

    /// As customer-service calls it.
    pub(crate) fn as_customer_service(&self) -> OrderServiceClient<Channel> {
        let runtime =
            runtime::start(Peer::CustomerService, &runtime_config(CUSTOMER_SERVICE)).unwrap();
        let url = format!("http://{}", self.service.grpc);
        OrderServiceClient::new(runtime::grpc::channel(&url, Peer::OrderService, &runtime).unwrap())
    }

    /// As the gateway calls it for itself.
    pub(crate) fn as_gateway(&self) -> OrderServiceClient<Channel> {
        OrderServiceClient::new(self.channel())
    }

    fn person(&self, roles: Roles) -> Person {
        self.person_within(roles, Scope::Full)
    }

    /// Somebody who comes with a sign-in for something narrow.
    pub(crate) fn person_within(&self, roles: Roles, scope: Scope) -> Person {
        let id = MemberId::new();
        let grant = Grant { scope, ..Grant::full(id, SessionId::new(), roles) };
        let (token, _) = self.signer.issue(&grant, Utc::now()).unwrap();
        self.customer.joins(id, roles);
        Person { id, token, client: self.as_gateway() }
    }

    /// Somebody of whom this service has heard, so that it needs nobody to order.
    pub(crate) async fn known_member(&self) -> Person {
        let member = self.member();
        self.hear_of_everybody().await;
        member
    }

    /// This service knows whoever has joined by now.
    pub(crate) async fn hear_of_everybody(&self) {
        self.service.app.ask_for_diners().await.unwrap();
    }

    /// customer-service goes away, once this service knows everybody.
    pub(crate) async fn lose_customer_service(&self) {
        self.hear_of_everybody().await;
        self.customer.books().away = true;
    }

    pub(crate) fn member(&self) -> Person {
        self.person(Roles::from([Role::Member]))
    }

    pub(crate) fn barista(&self) -> Person {
        self.person(Roles::from([Role::Member, Role::Barista]))
    }

    pub(crate) fn admin(&self) -> Person {
        self.person(Roles::from([Role::Member, Role::Barista, Role::Admin]))
    }

    /// A paired device at which nobody acts.
    pub(crate) fn device(&self, scope: Scope) -> Person {
        let id = MemberId::new();
        let subject = Subject::Device(DeviceId::new());
        let grant = Grant { subject, scope, ..Grant::full(id, SessionId::new(), Roles::NONE) };
        let (token, _) = self.signer.issue(&grant, Utc::now()).unwrap();
        Person { id, token, client: self.as_gateway() }
    }
}

/// The `host:port` of a URL.
pub(crate) fn host_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    host.rsplit('@').next().unwrap().to_owned()
}

/// Somebody signed in, through the gateway.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: MemberId,
    token: String,
    client: OrderServiceClient<Channel>,
}

macro_rules! methods {
    ($($name:ident: $method:ident($request:ty) -> $answer:ty;)*) => {$(
        pub(crate) async fn $name(&self, request: $request) -> Result<$answer, AppError> {
            let request = on_behalf_of(&self.token, request)?;
            let answer = self.client.clone().$method(request).await;
            answer.map(tonic::Response::into_inner).map_err(AppError::from_status)
        }
    )*};
}

impl Person {
    /// The same person at another replica.
    pub(crate) fn at(&self, house: &House, service: &Service) -> Self {
        let url = format!("http://{}", service.grpc);
        let channel = runtime::grpc::channel(&url, Peer::OrderService, &house.gateway).unwrap();
        Self { client: OrderServiceClient::new(channel), ..self.clone() }
    }

    methods! {
        ask_get: get_order(pb::GetOrderRequest) -> pb::Order;
        ask_place: place_order(pb::PlaceOrderRequest) -> pb::PlaceOrderResponse;
        order_favourite: order_favourite(pb::OrderFavouriteRequest) -> pb::PlaceOrderResponse;
        order_again: order_again(pb::OrderAgainRequest) -> pb::PlaceOrderResponse;
        ask_list: list_orders(pb::ListOrdersRequest) -> pb::ListOrdersResponse;
        ask_queue: get_queue(pb::GetQueueRequest) -> pb::Queue;
        ask_display: get_display(pb::GetDisplayRequest) -> pb::Display;
        ask_search: search_menu(pb::SearchMenuRequest) -> pb::SearchMenuResponse;
        ask_menu: get_menu(pb::GetMenuRequest) -> pb::Menu;
        ask_bar: get_bar(pb::GetBarRequest) -> pb::Bar;
        set_bar: set_bar(pb::SetBarRequest) -> pb::Bar;
        set_availability: set_availability(pb::SetAvailabilityRequest) -> pb::Menu;
        accept: accept_order(pb::CommandRequest) -> pb::CommandResponse;
        ready: ready_order(pb::CommandRequest) -> pb::CommandResponse;
        release: release_order(pb::CommandRequest) -> pb::CommandResponse;
        recall: recall_order(pb::CommandRequest) -> pb::CommandResponse;
        pick_up: pick_up_order(pb::CommandRequest) -> pb::CommandResponse;
        cancel: cancel_order(pb::CommandRequest) -> pb::CommandResponse;
        decline: decline_order(pb::CommandRequest) -> pb::CommandResponse;
        forgive: forgive_order(pb::CommandRequest) -> pb::CommandResponse;
        hand_over: hand_over_order(pb::HandOverOrderRequest) -> pb::CommandResponse;
        amend: amend_order(pb::AmendOrderRequest) -> pb::CommandResponse;
        approve: approve_order(pb::CommandRequest) -> pb::CommandResponse;
        refuse: refuse_order(pb::CommandRequest) -> pb::CommandResponse;
        acknowledge: acknowledge_order(pb::CommandRequest) -> pb::CommandResponse;
        ask_approvals: list_approvals(pb::ListApprovalsRequest) -> pb::ListApprovalsResponse;
        ask_day: get_day(pb::GetDayRequest) -> pb::Day;
        tick: tick_item(pb::TickItemRequest) -> pb::CommandResponse;
        strike: strike_item(pb::StrikeItemRequest) -> pb::CommandResponse;
        replace: replace_item(pb::ReplaceItemRequest) -> pb::CommandResponse;
    }

    /// Everything that is stored about one here.
    pub(crate) async fn is_told(&self) -> Vec<pb::Order> {
        let request = on_behalf_of(&self.token, pb::TellOrdersRequest {}).unwrap();
        let told = self.client.clone().tell_orders(request).await.unwrap().into_inner();
        told.map(Result::unwrap).collect().await
    }

    pub(crate) async fn menu(&self) -> Result<pb::Menu, AppError> {
        self.ask_menu(pb::GetMenuRequest::default()).await
    }

    pub(crate) async fn get(&self, id: &str) -> Result<pb::Order, AppError> {
        self.ask_get(pb::GetOrderRequest { id: id.to_owned() }).await
    }

    pub(crate) async fn search(&self, query: &str) -> Vec<String> {
        let found = self.ask_search(pb::SearchMenuRequest { query: query.to_owned() }).await;
        found.unwrap().items.into_iter().map(|item| item.slug).collect()
    }

    pub(crate) async fn queue(&self) -> pb::Queue {
        self.ask_queue(pb::GetQueueRequest {}).await.unwrap()
    }

    /// Places these and waits until they are queued or rejected.
    pub(crate) async fn orders(&self, items: Vec<pb::ItemRequest>) -> Result<pb::Order, AppError> {
        let placed = self.ask_place(asking(items)).await?;
        Ok(placed.order.unwrap())
    }

    /// Places a flat white and waits until it is queued.
    pub(crate) async fn orders_a_flat_white(&self) -> pb::Order {
        let order = self.orders(vec![a("flat-white")]).await.unwrap();
        assert_eq!(order.state(), pb::OrderState::Queued);
        order
    }
}

/// An item of the menu as it comes.
pub(crate) fn a(slug: &str) -> pb::ItemRequest {
    pb::ItemRequest { menu_item: slug.to_owned(), ..pb::ItemRequest::default() }
}

/// A request for these with a key of its own, which waits.
pub(crate) fn asking(items: Vec<pb::ItemRequest>) -> pb::PlaceOrderRequest {
    pb::PlaceOrderRequest {
        idempotency_key: uuid::Uuid::now_v7().to_string(),
        items,
        not_before: None,
        wait_ms: 9_000,
        ask_guardian: false,
    }
}

/// A command on an order, whatever its version.
pub(crate) fn on(order: &pb::Order) -> pb::CommandRequest {
    pb::CommandRequest { id: order.id.clone(), ..pb::CommandRequest::default() }
}

/// The same with a reason.
pub(crate) fn because(order: &pb::Order, reason: &str) -> pb::CommandRequest {
    pb::CommandRequest { reason: reason.to_owned(), ..on(order) }
}

/// What a refusal is called, with the first field that is wrong.
pub(crate) fn named<T: std::fmt::Debug>(result: Result<T, AppError>) -> (String, String) {
    let error = result.expect_err("it was not refused");
    let field = error.fields.first().map(|field| field.path.clone()).unwrap_or_default();
    (error.code.name().to_owned(), field)
}

/// Just the name of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    named(result).0
}

/// The moment in so many seconds, to the nanosecond.
pub(crate) fn in_seconds(seconds: i64) -> prost_types::Timestamp {
    let at = Utc::now() + TimeDelta::seconds(seconds);
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: at.timestamp_subsec_nanos().try_into().unwrap(),
    }
}

/// Waits until something is so.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let waiting = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"))
}
