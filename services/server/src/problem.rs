//! Errors as RFC 9457 problem details: what every refused or failed request
//! gets, with a stable code, a field path for each invalid field, and no
//! internals.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use runtime::{AppError, Code};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One refused request.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
    facts: BTreeMap<String, String>,
    retry_after: Option<Duration>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the body (`/items/0/size`), or `header:`, `query:`, `path:` and a name.
    #[schema(example = "/items/0/size")]
    pub path: String,
    /// Stable, kebab-case.
    #[schema(example = "unknown-size")]
    pub code: String,
    /// For people.
    pub message: String,
}

impl Problem {
    /// A problem of a stable code.
    pub fn new(code: Code) -> Self {
        let (detail, errors, facts, retry_after) = (None, Vec::new(), BTreeMap::new(), None);
        Self { code, detail, errors, facts, retry_after }
    }

    /// 400, one field is wrong.
    pub fn invalid(
        path: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Code::InvalidRequest).field(path, code, message)
    }

    /// 503, with the time after which trying again makes sense.
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable).retry_after(Duration::from_secs(1))
    }

    /// A sentence for the person.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// One invalid field.
    #[must_use]
    pub fn field(
        mut self,
        path: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (path, code, message) = (path.into(), code.into(), message.into());
        self.errors.push(FieldProblem { path, code, message });
        self
    }

    /// What a service says of a field was said of the query's parameter.
    #[must_use]
    pub(crate) fn of_query(mut self) -> Self {
        for error in &mut self.errors {
            if let Some(name) = error.path.strip_prefix('/') {
                error.path = format!("query:{name}");
            }
        }
        self
    }

    /// Sends `Retry-After`, in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Whether the same request may succeed in a moment.
    pub const fn is_transient(&self) -> bool {
        is_transient(self.code)
    }

    /// What it is, for people: the same for each problem of a code.
    pub fn title(&self) -> Cow<'static, str> {
        title(self.code)
    }

    /// A fact for programs by its name: `current`, `until`.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    /// What happened this time, for people.
    pub fn text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What is wrong with which field.
    pub fn errors(&self) -> &[FieldProblem] {
        &self.errors
    }

    /// `Retry-After` in whole seconds.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|after| after.as_millis().div_ceil(1000).max(1) as u64)
    }
}

/// See [`Problem::is_transient`].
pub(crate) const fn is_transient(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::IdentityUnavailable
            | Code::Cancelled
            | Code::TooManyRequests
    )
}

/// The sentence that belongs to a code; where none was written, its own words.
pub fn title(code: Code) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        Code::InvalidRequest => "Something in the request is not valid",
        Code::InvalidCursor => "That page marker is not one of ours",
        Code::PayloadTooLarge => "The body is too large",
        Code::RequestTimeout => "The body came too slowly",
        Code::UnsupportedMediaType => "The body is of a kind that we do not read",
        Code::UnknownPath | Code::NotFound => "There is nothing here",
        Code::MethodNotAllowed => "That cannot be done here",
        Code::UnknownHost => "This server does not go by that name",
        Code::CrossOrigin => "This request came from another site",
        Code::TooManyRequests => "Too many requests",
        Code::Unauthenticated => "Sign in first",
        Code::InvalidCredential => "This sign-in does not count any more",
        Code::PasskeyUnknown => "This passkey is not known here",
        Code::PasskeyRefused => "This passkey could not be used",
        Code::PasskeyElsewhere => "This passkey was used at another address",
        Code::PasskeyTooLate => "That passkey was asked for too long ago",
        Code::PasskeysOff => "There are no passkeys at this address",
        Code::Forbidden | Code::NotAllowed => "You may not do this",
        Code::IdentityUnavailable => "Changes by admins have to wait",
        Code::Stale => "Somebody was faster",
        Code::OrderClosed => "This order is over",
        Code::WrongState => "The order is not there yet, or past it",
        Code::TakenByAnother => "Another barista has this order",
        Code::NotYours => "This belongs to somebody else",
        Code::TooLate => "It is too late for that",
        Code::BarPaused => "The bar is taking a break",
        Code::BarClosed => "The bar is closed",
        Code::SoldOut => "Sold out",
        Code::NotOnTheMenu => "That is not on the menu",
        Code::TooMany => "That is too much for one order",
        Code::NotEnoughBeans => "Not enough beans",
        Code::Unavailable => "Not available at the moment",
        Code::DeadlineExceeded => "That took too long",
        Code::Internal => "Something went wrong on our side",
        other => {
            let mut words = other.name().replace('-', " ");
            if let Some(first) = words.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            return Cow::Owned(words);
        }
    })
}

/// A problem as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Names the kind of problem; leads to its explanation.
    #[serde(rename = "type")]
    #[schema(example = "/problems/order-closed")]
    kind: String,
    /// Stable, kebab-case.
    #[schema(example = "order-closed")]
    code: &'a str,
    /// The same for each problem of a code.
    title: Cow<'a, str>,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
    /// Facts that a program can use, such as `current`: the order's present version.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: &'a BTreeMap<String, String>,
    /// Tell this to whoever looks for the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

/// The id of the trace that this request belongs to, in hex.
pub fn trace_id() -> Option<String> {
    let traceparent = runtime::telemetry::traceparent()?;
    let id = traceparent.split('-').nth(1)?;
    (id.len() == 32).then(|| id.to_owned())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let document = ProblemDocument {
            kind: format!("/problems/{}", self.code),
            code: self.code.name(),
            title: self.title(),
            status: status.as_u16(),
            detail: self.detail.as_deref(),
            errors: &self.errors,
            details: &self.facts,
            trace_id: trace_id(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"everything\""),
            );
        }
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<AppError> for Problem {
    /// What leaves the process; the cause is logged and ends here.
    fn from(error: AppError) -> Self {
        error.log();
        let AppError { code, message, fields, details, retry_after, source: _ } = error;
        Self {
            code,
            detail: Some(message).filter(|message| !message.is_empty()),
            errors: fields
                .into_iter()
                .map(|field| FieldProblem {
                    path: place(&field.path),
                    code: field.code,
                    message: field.message,
                })
                .collect(),
            facts: details,
            retry_after: retry_after
                .or_else(|| (code.http() == 503).then_some(Duration::from_secs(1))),
        }
    }
}

impl From<tonic::Status> for Problem {
    fn from(status: tonic::Status) -> Self {
        AppError::from_status(status).into()
    }
}

/// The services' `items[2].size` as the JSON pointer `/items/2/size`; what was
/// not in the body by where it was.
fn place(path: &str) -> String {
    let elsewhere = match path {
        "cursor" | "limit" => Some(("query", path)),
        "query" => Some(("query", "q")),
        "id" | "line" | "slug" => Some(("path", path)),
        "idempotency_key" => Some(("header", "Idempotency-Key")),
        "wait_ms" => Some(("header", "Prefer")),
        _ => None,
    };
    if let Some((place, name)) = elsewhere {
        return format!("{place}:{name}");
    }
    if path.is_empty() || path.starts_with('/') || path.contains(':') {
        return path.to_owned();
    }
    let mut pointer = String::from("/");
    for letter in path.chars() {
        match letter {
            '.' | '[' => pointer.push('/'),
            ']' => {}
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            letter => pointer.push(letter),
        }
    }
    // Whom an item is for has another shape here than on the wire.
    for (wire, json) in
        [("/member_id", "/for/member"), ("/guest", "/for/guest"), ("/recipient", "/for")]
    {
        if let Some(item) = pointer.strip_suffix(wire)
            && item.starts_with("/item")
        {
            return format!("{item}{json}");
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_title_for_people() {
        for code in Code::ALL {
            let title = title(*code);
            assert!(title.starts_with(|first: char| first.is_ascii_uppercase()), "{title}");
        }
        assert_eq!(title(Code::SettlementConflict), "Settlement conflict");
    }

    #[test]
    fn waiting_less_than_a_second_is_waiting_one() {
        let problem = Problem::unavailable().retry_after(Duration::from_millis(20));
        assert_eq!(problem.retry_after_seconds(), Some(1));
    }

    #[test]
    fn a_services_field_is_named_by_where_it_stood_in_the_request() {
        for (service, ours) in [
            ("items[2].size", "/items/2/size"),
            ("items[2].member_id", "/items/2/for/member"),
            ("item.guest", "/item/for/guest"),
            ("reason", "/reason"),
            ("/items/0", "/items/0"),
            ("query:limit", "query:limit"),
            ("cursor", "query:cursor"),
            ("line", "path:line"),
            ("idempotency_key", "header:Idempotency-Key"),
            ("", ""),
        ] {
            assert_eq!(place(service), ours);
        }
    }
}
