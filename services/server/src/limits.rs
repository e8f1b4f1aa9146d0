//! How much one member, or one address without a member, may ask for.
//!
//! Counted per minute in Valkey, so that all gateways count together; a gateway
//! takes permits from there in small lots, not one by one. While Valkey is away
//! each gateway counts alone: nobody is refused because of it.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Mutex,
    time::Duration,
};

use axum::extract::{FromRequestParts, Request};
use http::{HeaderMap, request::Parts};
use runtime::{Code, valkey::Valkey};
use types::Timestamp;

use crate::{
    App,
    auth::Identity,
    config::{Config, Network},
    metrics,
    problem::Problem,
};

/// Who is at the other end of the connection; `serve` puts it into each request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// The address that a request counts for: the connection's, or the one that a
/// configured proxy says. `X-Forwarded-For` from anybody else means nothing.
pub fn address(app: &App, request: &Request) -> IpAddr {
    let peer = request
        .extensions()
        .get::<PeerAddress>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical());
    client(peer, request.headers(), &app.config().trusted_proxies)
}

/// From the right, as each proxy appended whom it heard it from: one's own
/// proxies, and then the address that the outermost of them saw. What stands
/// left of that, or of something that is no address, anybody can have written.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    let mut address = peer;
    for hop in hops {
        if !trusted(address) {
            break;
        }
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        address = hop.to_canonical();
    }
    address
}

/// Both limits.
#[derive(Debug)]
pub struct Limits {
    requests: Limit,
    sign_ins: Limit,
}

impl Limits {
    /// Counts in Valkey where there is one.
    pub fn new(config: &Config, valkey: Option<Valkey>) -> Self {
        let limit =
            |kind, most| Limit { kind, most, valkey: valkey.clone(), lots: Mutex::default() };
        Self {
            requests: limit("requests", config.requests_per_minute),
            sign_ins: limit("sign-ins", config.sign_ins_per_minute),
        }
    }

    /// One more request of a member, or of an address.
    pub async fn request(
        &self,
        who: &Identity,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let key = match who {
            Identity::Somebody(viewer) => viewer.member.to_string(),
            Identity::Device(paired) => paired.device.to_string(),
            Identity::Nobody | Identity::Refused(_) => network(address),
        };
        self.requests.take(key, now).await
    }

    /// One more try of an address to sign in or to refresh.
    pub async fn sign_in(&self, address: IpAddr, now: Timestamp) -> Result<(), Problem> {
        self.sign_ins.take(network(address), now).await
    }
}

/// Whom a request counts for where nobody is signed in: an address, or a network.
#[derive(Debug, Clone)]
pub struct Household(pub(crate) std::sync::Arc<str>);

impl Household {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(network(address).into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Household {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::new(Code::Internal))
    }
}

/// An IPv6 household has a whole /64.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[derive(Debug)]
struct Limit {
    kind: &'static str,
    most: u32,
    valkey: Option<Valkey>,
    lots: Mutex<HashMap<String, Lot>>,
}

/// Permits that this gateway holds for somebody in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lot {
    minute: i64,
    /// Still to be given out.
    left: u32,
    /// Taken from the whole so far, by this gateway.
    taken: u32,
    /// There are no more in this minute.
    over: bool,
}

/// Keys remembered at once: beyond, whoever is new is not counted here.
const MOST_KEYS: usize = 50_000;
const WINDOW_SECONDS: i64 = 60;

impl Limit {
    async fn take(&self, key: String, now: Timestamp) -> Result<(), Problem> {
        let minute = now.timestamp() / WINDOW_SECONDS;
        match self.spend(&key, minute) {
            Some(true) => return Ok(()),
            Some(false) => return Err(self.refuse(now)),
            None => {}
        }
        let lot = (self.most / 20).clamp(1, 100);
        let granted = self.grant(&key, minute, lot).await;
        if self.put(key, minute, granted, lot) { Ok(()) } else { Err(self.refuse(now)) }
    }

    /// One permit of the lot at hand: had, or not to be had in this minute.
    /// `None`: a new lot is needed.
    fn spend(&self, key: &str, minute: i64) -> Option<bool> {
        let mut lots = self.lots.lock().unwrap_or_else(|poison| poison.into_inner());
        let lot = lots.get_mut(key).filter(|lot| lot.minute == minute)?;
        if lot.left > 0 {
            lot.left -= 1;
            Some(true)
        } else if lot.over {
            Some(false)
        } else {
            None
        }
    }

    /// How many permits of a lot are really there; `None`: nobody to ask.
    async fn grant(&self, key: &str, minute: i64, lot: u32) -> Option<u32> {
        let valkey = self.valkey.as_ref()?;
        let key = format!("server:limit:{}:{key}:{minute}", self.kind);
        let mut script = redis::cmd("EVAL");
        script
            .arg("local n = redis.call('INCRBY', KEYS[1], ARGV[1]) if n == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end return n")
            .arg(1)
            .arg(key)
            .arg(lot)
            .arg(2 * WINDOW_SECONDS);
        let taken: i64 = valkey.ask("take permits", &script).await.ok()?;
        let over = (taken - i64::from(self.most)).clamp(0, i64::from(lot));
        Some(lot - u32::try_from(over).unwrap_or(lot))
    }

    /// Adds a granted lot and takes one permit of it; false: there was none.
    fn put(&self, key: String, minute: i64, granted: Option<u32>, asked: u32) -> bool {
        let mut lots = self.lots.lock().unwrap_or_else(|poison| poison.into_inner());
        if lots.len() >= MOST_KEYS {
            lots.retain(|_, lot| lot.minute == minute);
            if lots.len() >= MOST_KEYS {
                return true;
            }
        }
        let fresh = Lot { minute, left: 0, taken: 0, over: false };
        let lot = lots.entry(key).or_insert(fresh);
        if lot.minute != minute {
            *lot = fresh;
        }
        // Alone, the rest of the whole is what is left.
        let granted = granted.unwrap_or_else(|| asked.min(self.most.saturating_sub(lot.taken)));
        lot.taken += granted;
        lot.left += granted;
        lot.over = granted < asked;
        if lot.left == 0 {
            return false;
        }
        lot.left -= 1;
        true
    }

    fn refuse(&self, now: Timestamp) -> Problem {
        metrics::limited(self.kind);
        let wait = WINDOW_SECONDS - now.timestamp() % WINDOW_SECONDS;
        Problem::new(Code::TooManyRequests)
            .detail(format!("At most {} {} in a minute.", self.most, self.kind))
            .retry_after(Duration::from_secs(wait.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(most: u32) -> Limit {
        Limit { kind: "requests", most, valkey: None, lots: Mutex::default() }
    }

    #[tokio::test]
    async fn without_valkey_a_gateway_counts_alone_and_forgets_after_a_minute() {
        let limit = alone(30);
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for turn in 0..30 {
            assert!(limit.take("somebody".into(), now).await.is_ok(), "{turn}");
        }
        let refused = limit.take("somebody".into(), now).await.unwrap_err();
        assert_eq!(refused.status(), http::StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.retry_after_seconds().is_some_and(|seconds| (1..=60).contains(&seconds)));
        assert!(limit.take("another".into(), now).await.is_ok());
        let later = now + chrono::TimeDelta::seconds(60);
        assert!(limit.take("somebody".into(), later).await.is_ok());
    }

    #[test]
    fn the_client_is_whom_the_outermost_trusted_proxy_saw() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let client = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            client(peer.parse().unwrap(), &headers, &proxies).to_string()
        };
        for (peer, lines, seen) in [
            ("10.0.0.1", &["192.0.2.7"][..], "192.0.2.7"),
            ("10.0.0.1", &["198.51.100.1, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            ("10.0.0.1", &["198.51.100.1", "192.0.2.7", "10.0.0.2"], "192.0.2.7"),
            // What the client itself wrote, right or wrong, changes nothing.
            ("10.0.0.1", &["unknown, nonsense", "192.0.2.7"], "192.0.2.7"),
            ("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["192.0.2.7, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["::ffff:192.0.2.7"], "192.0.2.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("192.0.2.9", &["192.0.2.7"], "192.0.2.9"),
        ] {
            assert_eq!(client(peer, lines), seen, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_household_counts_as_one() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }
}
