//! Another site must not act through a signed-in person's browser.
//!
//! Two fences: a request that changes something and is authenticated by cookies
//! must come from our own pages, as the browser says (`Sec-Fetch-Site`, or
//! `Origin` where it sends no fetch metadata: plain http in the house); and a
//! form must carry a token made from a cookie that other sites cannot read.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use rand::RngExt;
use sha2::{Digest, Sha256};
use types::SessionId;

/// What a browser says of where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Our own page, or the person directly (address bar, bookmark).
    Ours,
    /// Another site.
    Foreign,
    /// It does not say: an old browser, or `Origin: null` of a page without referrer.
    Unknown,
}

/// Reads it from the headers of a request for `host` (with port).
pub fn source(headers: &HeaderMap, host: Option<&str>) -> Source {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().ok());
    match text(http::HeaderName::from_static("sec-fetch-site")) {
        Some(Some("same-origin" | "none")) => return Source::Ours,
        Some(_) => return Source::Foreign,
        None => {}
    }
    match (text(header::ORIGIN), host) {
        (None | Some(Some("null")), _) => Source::Unknown,
        (Some(Some(origin)), Some(host)) => {
            match origin.split_once("://") {
                // Behind a proxy that ends TLS we see http; the authority decides.
                Some((_, authority)) if authority.eq_ignore_ascii_case(host) => Source::Ours,
                _ => Source::Foreign,
            }
        }
        (Some(_), _) => Source::Foreign,
    }
}

/// A new secret for a browser's forms: 192 random bits.
pub fn new_secret() -> String {
    let bits: [u8; 24] = rand::rng().random();
    BASE64_URL_SAFE_NO_PAD.encode(bits)
}

/// The token of forms that are shown to this browser in this session.
pub fn token(secret: &str, session: Option<SessionId>) -> String {
    let mut hash = Sha256::new();
    hash.update(b"everything form\0");
    hash.update(secret.as_bytes());
    hash.update(b"\0");
    if let Some(session) = session {
        hash.update(session.uuid().as_bytes());
    }
    BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Whether a form's token is the one of this browser and session. The time it
/// takes does not depend on where they differ.
pub fn matches(given: &str, secret: &str, session: Option<SessionId>) -> bool {
    let expected = token(secret, session);
    given.len() == expected.len()
        && given.bytes().zip(expected.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_our_own_pages_count_as_ours() {
        let host = Some("coffee.home:8080");
        let said = |pairs: &[_]| source(&headers(pairs), host);
        assert_eq!(said(&[("sec-fetch-site", "same-origin")]), Source::Ours);
        assert_eq!(said(&[("sec-fetch-site", "same-site")]), Source::Foreign);
        assert_eq!(
            said(&[("sec-fetch-site", "cross-site"), ("origin", "http://coffee.home:8080")]),
            Source::Foreign
        );
        assert_eq!(said(&[("origin", "http://coffee.home:8080")]), Source::Ours);
        assert_eq!(said(&[("origin", "http://coffee.home")]), Source::Foreign);
        assert_eq!(said(&[("origin", "http://evil.example")]), Source::Foreign);
        assert_eq!(said(&[("origin", "null")]), Source::Unknown);
        assert_eq!(said(&[]), Source::Unknown);
    }

    #[test]
    fn a_forms_token_belongs_to_one_browser_and_one_session() {
        let session = Some(SessionId::new());
        let given = token("secret", session);
        assert!(matches(&given, "secret", session));
        assert!(!matches(&given, "other", session));
        assert!(!matches(&given, "secret", None));
        assert!(!matches("", "secret", session));
    }
}
