//! The ports on loopback: chosen once, kept in the data folder, and named with
//! their holder when somebody else has taken one.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
};

use anyhow::{Context, Result, bail};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::{data::Data, screen::Screen};

/// Below the range from which systems deal ports to outgoing connections, so
/// that no such connection happens to sit on one of ours at the next start.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Every port but the pages' own, which is an option.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ports {
    pub(crate) postgres: u16,
    pub(crate) valkey: u16,
    pub(crate) kafka: u16,
    pub(crate) kafka_controller: u16,
    pub(crate) temporal: u16,
    pub(crate) temporal_ui: u16,
    pub(crate) order_grpc: u16,
    pub(crate) order_admin: u16,
    pub(crate) customer_grpc: u16,
    pub(crate) customer_admin: u16,
    pub(crate) server_admin: u16,
}

const NAMES: [&str; 11] = [
    "postgres",
    "valkey",
    "kafka",
    "kafka_controller",
    "temporal",
    "temporal_ui",
    "order_grpc",
    "order_admin",
    "customer_grpc",
    "customer_admin",
    "server_admin",
];

impl Ports {
    /// The kept ports; one that is taken, be it by the pages, is replaced, and
    /// the screen says so.
    pub(crate) fn keep_or_choose(data: &Data, pages: &[u16], screen: &Screen) -> Result<Self> {
        let path = data.file("ports.json");
        let kept: BTreeMap<String, u16> = std::fs::read(&path)
            .ok()
            .and_then(|it| serde_json::from_slice(&it).ok())
            .unwrap_or_default();
        let mut ports = BTreeMap::new();
        let mut used: BTreeSet<u16> = kept.values().chain(pages).copied().collect();
        for name in NAMES {
            let port = match kept.get(name) {
                Some(port) if !pages.contains(port) && is_free(LOOPBACK, *port) => *port,
                taken => {
                    let fresh = choose(&mut used)?;
                    if let Some(port) = taken {
                        let holder = match pages.contains(port) {
                            true => "the pages".to_owned(),
                            false => holder(*port),
                        };
                        screen.line(
                            name,
                            &format!("port {port} is taken by {holder}; using {fresh}"),
                        );
                    }
                    fresh
                }
            };
            ports.insert(name.to_owned(), port);
        }
        let bytes = serde_json::to_vec_pretty(&ports)?;
        crate::paths::write_private(&path, &bytes)?;
        serde_json::from_slice(&bytes).context("read the ports back")
    }
}

fn choose(used: &mut BTreeSet<u16>) -> Result<u16> {
    let mut random = rand::rng();
    for _ in 0..1000 {
        let port = random.random_range(RANGE);
        if !used.contains(&port) && is_free(LOOPBACK, port) {
            used.insert(port);
            return Ok(port);
        }
    }
    bail!("no free port found between {} and {}", RANGE.start, RANGE.end)
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Whether a server could listen there, and `localhost` leads to nobody else.
fn is_free(address: IpAddr, port: u16) -> bool {
    let in_use = |result: std::io::Result<TcpListener>| {
        result.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
    };
    [address, LOOPBACK].iter().all(|it| TcpListener::bind((*it, port)).is_ok())
        && !in_use(TcpListener::bind((Ipv6Addr::LOCALHOST, port)))
}

/// The same of HTTPS, which has a port of its own.
pub(crate) fn check_https_port(address: IpAddr, port: u16) -> Result<()> {
    if is_free(address, port) {
        return Ok(());
    }
    if port < 1024 && !nix::unistd::Uid::effective().is_root() {
        bail!("port {port} is for root alone; choose one above 1023 with --https-port");
    }
    bail!(
        "port {port}, where HTTPS should be, is taken by {}.\n  Stop that, or choose another port \
         with --https-port",
        holder(port)
    )
}

/// Refuses a pages port that is taken where they would listen, saying by whom
/// and what to do.
pub(crate) fn check_pages_port(address: IpAddr, port: u16) -> Result<()> {
    if is_free(address, port) {
        return Ok(());
    }
    if port < 1024 && !nix::unistd::Uid::effective().is_root() {
        bail!("port {port} is for root alone; choose one above 1023 with --port");
    }
    bail!(
        "port {port}, where the pages should be, is taken by {}.\n  Stop that, or choose another \
         port:  everything --port {}",
        holder(port),
        (port.saturating_add(1)..u16::MAX).find(|other| is_free(address, *other)).unwrap_or(8081)
    )
}

/// Who listens on a port, as well as we may know.
pub(crate) fn holder(port: u16) -> String {
    let found = if cfg!(target_os = "linux") { holder_in_proc(port) } else { holder_by_lsof(port) };
    found.unwrap_or_else(|| "a program of another user (its name is not ours to see)".to_owned())
}

fn holder_in_proc(port: u16) -> Option<String> {
    let mut inodes = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Ok(text) = std::fs::read_to_string(table) else { continue };
        for line in text.lines().skip(1) {
            // sl local remote state … inode is the tenth; 0A is LISTEN.
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, "0A", _, _, _, _, _, inode, ..] = fields[..] else { continue };
            let listens = local.rsplit(':').next().and_then(|it| u16::from_str_radix(it, 16).ok());
            if listens == Some(port) {
                inodes.insert(format!("socket:[{inode}]"));
            }
        }
    }
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let holds = files.flatten().any(|file| {
            std::fs::read_link(file.path())
                .is_ok_and(|target| target.to_str().is_some_and(|it| inodes.contains(it)))
        });
        if holds {
            let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let short: String = command.trim().chars().take(100).collect();
            return Some(format!("process {pid} ({short})"));
        }
    }
    None
}

fn holder_by_lsof(port: u16) -> Option<String> {
    let output = std::process::Command::new("lsof")
        .args(["-nP", "-sTCP:LISTEN", "-Fpc", &format!("-iTCP:{port}")])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |letter: char| text.lines().find_map(|line| line.strip_prefix(letter));
    Some(format!("process {} ({})", field('p')?, field('c')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_its_holder() {
        let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = check_pages_port(LOOPBACK, port).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.contains("--port"), "{error}");
        drop(listener);
        check_pages_port(LOOPBACK, port).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")] // elsewhere loopback has one address
    fn for_the_house_a_port_must_be_free_on_every_address() {
        let listener = TcpListener::bind(("127.0.0.2", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        check_pages_port(LOOPBACK, port).unwrap();
        assert!(check_pages_port(Ipv4Addr::UNSPECIFIED.into(), port).is_err());
    }

    #[tokio::test]
    async fn the_pages_port_is_nobody_elses() {
        let folder = std::env::temp_dir().join(format!("everything-ports-{}", std::process::id()));
        let (data, held) = crate::data::take(&folder).unwrap();
        let screen = Screen::new();
        let first = Ports::keep_or_choose(&data, &[], &screen).unwrap();
        let second = Ports::keep_or_choose(&data, &[first.kafka], &screen).unwrap();
        assert_ne!(second.kafka, first.kafka);
        assert_eq!(second.postgres, first.postgres);
        drop(held);
        assert_eq!(data.delete().unwrap(), Vec::<String>::new());
    }
}
