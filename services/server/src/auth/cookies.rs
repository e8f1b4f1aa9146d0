//! The cookies of the pages: access token, refresh token, and the secret that
//! forms prove themselves with. All are HttpOnly; none is readable by script.

use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use http::{HeaderMap, HeaderValue, header};
use types::Timestamp;
use wire::customer::v1::TokenPair;

/// The access token.
pub const ACCESS: &str = "everything_access";
/// The refresh token.
pub const REFRESH: &str = "everything_refresh";
/// What the tokens in forms are made from.
pub const FORMS: &str = "everything_forms";

/// Writes cookies the way this gateway's public URL needs them.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    secure: bool,
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
    pub const fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Lax, not Strict, for the tokens: a tap on a link to an order in the family's
    /// chat must show the order, and the gateway refreshes on any request; what
    /// changes something is refused from other sites anyway (`auth::csrf`).
    fn cookie(&self, name: &str, value: &str, seconds: i64, same_site: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}"
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
            self.cookie(ACCESS, &pair.access_token, seconds, "Lax"),
            self.cookie(REFRESH, &pair.refresh_token, seconds, "Lax"),
        ])
    }

    /// Removes both tokens.
    pub fn signed_out(&self) -> SetCookies {
        SetCookies(vec![self.cookie(ACCESS, "", 0, "Lax"), self.cookie(REFRESH, "", 0, "Lax")])
    }

    /// The secret of this browser's forms; kept for 30 days.
    pub fn forms(&self, secret: &str) -> SetCookies {
        SetCookies(vec![self.cookie(FORMS, secret, 30 * 24 * 3600, "Lax")])
    }
}

/// The value of a cookie in a request's headers. Empty counts as none.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; everything_access=x.y.z"));
        headers.append(header::COOKIE, HeaderValue::from_static("everything_refresh="));
        assert_eq!(read(&headers, ACCESS), Some("x.y.z"));
        assert_eq!(read(&headers, REFRESH), None);
    }

    #[test]
    fn cookies_are_secure_where_the_pages_are() {
        let text = |secure| {
            let SetCookies(values) = Cookies::new(secure).forms("s");
            values[0].to_str().unwrap().to_owned()
        };
        assert!(text(true).ends_with("HttpOnly; SameSite=Lax; Secure"), "{}", text(true));
        assert!(text(false).ends_with("HttpOnly; SameSite=Lax"), "{}", text(false));
    }
}
