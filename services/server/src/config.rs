//! What the gateway is told by its environment.

use std::{net::IpAddr, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::Args;
use runtime::PublicUrl;
use secrecy::SecretString;

/// The gateway's settings. Durations are seconds where the name says so.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Config {
    /// What every service has.
    #[command(flatten)]
    pub runtime: runtime::Config,

    /// Where pages and API are served
    #[arg(long, env = "EVERYTHING_HTTP_LISTEN", default_value = "127.0.0.1:8080")]
    pub http_listen: std::net::SocketAddr,

    /// HTTPS of the gateway's own.
    #[command(flatten)]
    pub https: Https,

    /// The address people type, with scheme; cookies are Secure when it is https
    #[arg(long, env = "EVERYTHING_PUBLIC_URL", default_value = "http://localhost:8080")]
    pub public_url: PublicUrl,

    /// Further host names the pages may be asked for by, separated by commas
    #[arg(long, env = "EVERYTHING_EXTRA_HOSTS", value_delimiter = ',')]
    pub extra_hosts: Vec<String>,

    /// Proxies whose X-Forwarded-For counts: addresses or networks ("10.42.0.0/16"), by commas
    #[arg(long, env = "EVERYTHING_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,

    /// order-service
    #[arg(long, env = "EVERYTHING_ORDER_SERVICE_URL", default_value = "http://127.0.0.1:50051")]
    pub order_service_url: String,

    /// customer-service
    #[arg(long, env = "EVERYTHING_CUSTOMER_SERVICE_URL", default_value = "http://127.0.0.1:50052")]
    pub customer_service_url: String,

    /// Valkey for the shared rate limits; without it each gateway counts alone
    #[arg(long, env = "EVERYTHING_VALKEY_URL", hide_env_values = true)]
    pub valkey_url: Option<SecretString>,

    /// Folder in which the last public keys are kept, so that the gateway starts without
    /// customer-service
    #[arg(long, env = "EVERYTHING_STATE_DIR")]
    pub state_dir: Option<PathBuf>,

    /// Zone in which pages print the time
    #[arg(long, env = "EVERYTHING_TIME_ZONE", default_value = "Europe/Berlin")]
    pub time_zone: chrono_tz::Tz,

    /// Requests that one member, or one address without a member, may make in a minute
    #[arg(long, env = "EVERYTHING_REQUESTS_PER_MINUTE", default_value_t = 12_000)]
    pub requests_per_minute: u32,

    /// Sign-ins and refreshes that one address may try in a minute
    #[arg(long, env = "EVERYTHING_SIGN_INS_PER_MINUTE", default_value_t = 120)]
    pub sign_ins_per_minute: u32,

    /// Connections open at once
    #[arg(long, env = "EVERYTHING_CONNECTIONS", default_value_t = 2_048)]
    pub connections: u32,

    /// Live streams that one member may hold open at once
    #[arg(long, env = "EVERYTHING_STREAMS_PER_MEMBER", default_value_t = 64)]
    pub streams_per_member: u32,

    /// Recent events kept for those who resume a live stream
    #[arg(long, env = "EVERYTHING_LIVE_RING", default_value_t = 2_048)]
    pub live_ring: usize,

    /// How long a barista who does nothing stays signed in at the counter's tablet, in seconds
    #[arg(long, env = "EVERYTHING_COUNTER_IDLE_SECONDS", default_value = "300",
        value_parser = seconds)]
    pub counter_idle: Duration,

    /// How long somebody who does nothing stays signed in at a kiosk, in seconds
    #[arg(long, env = "EVERYTHING_KIOSK_IDLE_SECONDS", default_value = "60",
        value_parser = seconds)]
    pub kiosk_idle: Duration,

    /// Longest time that a request may take, in seconds
    #[arg(long, env = "EVERYTHING_REQUEST_SECONDS", default_value = "10", value_parser = seconds)]
    pub request_deadline: Duration,

    /// Between heartbeats of a live stream, in seconds
    #[arg(long, env = "EVERYTHING_HEARTBEAT_SECONDS", default_value = "15", value_parser = seconds)]
    pub heartbeat: Duration,
}

/// HTTPS of the gateway's own; without it whatever stands in front may speak TLS.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Https {
    /// Where HTTPS is served; plain HTTP then has `/trust` and leads here
    #[arg(long = "https-listen", env = "EVERYTHING_HTTPS_LISTEN")]
    pub listen: Option<SocketAddr>,

    /// File with the certificate and its chain (PEM), read again when it changes
    #[arg(long = "tls-cert", env = "EVERYTHING_TLS_CERT", value_name = "FILE")]
    pub cert: Option<PathBuf>,

    /// File with the certificate's key (PEM); may be the same
    #[arg(long = "tls-key", env = "EVERYTHING_TLS_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// File with the certificate (PEM) of the house's own authority, for `/trust`
    #[arg(long = "tls-authority", env = "EVERYTHING_TLS_AUTHORITY", value_name = "FILE")]
    pub authority: Option<PathBuf>,

    /// Between looks at the certificate's files, in seconds
    #[arg(long = "tls-check-seconds", env = "EVERYTHING_TLS_CHECK_SECONDS", default_value = "5",
        value_parser = seconds)]
    pub check: Duration,
}

impl Default for Https {
    fn default() -> Self {
        let check = Duration::from_secs(5);
        Self { listen: None, cert: None, key: None, authority: None, check }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "must be more than 0 seconds".to_owned())
}

/// An address or a network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr =
            address.parse().map_err(|_| format!("not an address or network: {text}"))?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or_else(|| format!("not a network: {text}"))?,
        };
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let home: Network = "192.168.0.0/16".parse().unwrap();
        assert!(home.contains("192.168.7.1".parse().unwrap()));
        assert!(home.contains("::ffff:192.168.7.1".parse().unwrap()));
        assert!(!home.contains("192.169.0.1".parse().unwrap()));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
        let one: Network = "::1".parse().unwrap();
        assert!(one.contains("::1".parse().unwrap()) && !one.contains("::2".parse().unwrap()));
        for wrong in ["10.0.0.0/33", "coffee", "10.0.0.0/x", "::/129"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
