//! The security headers that every answer carries.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue, header};

/// Nothing from anywhere else, nothing inline, in nobody's frame.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; \
     manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const DEFAULTS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// Below these paths the address itself is a secret: it must not travel on as a referrer.
const SECRET_ADDRESSES: [&str; 2] = ["/sign-in/", "/guest/"];

/// 30 days: long enough to hold between two visits, soon over when somebody wants
/// plain HTTP again.
const STRICT: &str = "max-age=2592000";

/// Whoever came by HTTPS comes by nothing else for a while (RFC 6797).
pub(crate) async fn strict(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let value = HeaderValue::from_static(STRICT);
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    response
}

/// Adds them; a handler that set one itself keeps its own. What says nothing
/// about caching is not stored.
pub async fn add(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let secret = SECRET_ADDRESSES.iter().any(|secret| path.starts_with(secret));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if secret {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
