//! HTTPS of the gateway's own, asked by a real client, and the plain door beside it.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU32, atomic::Ordering},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use server::config::Https;
use sha2::Digest;
use tokio::{io::AsyncReadExt, net::TcpStream};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion, crypto,
        pki_types::{CertificateDer, ServerName},
        version,
    },
};

use crate::{
    http_client::{Answer, Call},
    world::World,
};

const NAME: &str = "coffee.local";
const HTML: &str = "text/html";

/// An authority, with the files that the gateway reads; they go with it.
struct House {
    folder: PathBuf,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl House {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("everything-tls-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let house = Self { folder, authority: CertifiedIssuer::self_signed(params, key).unwrap() };
        std::fs::write(house.file("authority.pem"), house.authority.pem()).unwrap();
        house.renew(NAME);
        house
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts a new certificate into the place of the one before; returns it.
    fn renew(&self, name: &str) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let names = [name.to_owned(), "192.168.1.20".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let made = params.signed_by(&key, &self.authority).unwrap();
        self.replace(&(key.serialize_pem() + &made.pem()));
        made.der().clone()
    }

    /// At once, as whoever renews does it.
    fn replace(&self, pem: &str) {
        std::fs::write(self.file("next.pem"), pem).unwrap();
        std::fs::rename(self.file("next.pem"), self.file("server.pem")).unwrap();
    }

    async fn open(&self) -> World {
        self.open_at("https://coffee.local:8443", Some("authority.pem")).await
    }

    async fn open_at(&self, url: &str, authority: Option<&str>) -> World {
        World::with(|config| {
            config.public_url = url.parse().unwrap();
            config.extra_hosts = vec!["192.168.1.20".to_owned()];
            config.https = Https {
                listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
                cert: Some(self.file("server.pem")),
                key: Some(self.file("server.pem")),
                authority: authority.map(|name| self.file(name)),
                check: Duration::from_millis(20),
            };
        })
        .await
    }

    /// A connection of somebody who trusts this house and nobody else.
    async fn connect(&self, world: &World, name: &'static str) -> std::io::Result<Tls> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        connect(world, name, roots, &version::TLS13).await
    }

    async fn get(&self, world: &World, path: &str) -> Answer {
        let stream = self.connect(world, NAME).await.unwrap();
        get(stream, path).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

type Tls = TlsStream<TcpStream>;

async fn connect(
    world: &World,
    name: &'static str,
    roots: RootCertStore,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<Tls> {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(world.https.unwrap()).await?;
    let name = ServerName::try_from(name).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn get(stream: Tls, path: &str) -> Answer {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let request = http::Request::get(path)
        .header("host", "coffee.local:8443")
        .header("accept", HTML)
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let answer = async {
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    };
    // The connection is driven as long as somebody waits for the answer.
    tokio::select! {
        answer = answer => answer,
        ended = connection => panic!("the connection ended: {ended:?}"),
    }
}

fn at(world: &World, path: &str, host: &str) -> Call {
    world.get(path).header("host", host).header("accept", HTML)
}

#[tokio::test]
async fn who_trusts_the_house_gets_the_pages_over_https_with_secure_cookies() {
    let house = House::new();
    let world = house.open().await;
    for version in [&version::TLS12, &version::TLS13] {
        let mut roots = RootCertStore::empty();
        roots.add(house.authority.der().clone()).unwrap();
        let stream = connect(&world, NAME, roots, version).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let page = get(stream, "/sign-in/the-secret").await;
        assert_eq!(page.status, 200);
        assert!(page.cookies()[0].ends_with("; Secure"), "{:?}", page.cookies());
        assert!(!page.text().contains("plain HTTP"), "nothing is withheld");
        assert_eq!(page.header("strict-transport-security"), "", "an authority may be taken off");
    }
    let by_number = house.connect(&world, "192.168.1.20").await;
    assert!(by_number.is_ok(), "the address is a way in where the name is not found");
}

#[tokio::test]
async fn nobody_else_believes_it_and_it_is_for_no_other_name() {
    let house = House::new();
    let world = house.open().await;
    let mut roots = RootCertStore::empty();
    roots.add(House::new().authority.der().clone()).unwrap();
    let stranger = connect(&world, NAME, roots, &version::TLS13).await.unwrap_err();
    assert!(stranger.to_string().contains("invalid peer certificate"), "{stranger}");
    let other = house.connect(&world, "tea.local").await.unwrap_err();
    assert!(other.to_string().contains("not valid for name"), "{other}");
}

#[tokio::test]
async fn a_renewed_certificate_counts_at_once_and_one_that_is_no_good_does_not() {
    let house = House::new();
    let world = house.open().await;
    let shown = async || {
        let stream = house.connect(&world, NAME).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let degraded = |world: &World| world.gateway.health.report().degraded.contains(&"certificate");
    let until = async |wanted: CertificateDer<'static>| {
        let end = Instant::now() + Duration::from_secs(10);
        while shown().await != wanted {
            assert!(Instant::now() < end, "the new certificate is never shown");
        }
    };
    until(house.renew(NAME)).await;
    assert!(!degraded(&world));

    let well = async || world.until("all is well", |world| !degraded(world)).await;
    let good = shown().await;
    house.replace("-----BEGIN CERTIFICATE-----\nhalf of it");
    world.until("half a file is told", degraded).await;
    assert_eq!(shown().await, good);
    let good = house.renew(NAME);
    until(good.clone()).await;
    well().await;
    house.renew("tea.local");
    world.until("another name is told", degraded).await;
    assert_eq!(shown().await, good, "it would be no use");
    until(house.renew(NAME)).await;
    well().await;
}

#[tokio::test]
async fn the_plain_door_leads_to_https_and_serves_nothing_else() {
    let house = House::new();
    let world = house.open().await;
    let leads = async |call: Call, to: &str| {
        let answer = call.send().await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (307, to), "{answer:?}");
        assert_eq!(answer.cookies(), Vec::<&str>::new());
        assert_eq!(answer.header("cache-control"), "no-store", "the port may serve pages again");
    };
    let page = |path, host| at(&world, path, host);
    leads(
        page("/menu/latte?size=large", "coffee.local:8080"),
        "https://coffee.local:8443/menu/latte?size=large",
    )
    .await;
    leads(page("/", "192.168.1.20:8080"), "https://192.168.1.20:8443/").await;
    leads(page("/", "127.0.0.1"), "https://coffee.local:8443/").await;
    leads(page("//evil.example/", "coffee.local"), "https://coffee.local:8443//evil.example/")
        .await;
    leads(
        world.post("/sign-in/a").header("host", "coffee.local").form("csrf=x"),
        "https://coffee.local:8443/sign-in/a",
    )
    .await;
    let token =
        world.get("/v1/menu").header("host", "coffee.local").refused(403, "forbidden").await;
    assert!(token["detail"].as_str().unwrap().contains("https://coffee.local:8443"), "{token}");
    world.get("/").header("host", "evil.example").refused(421, "unknown-host").await;
}

#[tokio::test]
async fn a_phone_that_does_not_trust_yet_finds_out_how_and_what() {
    let house = House::new();
    let world = house.open().await;
    let der = house.authority.der().to_vec();
    let page = at(&world, "/trust", "coffee.local:8080").send().await;
    assert_eq!(page.status, 200);
    let fingerprint = sha2::Sha256::digest(&der);
    let pairs: Vec<String> = fingerprint.iter().map(|byte| format!("{byte:02X}")).collect();
    for part in [&*pairs.join(" "), "everything.mobileconfig", "everything.crt", "<svg", NAME] {
        assert!(page.text().contains(part), "{part} is missing");
    }
    assert!(!page.text().contains("This came over HTTPS"));
    let again = house.get(&world, "/trust").await.text();
    assert!(again.contains("This came over HTTPS"), "{again}");

    let certificate = at(&world, "/trust/everything.crt", "coffee.local").send().await;
    assert_eq!(certificate.header("content-type"), "application/x-x509-ca-cert");
    assert_eq!(
        certificate.header("content-disposition"),
        "attachment; filename=\"coffee.local.crt\""
    );
    assert_eq!(certificate.body, der);
    let profile = at(&world, "/trust/everything.mobileconfig", "coffee.local").send().await;
    assert_eq!(profile.header("content-type"), "application/x-apple-aspen-config");
    let text = profile.text();
    let (_, data) = text.split_once("<data>").unwrap();
    let data = data.split("</data>").next().unwrap();
    assert_eq!(BASE64_STANDARD.decode(data).unwrap(), der);
    assert_eq!(text.matches("<string>com.apple.security.root</string>").count(), 1);
    let same = at(&world, "/trust/everything.mobileconfig", "coffee.local").send().await;
    assert_eq!(same.body, profile.body, "installed again it replaces itself");
}

#[tokio::test]
async fn with_a_certificate_that_phones_know_there_is_nothing_to_install() {
    let house = House::new();
    let world = house.open_at("https://coffee.local", None).await;
    let page = house.get(&world, "/trust").await;
    assert!(page.text().contains("Nothing to install"), "{}", page.text());
    assert!(page.header("strict-transport-security").starts_with("max-age="));
    let plain = at(&world, "/trust", "coffee.local").send().await;
    assert!(plain.text().contains("Nothing to install"));
    assert_eq!(plain.header("strict-transport-security"), "", "it means nothing there");
    let elsewhere = house.open_at("https://coffee.local:8443", None).await;
    let page = house.get(&elsewhere, "/trust").await;
    assert_eq!(page.header("strict-transport-security"), "", "a name has other ports too");
}

#[tokio::test]
async fn a_handshake_that_never_comes_is_ended_and_holds_up_nobody() {
    let house = House::new();
    let world = house.open().await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(world.https.unwrap()).await.unwrap();
    assert_eq!(house.get(&world, "/trust").await.status, 200);
    let ended = tokio::time::timeout(Duration::from_secs(20), silent.read(&mut [0; 16])).await;
    assert_eq!(ended.expect("it is never ended").unwrap(), 0);
    assert!(began.elapsed() >= Duration::from_secs(9), "a slow phone has its time");
}

#[tokio::test]
async fn without_https_the_pages_say_what_is_off_and_where_to_turn() {
    let world = World::with(|config| config.extra_hosts = vec![NAME.to_owned()]).await;
    let off = "Over plain HTTP";
    for path in ["/sign-in", "/sign-in/the-secret"] {
        let page = at(&world, path, NAME).send().await.text();
        assert!(page.contains(off) && page.contains("href=\"/trust\""), "{page}");
        let here = at(&world, path, "localhost:8080").send().await.text();
        assert!(!here.contains(off), "nothing is withheld on this machine");
    }
    assert!(at(&world, "/trust", NAME).send().await.text().contains("Without HTTPS"));
    let here = at(&world, "/trust", "localhost").send().await.text();
    assert!(here.contains("Nothing to install here"));
    let none = at(&world, "/trust/everything.crt", NAME).send().await;
    assert_eq!(none.status, 404);
}
