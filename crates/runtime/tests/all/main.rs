//! The runtime as services use it: over real sockets, and the real engines
//! where it talks to them (`cargo xtask test`).

#![expect(clippy::unwrap_used, reason = "tests")]

mod calls;
mod engines;
mod fuzz;
mod identity;
mod leaving;
mod sink;
mod stand_in;
mod way;

use std::{net::SocketAddr, time::Duration};

use runtime::{
    Config, Peer, Runtime,
    grpc::Channel,
    tokens::{Credentials, PeerKeys},
};

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everybody's seed, and everybody's public keys.
const fn seed(peer: Peer) -> [u8; 32] {
    [peer as u8 + 1; 32]
}

fn keys() -> PeerKeys {
    PeerKeys::new(
        Peer::ALL
            .map(|peer| (peer, Credentials::new(peer, seed(peer)).unwrap().public_key().unwrap())),
    )
}

fn config(peer: Peer) -> Config {
    Config::for_test(&seed(peer), &keys())
}

/// A service's runtime; spans go to the sink.
fn start(peer: Peer) -> Runtime {
    sink::install();
    runtime::start(peer, &config(peer)).unwrap()
}

async fn leave(runtime: Runtime) {
    runtime.shutdown.request();
    runtime.finish().await.unwrap();
}

fn channel(address: SocketAddr, to: Peer, runtime: &Runtime) -> Channel {
    runtime::grpc::channel(&format!("http://{address}"), to, runtime).unwrap()
}

/// What the admin listener answers: status and body.
async fn admin(runtime: &Runtime, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(runtime.admin_address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// Waits for a condition that somebody else's work makes true.
async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}
