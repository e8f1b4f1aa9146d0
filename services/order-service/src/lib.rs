//! order-service: menu, orders, the queue and the bar's state; the order's
//! workflow and its schedules.
//!
//! The way of one order: `grpc::orders` takes the request apart, `app::place`
//! lets the domain decide and stores order and event in one statement,
//! `settling` settles its beans with customer-service and queues it, a barista's
//! `grpc::commands` move it on, `relay` takes its events to Kafka, `grpc::watch`
//! to every screen, and `workflow` guarantees that it ends.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use runtime::{Peer, Runtime, grpc, identity_feed, postgres, tokens::AccessTokenVerifier};
use wire::order::v1::order_service_server::OrderServiceServer;

pub mod app;
mod config;
mod convert;
#[path = "grpc/mod.rs"]
mod handlers;
mod relay;
mod settling;
mod store;
pub mod workflow;

pub use config::{Config, WaitSeconds};

/// How often old idempotency keys are looked for.
const TIDY: Duration = Duration::from_secs(60 * 60);

/// order-service as it runs.
#[derive(Debug, Clone)]
pub struct Service {
    pub app: app::App,
    /// Where it listens for gRPC; the system may have dealt the port.
    pub grpc: SocketAddr,
    pub log: outbox::Log,
}

/// Starts the service; it ends with the runtime.
pub async fn run(config: Config, runtime: Runtime) -> anyhow::Result<()> {
    let kafka = relay::orders_topic(&config.kafka_brokers);
    let service = start(config, runtime.clone()).await?;
    service.deliver_to_kafka(&runtime, kafka);
    Ok(())
}

/// The same but for Kafka, and tells what was started.
pub async fn start(config: Config, runtime: Runtime) -> anyhow::Result<Service> {
    let pool = postgres::pool(&runtime, &config.database_url, config.database_connections)?;
    postgres::migrate(&runtime, &pool, &store::MIGRATIONS).await?;
    if store::seed::menu(&pool).await? {
        tracing::info!("loaded the first menu");
    }
    let log = outbox::Log::open(&runtime, pool.clone()).await?;
    let customers = grpc::channel(&config.customer_service_url, Peer::CustomerService, &runtime)
        .context("EVERYTHING_CUSTOMER_SERVICE_URL")?;
    let verifier = AccessTokenVerifier::new();
    let keys = key_store(pool.clone());
    identity_feed::start(&runtime, customers.clone(), verifier.clone(), keys).await;

    let app = app::App::new(
        pool,
        config.time_zone,
        config.waits.into(),
        app::Customers::new(customers),
        log.waker(),
    );
    app.house().await.map_err(anyhow::Error::new).context("read menu and bar")?;
    app.recall_diners().await.map_err(anyhow::Error::new).context("read what may be served")?;
    relay::to_memory(&runtime, &log, app.clone());
    workflow::start(&runtime, &log, &app, config.temporal());
    let draining = runtime.shutdown.draining().clone();
    runtime.spawn("settling", {
        let settling = settling::run(app.clone(), draining.clone());
        async move {
            settling.await;
            Ok(())
        }
    });
    runtime.spawn("tidying", tidy(app.clone(), draining.clone()));
    runtime.spawn("diners", {
        let following = app.clone();
        async move {
            following.follow_diners(draining).await;
            Ok(())
        }
    });

    let handlers = handlers::Handlers::new(app.clone(), log.clone());
    let server = grpc::server(&runtime, &config.grpc, verifier)
        .add(OrderServiceServer::new(handlers))
        .bind()?;
    let address = server.local_addr();
    runtime.spawn("grpc server", server.serve());
    runtime.health.started();
    Ok(Service { app, grpc: address, log })
}

impl Service {
    /// Delivers the event log to a topic, with a cursor of its own, for as long as
    /// the service runs. Nothing waits for it.
    pub fn deliver_to_kafka(&self, runtime: &Runtime, topic: outbox::kafka::Config) {
        relay::to_kafka(runtime, &self.log, topic);
    }
}

fn key_store(pool: sqlx::PgPool) -> identity_feed::KeyStore {
    let to = pool.clone();
    identity_feed::KeyStore::new(
        move || {
            let pool = pool.clone();
            async move { Ok(store::keys::load(&pool).await?) }
        },
        move |keys| {
            let pool = to.clone();
            async move { Ok(store::keys::save(&pool, &keys).await?) }
        },
    )
}

async fn tidy(app: app::App, draining: tokio_util::sync::CancellationToken) -> anyhow::Result<()> {
    let mut clock = tokio::time::interval(TIDY);
    loop {
        tokio::select! {
            _ = clock.tick() => {
                match postgres::in_time(app.forget_keys(app.now())).await {
                    Ok(0) => {}
                    Ok(keys) => tracing::info!(keys, "forgot old idempotency keys"),
                    Err(error) => tracing::debug!(cause = error.chain(), "could not tidy up"),
                }
            }
            () = draining.cancelled() => return Ok(()),
        }
    }
}
