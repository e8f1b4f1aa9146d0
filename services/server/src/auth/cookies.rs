//! The cookies of the pages: access token, refresh token, the secret that forms
//! prove themselves with, and the cart. All are HttpOnly; none is readable by
//! script.
//!
//! Browsers send a host's cookies to each of its ports. So the port of the
//! public URL is part of their names: two instances on one machine do not sign
//! each other out.

use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use http::{HeaderMap, HeaderValue, header};
use runtime::PublicUrl;
use types::Timestamp;
use wire::customer::v1::TokenPair;

/// The access token.
pub const ACCESS: &str = "everything_access";
/// The refresh token.
pub const REFRESH: &str = "everything_refresh";
/// What the tokens in forms are made from.
pub const FORMS: &str = "everything_forms";
/// What somebody is about to order.
pub const CART: &str = "everything_cart";

/// Reads and writes cookies the way this gateway's public URL needs them.
#[derive(Debug, Clone)]
pub struct Cookies {
    secure: bool,
    /// "_8080", behind each name; empty where the scheme says the port.
    suffix: String,
}

/// `Set-Cookie` headers; part of a handler's answer.
#[derive(Debug, Clone, Default)]
pub struct SetCookies(Vec<HeaderValue>);

impl SetCookies {
    /// Appends them to headers.
    pub fn append_to(self, headers: &mut HeaderMap) {
        for cookie in self.0 {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

impl IntoResponseParts for SetCookies {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.append_to(response.headers_mut());
        Ok(response)
    }
}

impl Cookies {
    /// Secure exactly when browsers reach us by https.
    pub fn of(url: &PublicUrl) -> Self {
        let suffix = url.port().map(|port| format!("_{port}")).unwrap_or_default();
        Self { secure: url.is_secure(), suffix }
    }

    /// The value of a cookie in a request's headers. Empty counts as none.
    pub fn read<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, value)| {
                key.strip_prefix(name) == Some(self.suffix.as_str()) && !value.is_empty()
            })
            .map(|(_, value)| value)
    }

    /// Lax, not Strict, for the tokens: a tap on a link to an order in the family's
    /// chat must show the order, and the gateway refreshes on any request; what
    /// changes something is refused from other sites anyway (`auth::csrf`).
    fn cookie(&self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        let Self { secure, suffix } = self;
        let secure = if *secure { "; Secure" } else { "" };
        let text = format!(
            "{name}{suffix}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        );
        // Tokens are base64url and dots; anything else could not be a token.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The cookies of somebody who just signed in, or whose tokens were refreshed.
    /// The access cookie lives as long as the refresh token, so that an old one
    /// still says that somebody was here.
    pub fn signed_in(&self, pair: &TokenPair, now: Timestamp) -> SetCookies {
        let seconds = pair
            .refresh_expires_at
            .as_ref()
            .map_or(0, |at| at.seconds.saturating_sub(now.timestamp()))
            .max(0);
        SetCookies(vec![
            self.cookie(ACCESS, &pair.access_token, seconds),
            self.cookie(REFRESH, &pair.refresh_token, seconds),
        ])
    }

    /// Removes both tokens.
    pub fn signed_out(&self) -> SetCookies {
        SetCookies(vec![self.cookie(ACCESS, "", 0), self.cookie(REFRESH, "", 0)])
    }

    /// The secret of this browser's forms; kept for 30 days.
    pub fn forms(&self, secret: &str) -> SetCookies {
        SetCookies(vec![self.cookie(FORMS, secret, 30 * 24 * 3600)])
    }

    /// The cart, for a day; an empty value removes it.
    pub fn cart(&self, value: &str) -> SetCookies {
        let seconds = if value.is_empty() { 0 } else { 24 * 3600 };
        SetCookies(vec![self.cookie(CART, value, seconds)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Cookies {
        Cookies::of(&url.parse().unwrap())
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let cookies = of("https://coffee.home");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; everything_access=x.y.z"));
        headers.append(header::COOKIE, HeaderValue::from_static("everything_refresh="));
        assert_eq!(cookies.read(&headers, ACCESS), Some("x.y.z"));
        assert_eq!(cookies.read(&headers, REFRESH), None);
    }

    #[test]
    fn each_port_of_a_host_has_its_own() {
        let both = "everything_access_8080=one; everything_access_18080=two; everything_access=old";
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static(both));
        let read = |url| of(url).read(&headers, ACCESS);
        assert_eq!(read("http://localhost:8080"), Some("one"));
        assert_eq!(read("http://localhost:18080"), Some("two"));
        assert_eq!(read("http://localhost"), Some("old"));
        assert_eq!(read("http://localhost:9"), None);
    }

    #[test]
    fn cookies_are_secure_where_the_pages_are() {
        let text = |url| {
            let SetCookies(values) = of(url).forms("s");
            values[0].to_str().unwrap().to_owned()
        };
        let (tls, plain) = (text("https://coffee.home"), text("http://localhost:8080"));
        assert!(tls.starts_with("everything_forms=s; ") && tls.ends_with("SameSite=Lax; Secure"));
        assert!(plain.starts_with("everything_forms_8080=s; ") && plain.ends_with("SameSite=Lax"));
    }
}
