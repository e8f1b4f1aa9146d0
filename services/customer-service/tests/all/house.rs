//! A whole customer-service for one test, and short ways to ask it for things.

use std::net::{Ipv4Addr, SocketAddr};

use chrono::TimeDelta;
use chrono_tz::Europe::Berlin;
use customer_service::{
    Config, Service,
    config::Kafka,
    grpc::Handlers,
    identity::links::{Others, Wanted, WithCode},
};
use runtime::{AppError, Caller, Peer, Person, Runtime, tokens};
use test_kit::{Database, Topics};
use tonic::Request;
use types::{MemberId, OrderId, Role, Roles, Scope, SessionId};
use wire::customer::v1::{self as pb, customer_service_server::CustomerService};

/// Where nobody listens.
const NOWHERE: &str = "127.0.0.1:1";
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What differs from test to test.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub free_bar: bool,
    pub floor: i64,
    pub allowance: i64,
    pub kafka: With,
    /// Where order-service is; nowhere without.
    pub orders: Option<String>,
}

/// What this test has of Kafka.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum With {
    /// Nothing that it looks at: topics that such tests share.
    #[default]
    SharedTopics,
    OwnTopics,
    KafkaAway,
}

/// A service that runs. End it with [`House::stop`].
#[derive(Debug)]
pub(crate) struct House {
    pub service: Service,
    pub runtime: Runtime,
    pub handlers: Handlers,
    pub config: Config,
    pub topics: Option<Topics>,
    _database: Database,
    stopped: bool,
}

pub(crate) fn seed(peer: Peer) -> [u8; 32] {
    [peer.name().len() as u8; 32]
}

/// The configuration that every peer of these tests has.
pub(crate) fn runtime_config(peer: Peer) -> runtime::Config {
    let key = |peer: Peer| {
        let public = tokens::public_key_of(&seed(peer)).unwrap();
        format!("{}={}", peer.name(), tokens::key_to_text(&public))
    };
    runtime::Config {
        admin_listen: ANY_PORT,
        log: std::env::var("EVERYTHING_TEST_LOG").unwrap_or_else(|_| "error".to_owned()),
        log_format: runtime::config::LogFormat::Text,
        otlp_endpoint: None,
        service_key: tokens::key_to_text(&seed(peer)).into(),
        peer_keys: Peer::ALL.map(key).join(","),
        pre_stop_seconds: 0,
        drain_seconds: 10,
    }
}

impl House {
    pub(crate) async fn start(setup: Setup) -> Self {
        let database = Database::create("customer").await.unwrap();
        let mut kafka = Kafka {
            kafka_brokers: test_kit::engines().kafka_brokers,
            orders_topic: "test-customer-shared.orders".to_owned(),
            customers_topic: "test-customer-shared.customers".to_owned(),
            dead_letters_topic: "test-customer-shared.dead-letters".to_owned(),
        };
        let mut topics = None;
        match setup.kafka {
            With::SharedTopics => {}
            With::KafkaAway => NOWHERE.clone_into(&mut kafka.kafka_brokers),
            With::OwnTopics => {
                let own = topics.insert(Topics::create("customer").await.unwrap());
                own.orders().clone_into(&mut kafka.orders_topic);
                own.customers().clone_into(&mut kafka.customers_topic);
                own.dead_letters().clone_into(&mut kafka.dead_letters_topic);
            }
        }
        let config = Config {
            runtime: runtime_config(Peer::CustomerService),
            grpc: runtime::grpc::Config::on(ANY_PORT),
            database_url: database.url().into(),
            valkey_url: None,
            order_service_url: setup.orders.unwrap_or_else(|| format!("http://{NOWHERE}")),
            public_url: "http://localhost:8080".parse().unwrap(),
            passkey_origins: Vec::new(),
            kafka,
            time_zone: Berlin,
            free_bar: setup.free_bar,
            beans_floor: setup.floor,
            weekly_allowance: setup.allowance,
            key_lifetime_seconds: 30 * 24 * 3600,
            key_lead_seconds: 24 * 3600,
            session_days: 90,
        };
        let runtime = runtime::start(Peer::CustomerService, &config.runtime).unwrap();
        let service = customer_service::start(config.clone(), &runtime).await.unwrap();
        let handlers = Handlers { app: service.app.clone() };
        Self { service, runtime, handlers, config, topics, _database: database, stopped: false }
    }

    /// Ends the service in order; nothing may be left over.
    pub(crate) async fn stop(mut self) {
        self.stopped = true;
        self.runtime.shutdown.request();
        self.runtime.clone().finish().await.unwrap();
    }

    pub(crate) fn pool(&self) -> &sqlx::PgPool {
        &self.service.app.pool
    }

    /// A member with beans.
    pub(crate) async fn member(&self, name: &str, beans: i64, roles: impl Into<Roles>) -> MemberId {
        let id = MemberId::new();
        self.create(id, name, beans, roles.into()).await.unwrap();
        id
    }

    pub(crate) async fn create(
        &self,
        id: MemberId,
        name: &str,
        opening_beans: i64,
        roles: Roles,
    ) -> Result<pb::Member, AppError> {
        let request = pb::CreateMemberRequest {
            id: id.to_string(),
            name: name.to_owned(),
            emoji: String::new(),
            colour: String::new(),
            roles: roles.iter().map(wire_role).collect(),
            opening_beans,
            ..pb::CreateMemberRequest::default()
        };
        unwrapped(self.handlers.create_member(by(Peer::Launcher, request)).await)
    }

    pub(crate) async fn settle(
        &self,
        order: OrderId,
        member: MemberId,
        revision: i64,
        owed_beans: i64,
    ) -> Result<(pb::Settlement, i64), AppError> {
        let request = pb::SettleRequest {
            order_id: order.to_string(),
            member_id: member.to_string(),
            revision,
            owed_beans,
        };
        let answer = unwrapped(self.handlers.settle(by(Peer::OrderService, request)).await)?;
        Ok((answer.settlement(), answer.balance_beans))
    }

    pub(crate) async fn balance(&self, member: MemberId) -> i64 {
        let request = pb::GetBalanceRequest { member_id: String::new() };
        let request = by_person(member, [Role::Member], request);
        unwrapped(self.handlers.get_balance(request).await).unwrap().beans
    }

    /// What an order's ledger entries add up to.
    pub(crate) async fn sum_of(&self, order: OrderId) -> i64 {
        sqlx::query_scalar(
            "select coalesce(sum(beans), 0)::bigint from ledger_entries
             where kind = 'order' and cause = $1",
        )
        .bind(order.to_string())
        .fetch_one(self.pool())
        .await
        .unwrap()
    }

    /// Every balance is the sum of its entries, numbered without a gap, and
    /// every entry has its event.
    pub(crate) async fn assert_ledger_adds_up(&self) {
        let wrong: Vec<(uuid::Uuid, i64)> = sqlx::query_as(
            "select member_id, number from (
                 select member_id, number, balance,
                        sum(beans) over w as sum, row_number() over w as row
                 from ledger_entries window w as (partition by member_id order by number)
             ) as entries where balance <> sum or number <> row",
        )
        .fetch_all(self.pool())
        .await
        .unwrap();
        assert_eq!(wrong, []);
        let (entries, events): (i64, i64) = sqlx::query_as(
            "select (select count(*) from ledger_entries),
                    (select count(*) from event_log where kind = 'beans-booked')",
        )
        .fetch_one(self.pool())
        .await
        .unwrap();
        assert_eq!(entries, events);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        assert!(self.stopped || std::thread::panicking(), "end the test with house.stop()");
    }
}

pub(crate) fn wire_role(role: Role) -> i32 {
    let role = match role {
        Role::Member => pb::Role::Member,
        Role::Barista => pb::Role::Barista,
        Role::Admin => pb::Role::Admin,
    };
    role.into()
}

/// A link as the operator makes it.
pub(crate) fn wanted(member: MemberId, validity: TimeDelta) -> Wanted<'static> {
    Wanted {
        member,
        label: "test",
        validity: Some(validity),
        code: WithCode::No,
        others: Others::GoOn,
        by: None,
    }
}

/// A request of a service for itself.
pub(crate) fn by<T>(peer: Peer, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::service(peer));
    request
}

/// A request of a person, through the gateway.
pub(crate) fn by_person<T>(member: MemberId, roles: impl Into<Roles>, message: T) -> Request<T> {
    let person = Person {
        member,
        roles: roles.into(),
        session: SessionId::new(),
        scope: Scope::Full,
        device: None,
        generation: 0,
        expires_at: customer_service::clock::now() + chrono::TimeDelta::minutes(15),
    };
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::for_person(Peer::Server, person));
    request
}

pub(crate) fn unwrapped<T>(
    answer: Result<tonic::Response<T>, tonic::Status>,
) -> Result<T, AppError> {
    answer.map(tonic::Response::into_inner).map_err(AppError::from_status)
}

/// Waits until a condition holds; panics after 30 s.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while !holds().await {
        assert!(tokio::time::Instant::now() < end, "never happened: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
