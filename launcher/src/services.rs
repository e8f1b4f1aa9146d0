//! The three services as parts: each is this program again, told everything by
//! its environment.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wire::access::Peer;

use crate::{
    child::{Launch, program},
    engines::{Plan, kafka, postgres, temporal, valkey},
    https::House,
    paths::private_folder,
    ports,
    supervise::{Output, Part, nothing},
};

/// Where the pages are.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) listen: IpAddr,
    pub(crate) port: u16,
    /// What people type.
    pub(crate) url: String,
    /// HTTPS, where the house is let in.
    pub(crate) house: Option<House>,
}

impl Front {
    pub(crate) fn on_this_machine(port: u16) -> Self {
        let url = format!("http://localhost:{port}");
        Self { listen: Ipv4Addr::LOCALHOST.into(), port, url, house: None }
    }

    /// For the phones in the house: by its name, over HTTPS.
    pub(crate) fn in_the_house(house: House) -> Self {
        let (port, url) = (house.plain_port, house.url());
        Self { listen: Ipv4Addr::UNSPECIFIED.into(), port, url, house: Some(house) }
    }

    /// The pages' ports, which are nobody else's.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let https = self.house.as_ref().map(|house| house.https_port);
        [self.port].into_iter().chain(https).collect()
    }

    /// Refuses a port that is taken.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.house {
            Some(house) if house.https_port == self.port => {
                bail!("--port and --https-port are both {}: they must differ", self.port)
            }
            Some(house) => ports::check_https_port(self.listen, house.https_port)?,
            None => {}
        }
        ports::check_pages_port(self.listen, self.port)
    }
}

/// A service may drain for so many seconds; then its guard has a second's patience left.
const DRAIN_SECONDS: u64 = 3;
const GRACE: Duration = Duration::from_millis(4500);

/// Variables that are the launcher's own, or told to one service only.
const OURS: [&str; 8] = [
    "EVERYTHING_DATA",
    "EVERYTHING_PORT",
    "EVERYTHING_NAME",
    "EVERYTHING_HTTPS_PORT",
    "EVERYTHING_HTTPS_LISTEN",
    "EVERYTHING_TLS_CERT",
    "EVERYTHING_TLS_KEY",
    "EVERYTHING_TLS_AUTHORITY",
];

/// All three, in the order in which they are shown.
pub(crate) fn parts(plan: &Plan, front: &Front) -> Result<Vec<Part>> {
    let local = |port: u16| format!("127.0.0.1:{port}");
    let ports = &plan.ports;
    let customers = format!("http://{}", local(ports.customer_grpc));
    let orders = format!("http://{}", local(ports.order_grpc));

    let customer = service(plan, Peer::CustomerService, ports.customer_admin)?
        .env("EVERYTHING_GRPC_LISTEN", local(ports.customer_grpc))
        .env("EVERYTHING_DATABASE_URL", postgres::service_url(plan, "customer_db")?)
        .env("EVERYTHING_VALKEY_URL", valkey::service_url(plan, "customer-service"))
        .env("EVERYTHING_KAFKA_BROKERS", kafka::brokers(plan))
        .env("EVERYTHING_ORDER_SERVICE_URL", &orders)
        .env("EVERYTHING_PUBLIC_URL", &front.url);
    let order = service(plan, Peer::OrderService, ports.order_admin)?
        .env("EVERYTHING_GRPC_LISTEN", local(ports.order_grpc))
        .env("EVERYTHING_DATABASE_URL", postgres::service_url(plan, "order_db")?)
        .env("EVERYTHING_KAFKA_BROKERS", kafka::brokers(plan))
        .env("EVERYTHING_TEMPORAL_URL", temporal::url(plan))
        .env("EVERYTHING_TEMPORAL_NAMESPACE", temporal::NAMESPACE)
        .env("EVERYTHING_CUSTOMER_SERVICE_URL", &customers);
    let state = plan.data.file("server");
    private_folder(&state, None)?;
    let server = service(plan, Peer::Server, ports.server_admin)?
        .env("EVERYTHING_HTTP_LISTEN", format!("{}:{}", front.listen, front.port))
        .env("EVERYTHING_PUBLIC_URL", &front.url)
        .env("EVERYTHING_VALKEY_URL", valkey::service_url(plan, "server"))
        .env("EVERYTHING_STATE_DIR", state)
        .env("EVERYTHING_ORDER_SERVICE_URL", &orders)
        .env("EVERYTHING_CUSTOMER_SERVICE_URL", &customers);
    let extra = std::env::var("EVERYTHING_EXTRA_HOSTS").unwrap_or_default();
    let hosts = ["localhost", "127.0.0.1", &extra].join(",");
    let mut server = server.env("EVERYTHING_EXTRA_HOSTS", hosts.trim_end_matches(','));
    if let Some(house) = &front.house {
        let listen = format!("{}:{}", front.listen, house.https_port);
        server = server.env("EVERYTHING_HTTPS_LISTEN", listen);
        for (name, file) in house.settings() {
            server = server.env(name, file);
        }
    }

    Ok(vec![
        part(Peer::CustomerService, local(ports.customer_grpc), ports.customer_admin, customer),
        part(Peer::OrderService, local(ports.order_grpc), ports.order_admin, order),
        part(Peer::Server, front.url.clone(), ports.server_admin, server),
    ])
}

/// What all have alike. Whatever the user set of our variables is passed on
/// (waits, log filter, free bar), except where this machine decides.
fn service(plan: &Plan, peer: Peer, admin: u16) -> Result<Launch> {
    let mut launch = Launch::new(program()?, plan.data.root().to_owned());
    launch.grace = GRACE;
    launch = launch.args(["serve", peer.name()]);
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if name.starts_with(runtime::config::PREFIX) && !OURS.contains(&name) {
            launch = launch.env(name, value);
        }
    }
    Ok(launch
        // Else glibc gives each thread a heap of its own, keeps what was once in each,
        // and gives less and less back.
        .env("MALLOC_ARENA_MAX", "1")
        .env("MALLOC_TRIM_THRESHOLD_", "131072")
        .env("EVERYTHING_DRAIN_SECONDS", DRAIN_SECONDS.to_string())
        .env("EVERYTHING_ADMIN_LISTEN", format!("127.0.0.1:{admin}"))
        .env("EVERYTHING_SERVICE_KEY", plan.secrets.key(peer))
        .env("EVERYTHING_PEER_KEYS", plan.secrets.public_keys()?))
}

fn part(peer: Peer, address: String, admin: u16, launch: Launch) -> Part {
    Part {
        name: peer.name(),
        address,
        launch,
        prepare: nothing(),
        ready: Arc::new(move || Box::pin(ready(admin))),
        output: Output::Shown,
    }
}

/// The service takes work: `/readyz` on the admin port says 200.
async fn ready(admin: u16) -> Result<()> {
    let answer = ask(admin).await?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("not ready: {}", answer.lines().last().unwrap_or_default());
    }
    Ok(())
}

/// Both who check people's tokens have the keys to do it; before that a fresh
/// sign-in would be refused.
pub(crate) async fn know_people(plan: &Plan) -> Result<()> {
    #[derive(Deserialize)]
    struct Report {
        degraded: Vec<String>,
    }
    for admin in [plan.ports.order_admin, plan.ports.server_admin] {
        let answer = ask(admin).await?;
        let (_, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
        let Report { degraded } = serde_json::from_str(body).context("read /readyz")?;
        if degraded.iter().any(|part| part == "identity") {
            bail!("the keys of access tokens are not known yet");
        }
    }
    Ok(())
}

/// What `/readyz` answers, its head included.
async fn ask(admin: u16) -> Result<String> {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, admin)).await?;
        let request = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(16 * 1024).read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    tokio::time::timeout(Duration::from_secs(2), ask).await.context("no answer")?
}
