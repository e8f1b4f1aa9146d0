//! The cookies of the pages: access token, refresh token (a paired device has its
//! own below a person's), the secret that forms prove themselves with, and the cart. All are HttpOnly; none is readable by
//! script.
//!
//! Browsers send a host's cookies to each of its ports. So the port of the
//! public URL is part of their names: two instances on one machine do not sign
//! each other out.

use std::{convert::Infallible, time::Duration};

use axum::response::{IntoResponseParts, ResponseParts};
use http::{HeaderMap, HeaderValue, header};
use runtime::PublicUrl;
use types::Timestamp;
use wire::customer::v1::TokenPair;

/// The access token.
pub const ACCESS: &str = "everything_access";
/// The refresh token.
pub const REFRESH: &str = "everything_refresh";
/// A paired device's own, below those of whoever acts at it.
const DEVICE_ACCESS: &str = "everything_device_access";
const DEVICE_REFRESH: &str = "everything_device_refresh";
/// A device's secret while it waits to be paired.
pub const PAIRING: &str = "everything_pairing";
/// What this device was paired as: outlives its sign-in, so that it can say what
/// became of it.
pub const PAIRED_AS: &str = "everything_paired_as";
/// What the tokens in forms are made from.
pub const FORMS: &str = "everything_forms";
/// Until when somebody is a guest, in seconds since 1970: for telling them, no more.
pub const GUEST_UNTIL: &str = "everything_guest_until";
/// What somebody is about to order.
pub const CART: &str = "everything_cart";

/// The cookies of one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    pub access: &'static str,
    pub refresh: &'static str,
}

/// Of a person.
pub const PERSON: Names = Names { access: ACCESS, refresh: REFRESH };
/// Of a paired device.
pub const DEVICE: Names = Names { access: DEVICE_ACCESS, refresh: DEVICE_REFRESH };

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

    /// Those whose names the headers do not set already.
    pub(super) fn append_missing_to(self, headers: &mut HeaderMap) {
        let name = |cookie: &HeaderValue| {
            cookie.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default().to_vec()
        };
        let set: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(name).collect();
        for cookie in self.0.into_iter().filter(|cookie| !set.contains(&name(cookie))) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// These, or those if there are none.
    pub(super) fn or(self, others: Self) -> Self {
        if self.0.is_empty() { others } else { self }
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

    /// The cookies of somebody who just signed in.
    pub fn signed_in(&self, pair: &TokenPair, now: Timestamp) -> SetCookies {
        self.keep_long(PERSON, pair, now)
    }

    /// The cookies of a visitor who just came in: nothing of an evening before is left.
    pub fn entered(&self, pair: &TokenPair, now: Timestamp) -> SetCookies {
        let until = pair.refresh_expires_at.as_ref().map_or(0, |at| at.seconds);
        let left = until.saturating_sub(now.timestamp()).max(0);
        // It is there a while longer, to say goodbye by.
        let shown = left + 12 * 3600;
        let until = SetCookies(vec![self.cookie(GUEST_UNTIL, &until.to_string(), shown)]);
        self.signed_in(pair, now).and(until).and(self.cart(""))
    }

    /// Keeps tokens for as long as they are good. The access cookie lives as long
    /// as the refresh token, so that an old one still says that somebody was here.
    pub fn keep_long(&self, names: Names, pair: &TokenPair, now: Timestamp) -> SetCookies {
        let seconds = pair
            .refresh_expires_at
            .as_ref()
            .map_or(0, |at| at.seconds.saturating_sub(now.timestamp()))
            .max(0);
        self.keep(names, pair, Duration::from_secs(seconds.unsigned_abs()))
    }

    /// Keeps tokens for so long: at a shared device the browser itself forgets
    /// whoever does nothing, whatever the clocks say.
    pub fn keep(&self, names: Names, pair: &TokenPair, time: Duration) -> SetCookies {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        SetCookies(vec![
            self.cookie(names.access, &pair.access_token, seconds),
            self.cookie(names.refresh, &pair.refresh_token, seconds),
        ])
    }

    /// Keeps what the request has of these for so long from now.
    pub(super) fn again(&self, headers: &HeaderMap, names: Names, time: Duration) -> SetCookies {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let again = [names.access, names.refresh]
            .into_iter()
            .filter_map(|name| Some(self.cookie(name, self.read(headers, name)?, seconds)));
        SetCookies(again.collect())
    }

    /// Removes a person's tokens.
    pub fn signed_out(&self) -> SetCookies {
        self.forget(PERSON)
    }

    /// Removes the tokens of a sign-in.
    pub fn forget(&self, names: Names) -> SetCookies {
        SetCookies(vec![self.cookie(names.access, "", 0), self.cookie(names.refresh, "", 0)])
    }

    /// A device's secret, for as long as it waits; an empty one removes it.
    pub fn pairing(&self, secret: &str) -> SetCookies {
        let seconds = if secret.is_empty() { 0 } else { 15 * 60 };
        SetCookies(vec![self.cookie(PAIRING, secret, seconds)])
    }

    /// What this device is paired as, for longer than it may lie unused; nothing removes it.
    pub fn paired_as(&self, kind: &str) -> SetCookies {
        let seconds = if kind.is_empty() { 0 } else { 400 * 24 * 3600 };
        SetCookies(vec![self.cookie(PAIRED_AS, kind, seconds)])
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
    fn what_a_handler_sets_is_not_set_over() {
        let cookies = of("https://coffee.home");
        let mut headers = HeaderMap::new();
        cookies.forget(PERSON).append_to(&mut headers);
        cookies.forget(PERSON).and(cookies.forget(DEVICE)).append_missing_to(&mut headers);
        let names: Vec<_> = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|cookie| cookie.to_str().unwrap().split('=').next().unwrap())
            .collect();
        assert_eq!(names, [ACCESS, REFRESH, DEVICE_ACCESS, DEVICE_REFRESH]);
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
