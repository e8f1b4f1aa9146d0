//! Parsing at the edge: what axum's extractors do, with problem documents that
//! name the field, and never a 500 for bad input.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, MatchedPath, Request, rejection::PathRejection},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use runtime::{Code, deadline};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body of the wanted shape.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body that may be left out: no bytes at all are `T::default()`.
#[derive(Debug)]
pub struct OptionalJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = is_json(request.headers());
        let body = body(request, state).await?;
        if !typed {
            return Err(unsupported());
        }
        parse_json(&body).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = is_json(request.headers());
        let body = body(request, state).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        if !typed {
            return Err(unsupported());
        }
        parse_json(&body).map(Self)
    }
}

/// For a body where the request as a whole has no limit.
const LONGEST_BODY: Duration = Duration::from_secs(5);

fn unsupported() -> Problem {
    Problem::new(Code::UnsupportedMediaType).detail("Send the body as application/json.")
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The whole body, bounded by the router's limit, and in time: what comes too
/// slowly is the sender's doing, and half of the request's time is left for the answer.
pub(crate) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let patience = deadline::remaining().map_or(LONGEST_BODY, |left| left / 2);
    let read = deadline::within(patience, Bytes::from_request(request, state)).await;
    let read = read.map_err(|_| Problem::new(Code::RequestTimeout))?;
    read.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(Code::PayloadTooLarge).detail("A request's body may have at most 64 KiB.")
        } else {
            Problem::invalid("", "incomplete", "The body ended before it was complete.")
        }
    })
}

fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = pointer(error.path());
        let error = error.into_inner();
        if error.is_data() {
            let message = without_position(&error.to_string());
            Problem::invalid(path, field_code(&message), message)
        } else {
            malformed(&error)
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let message = format!("Not JSON at line {}, column {}.", error.line(), error.column());
    Problem::invalid("", "malformed", message)
}

/// serde_json appends " at line 1 column 7"; the field's path says it better.
fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}

/// A stable code for what serde says in words.
fn field_code(message: &str) -> &'static str {
    let begins = |start: &str| message.starts_with(start);
    if begins("unknown field") {
        "unknown-field"
    } else if begins("missing field") {
        "missing"
    } else if begins("unknown variant") {
        "unknown-value"
    } else if begins("duplicate field") {
        "duplicate"
    } else if begins("invalid type") {
        "wrong-type"
    } else {
        "invalid"
    }
}

/// A JSON pointer (RFC 6901) to where reading failed.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let text = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&text);
    }
    pointer
}

/// The parameters in the path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        use axum::extract::path::ErrorKind;
        let names = parts.extensions.get::<MatchedPath>().cloned();
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                let (path, code, message) = match error.kind() {
                    ErrorKind::InvalidUtf8InPathParam { key } => {
                        (format!("path:{key}"), "not-utf-8", "must be UTF-8".to_owned())
                    }
                    ErrorKind::ParseErrorAtKey { key, .. }
                    | ErrorKind::DeserializeError { key, .. } => {
                        (format!("path:{key}"), "invalid", error.kind().to_string())
                    }
                    // Of several parameters one that is no number is told by its place alone.
                    ErrorKind::ParseErrorAtIndex { index, .. } => {
                        let name = names.as_ref().and_then(|path| parameter(path.as_str(), *index));
                        let path = format!("path:{}", name.unwrap_or_default());
                        (path, "invalid", error.kind().to_string())
                    }
                    kind => ("path:".to_owned(), "invalid", kind.to_string()),
                };
                Err(Problem::invalid(path, code, message))
            }
            Err(_) => Err(Problem::new(Code::NotFound)),
        }
    }
}

/// The name of a route's parameter by its place: `{id}` is 0 in "/orders/{id}".
fn parameter(route: &str, index: usize) -> Option<&str> {
    route.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).nth(index)
}

/// The parameters behind the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse_form(parts.uri.query().unwrap_or_default().as_bytes(), "query").map(Self)
    }
}

/// Reads `a=1&b=2`; `place` says in problems where it stood.
pub(crate) fn parse_form<T: DeserializeOwned>(text: &[u8], place: &str) -> Result<T, Problem> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = pointer(error.path());
        let message = error.into_inner().to_string();
        let name = match path.strip_prefix('/') {
            Some(name) => name.to_owned(),
            // "missing field `q`": the path cannot say which.
            None => message.split('`').nth(1).unwrap_or_default().to_owned(),
        };
        Problem::invalid(format!("{place}:{name}"), field_code(&message), message)
    })
}

/// `Idempotency-Key`: what makes placing an order again harmless.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub String);

/// The same where it may be left out.
#[derive(Debug, Clone)]
pub struct OptionalIdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key("idempotency-key") {
            return Ok(Self(None));
        }
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        Ok(Self(Some(key)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Problem::new(Code::IdempotencyKeyMissing)
                .detail("Send one Idempotency-Key header, new for each new order.")
                .field("header:Idempotency-Key", "missing", "exactly one is needed"));
        };
        match value.to_str() {
            Ok(key) if is_key(key) => Ok(Self(key.to_owned())),
            _ => Err(Problem::invalid(
                "header:Idempotency-Key",
                "invalid",
                "must be 8 to 64 visible ASCII characters",
            )),
        }
    }
}

/// Whether a text may be an idempotency key: 8 to 64 visible ASCII characters.
pub fn is_key(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The version of an order that its sender saw, from `If-Match: "7"`; 0 without.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub u64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(0)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(0));
        }
        text.strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or_else(|| {
                Problem::invalid(
                    "header:If-Match",
                    "invalid",
                    "must be an order's version in quotes, or *",
                )
            })
    }
}

impl IfMatch {
    /// The version that a command is about: header and body must not contradict each other.
    pub fn or(self, body: Option<u64>) -> Result<u64, Problem> {
        match (self.0, body.unwrap_or(0)) {
            (header, 0) => Ok(header),
            (0, body) => Ok(body),
            (header, body) if header == body => Ok(body),
            _ => Err(Problem::invalid(
                "/version",
                "contradicts-if-match",
                "is not the version that If-Match names",
            )),
        }
    }
}

/// `Prefer: wait=1` of RFC 7240, in milliseconds, at most 5 s; 0 without.
#[derive(Debug, Clone, Copy)]
pub struct PreferWait {
    /// How long to wait; 0: not at all.
    pub milliseconds: i32,
}

const LONGEST_WAIT_SECONDS: u32 = 5;

impl<S: Send + Sync> FromRequestParts<S> for PreferWait {
    type Rejection = std::convert::Infallible;

    /// What is not understood is ignored, as the RFC wants it.
    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Self, std::convert::Infallible> {
        let seconds = parts
            .headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(|preference| {
                let (name, value) = preference.split(';').next()?.split_once('=')?;
                name.trim().eq_ignore_ascii_case("wait").then_some(())?;
                value.trim().trim_matches('"').parse::<u32>().ok()
            })
            .unwrap_or(0)
            .min(LONGEST_WAIT_SECONDS);
        Ok(Self { milliseconds: i32::try_from(seconds * 1000).unwrap_or(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cup {
        size: u8,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tray {
        cups: Vec<Cup>,
    }

    fn only_error(body: &str) -> (String, String) {
        let problem = parse_json::<Tray>(body.as_bytes()).unwrap_err();
        let [error] = problem.errors() else { panic!("one error: {problem:?}") };
        (error.path.clone(), error.code.clone())
    }

    #[test]
    fn a_wrong_field_is_named_by_its_pointer() {
        let wrong = |path: &str, code: &str| (path.to_owned(), code.to_owned());
        assert_eq!(
            only_error(r#"{"cups":[{"size":1},{"size":"x"}]}"#),
            wrong("/cups/1/size", "wrong-type")
        );
        assert_eq!(
            only_error(r#"{"cups":[{"size":1,"a/b":2}]}"#),
            wrong("/cups/0/a~1b", "unknown-field")
        );
        assert_eq!(only_error(r#"{"cups":[{}]}"#), wrong("/cups/0", "missing"));
        assert_eq!(only_error(r#"{"cups":[{"size":999}]}"#), wrong("/cups/0/size", "invalid"));
    }

    #[test]
    fn a_good_body_is_read() {
        let tray = parse_json::<Tray>(br#"{"cups":[{"size":3}]}"#).unwrap();
        assert_eq!(tray.cups[0].size, 3);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "{\"cups\":[]} x", "\u{0}", &"[".repeat(10_000)] {
            let problem = parse_json::<Tray>(body.as_bytes()).unwrap_err();
            assert!(problem.status().is_client_error(), "{body:.20}");
        }
        assert!(parse_json::<Tray>(b"{\"cups\":[]} ").unwrap().cups.is_empty());
    }

    #[test]
    fn idempotency_keys_are_visible_ascii_of_8_to_64() {
        assert!(is_key("12345678") && is_key(&"k".repeat(64)));
        for wrong in ["1234567", "with space", "käffchen1", &"k".repeat(65)] {
            assert!(!is_key(wrong), "{wrong}");
        }
    }
}
