//! Whether a browser keeps things back. Service workers (so the app on the home
//! screen), passkeys and pushes are given to "secure contexts" only: HTTPS, and
//! this machine itself (w3.org/TR/secure-contexts, 3.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use crate::{App, host};

/// Whether this request's page is in no secure context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Withheld(pub(crate) bool);

impl FromRequestParts<App> for Withheld {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let secure = app.config().public_url.is_secure() || is_this_machine(&parts.headers);
        Ok(Self(!secure))
    }
}

/// Whether a browser asks for this machine by a name that only means itself.
pub(crate) fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host::name_of(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || host::is_loopback(&name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_this_machine_itself_is_secure_without_https() {
        let local = |host: &'static str| {
            let headers = [(header::HOST, HeaderValue::from_static(host))];
            is_this_machine(&headers.into_iter().collect())
        };
        for host in ["localhost:8080", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080", "a.localhost"] {
            assert!(local(host), "{host}");
        }
        for host in ["coffee.local", "192.168.1.20:8080", "localhost.example", "[fe80::1]", ""] {
            assert!(!local(host), "{host}");
        }
    }
}
