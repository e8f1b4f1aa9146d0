//! Refuses a `Host` that is not ours: a page of another name that resolves to
//! this address (DNS rebinding) must not reach the API. The address itself, as
//! the number that the connection came to, is no name and cannot be rebound.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::header;
use runtime::Code;

use crate::{App, config::Config, problem::Problem};

/// The address at which a connection arrived; `serve` puts it into each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnAddress(pub(crate) SocketAddr);

/// The host names that requests may be for; lower case, without port.
#[derive(Debug, Clone)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The public URL's host, the loopback names, and what is configured further.
    pub fn of(config: &Config) -> Self {
        let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into();
        hosts.push(config.public_url.host().to_owned());
        hosts.extend(config.extra_hosts.iter().map(|host| host.trim().to_ascii_lowercase()));
        Self(hosts)
    }

    /// Whether a `Host` header's value, with or without port, is one of them.
    pub fn allow(&self, host: &str) -> bool {
        let name = name_of(host).to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        self.0.iter().any(|allowed| allowed == name)
    }
}

/// A host without its port; an IPv6 address keeps its brackets.
pub(crate) fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && !name.ends_with(':')
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// A host's name as an address, if it is one.
fn address_of(name: &str) -> Option<IpAddr> {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

/// Whether a host's name is an address that only means the machine itself.
pub(crate) fn is_loopback(name: &str) -> bool {
    address_of(name).is_some_and(|address| address.is_loopback())
}

fn is_own_address(host: &str, request: &Request) -> bool {
    let own = request.extensions().get::<OwnAddress>().map(|own| own.0.ip().to_canonical());
    own.is_some() && own == address_of(name_of(host))
}

/// Answers 421 to an unknown host and 400 to none, or to several.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut values = request.headers().get_all(header::HOST).iter();
    let host = match (values.next(), values.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => request.uri().authority().map(|authority| authority.as_str()),
        (Some(_), Some(_)) => None,
    };
    let Some(host) = host else {
        return Problem::invalid("header:Host", "missing", "exactly one is needed").into_response();
    };
    if !app.hosts().allow(host) && !is_own_address(host, &request) {
        return Problem::new(Code::UnknownHost)
            .detail("This server does not answer for that host name.")
            .into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_a_connection_came_to_is_ours_and_no_other() {
        let mut request = Request::new(axum::body::Body::empty());
        assert!(!is_own_address("192.168.1.20", &request), "nothing is known");
        request.extensions_mut().insert(OwnAddress(([192, 168, 1, 20], 8080).into()));
        for ours in ["192.168.1.20", "192.168.1.20:8080", "192.168.1.20:1"] {
            assert!(is_own_address(ours, &request), "{ours}");
        }
        for theirs in ["192.168.1.21", "192.168.1.20.evil.example", "[::1]", "192.168.1.20 "] {
            assert!(!is_own_address(theirs, &request), "{theirs}");
        }
        let mapped = "[::ffff:192.168.1.20]:8443".parse().unwrap();
        request.extensions_mut().insert(OwnAddress(mapped));
        assert!(is_own_address("192.168.1.20:8443", &request));
    }

    #[test]
    fn only_our_own_names_are_allowed() {
        let hosts = Hosts(vec!["localhost".into(), "[::1]".into(), "coffee.home".into()]);
        for ours in ["localhost", "LOCALHOST:8080", "[::1]:8080", "[::1]", "coffee.home."] {
            assert!(hosts.allow(ours), "{ours}");
        }
        for theirs in
            ["", "evil.example", "localhost.evil.example", "localhost@evil", "::1", "localhost:x"]
        {
            assert!(!hosts.allow(theirs), "{theirs}");
        }
    }
}
