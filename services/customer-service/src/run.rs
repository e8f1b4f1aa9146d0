//! Puts the service together: database, keys, events both ways, gRPC.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use anyhow::Context;
use customer_domain::ledger::Bar;

use runtime::{Peer, Runtime, tokens::AccessTokenVerifier};
use sqlx::{PgPool, migrate::Migrator};
use types::Timestamp;
use wire::customer::v1::customer_service_server::CustomerServiceServer;

use crate::{
    app::{App, guests, hints::Hints, house::House, privacy},
    clock,
    config::Config,
    grpc::Handlers,
    identity::{
        Identity, hashing::Hasher, keys::Keyring, limit::AttemptLimit, passkeys,
        revocations::Revocations,
    },
    orders::Orders,
    projections::{self, Projections, dead_letters::DeadLetters},
    store::revocations::Ended,
};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Connections to PostgreSQL; coordinated with the other services under its `max_connections`.
const POOL: u32 = 10;

/// A service that runs.
#[derive(Debug, Clone)]
pub struct Service {
    pub app: Arc<App>,
    /// Where gRPC is served; the port may have been dealt by the system.
    pub grpc: SocketAddr,
}

/// Starts customer-service; its tasks go on under the runtime's supervision.
pub async fn run(config: Config, runtime: Runtime) -> anyhow::Result<()> {
    start(config, &runtime).await.map(|_| ())
}

/// The same, with a handle on what runs; tests look inside.
pub async fn start(config: Config, runtime: &Runtime) -> anyhow::Result<Service> {
    let lifetimes = config.lifetimes()?;
    let pool = runtime::postgres::pool(runtime, &config.database_url, POOL)?;
    runtime::postgres::migrate(runtime, &pool, &MIGRATOR).await?;

    let log = outbox::Log::open(runtime, pool.clone()).await?;
    let receiver = outbox::kafka::KafkaReceiver::new(
        runtime,
        outbox::kafka::Config {
            brokers: config.kafka.kafka_brokers.clone(),
            topic: config.kafka.customers_topic.clone(),
            dead_letters: config.kafka.dead_letters_topic.clone(),
        },
    );
    let relay = outbox::relay(runtime.clone(), log.clone(), "kafka", receiver);
    runtime.spawn("relay to kafka", relay);

    let settings = config.settings();
    let valkey = config.valkey_url.as_ref();
    let valkey = valkey.map(|url| runtime::valkey::connect(runtime, url)).transpose()?;
    let identity = Identity {
        pool: pool.clone(),
        lifetimes,
        keys: Keyring::default(),
        revocations: Revocations::default(),
        attempts: AttemptLimit::new(valkey),
        passkeys: passkeys::House::new(&config.public_url, &config.passkey_origins),
        hasher: Hasher::default(),
    };
    let verifier = begin_identity(&identity, &pool, runtime).await?;

    let house = House::new(config.house());
    runtime::postgres::patiently(runtime, "the house's settings", || house.read(&pool)).await?;
    let orders = runtime::grpc::channel(&config.order_service_url, Peer::OrderService, runtime)
        .context("EVERYTHING_ORDER_SERVICE_URL")?;
    let dead_letters = DeadLetters::new(&config.kafka);
    let app = Arc::new(App {
        pool: pool.clone(),
        settings,
        house,
        identity,
        projections: Projections::new(pool, settings.time_zone, dead_letters, log.clone()),
        accounts: Hints::default(),
        orders: Orders::new(orders),
        log,
        departed: tokio::sync::Notify::new(),
    });
    let (keeping, shutdown) = (app.clone(), runtime.shutdown.clone());
    runtime.spawn("house", async move {
        keeping.house.keep(&keeping.pool, &shutdown).await;
        Ok(())
    });
    let (forgetting, shutdown) = (app.clone(), runtime.shutdown.clone());
    runtime.spawn("departures", async move {
        privacy::keep_forgetting(&forgetting, &shutdown).await;
        Ok(())
    });
    let (seeing_off, shutdown) = (app.clone(), runtime.shutdown.clone());
    runtime.spawn("guests", async move {
        guests::keep_seeing_off(&seeing_off, &shutdown).await;
        Ok(())
    });
    let consumer = projections::consumer::run(app.clone(), config.kafka, runtime.clone());
    runtime.spawn("projections", consumer);

    let handlers = Handlers { app: app.clone() };
    let server = runtime::grpc::server(runtime, &config.grpc, verifier)
        .add(CustomerServiceServer::new(handlers))
        .bind()
        .context("serve gRPC")?;
    let grpc = server.local_addr();
    runtime.spawn("grpc server", server.serve());
    runtime.health.started();
    let free_bar = app.house.current().house.bar == Bar::Free;
    tracing::info!(%grpc, free_bar, "customer-service is ready");
    Ok(Service { app, grpc })
}

/// Sees that a key signs and that revocations are known, and keeps it so. This
/// service verifies with what it has itself: it needs no feed.
async fn begin_identity(
    identity: &Identity,
    pool: &PgPool,
    runtime: &Runtime,
) -> anyhow::Result<AccessTokenVerifier> {
    let lifetimes = identity.lifetimes;
    let now = clock::now();
    identity.keys.check(pool, lifetimes, now).await.context("signing keys")?;
    let verifier = AccessTokenVerifier::new();
    verifier.set_keys(identity.keys.published(now));
    let keys = identity.keys.clone();
    runtime.spawn(
        "signing keys",
        keys.keep(pool.clone(), lifetimes, verifier.clone(), runtime.shutdown.clone()),
    );
    // Before anybody can call: what was revoked stays so through a restart.
    let revocations = identity.revocations.clone();
    let read = || revocations.read(pool, clock::now());
    runtime::postgres::patiently(runtime, "revocations", read).await?;
    tell(&verifier, Some(&revocations.current()));
    let (pool, shutdown, told) = (pool.clone(), runtime.shutdown.clone(), verifier.clone());
    runtime.spawn("revocations", async move {
        let tell = |known: Option<&_>| tell(&told, known);
        revocations.keep(pool, shutdown, tell).await
    });
    Ok(verifier)
}

fn tell(verifier: &AccessTokenVerifier, known: Option<&BTreeMap<Ended, Timestamp>>) {
    verifier.set_fresh(known.is_some());
    for (ended, until) in known.into_iter().flatten() {
        match ended {
            Ended::Session(session) => {
                if !verifier.is_revoked(*session) {
                    verifier.revoke(*session, *until);
                }
            }
            Ended::Below { member, generation } => verifier.outdate(*member, *generation, *until),
        }
    }
}
