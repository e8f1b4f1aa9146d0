//! What the handlers of pages are written with; `lib.rs` shows how.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use runtime::{AppError, Code};
use serde::{Deserialize, de::DeserializeOwned};
use types::SessionId;

use crate::{
    auth::{FormSecret, Identity, Viewer, csrf},
    extract::{body, parse_form},
    problem::{Problem, trace_id},
};

/// A rendered template.
#[derive(Debug)]
pub struct Page<T>(pub T);

impl<T: askama::Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => axum::response::Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, "a template could not be rendered");
                PageError::from(Problem::new(Code::Internal)).into_response()
            }
        }
    }
}

/// Why a page cannot be shown; becomes a page that says so.
#[derive(Debug, Clone)]
pub struct PageError(pub Problem);

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self(error.into())
    }
}

impl From<tonic::Status> for PageError {
    fn from(status: tonic::Status) -> Self {
        Self(status.into())
    }
}

/// What the page of an error shows. Travels with the answer, without a body,
/// until `pages::errors::render` makes the page of it.
#[derive(Debug, Clone)]
pub(crate) struct ErrorView {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The stable code.
    pub(crate) code: Code,
    /// The same for each error of a code.
    pub(crate) title: String,
    /// What happened this time.
    pub(crate) detail: Option<String>,
    /// Tell this to whoever looks for the cause.
    pub(crate) trace_id: Option<String>,
    /// Seconds after which trying again makes sense.
    pub(crate) retry_after: Option<u64>,
    /// The form that could not be dealt with now; `pages::table` keeps it.
    pub(crate) again: Option<Again>,
}

/// A form as it was posted, to be posted again: it needs no service to be shown,
/// and its idempotency key stays the same.
#[derive(Debug, Clone)]
pub(crate) struct Again {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let problem = self.0;
        // Whatever was wrong with the token: a new sign-in helps.
        if problem.status() == StatusCode::UNAUTHORIZED {
            return see_other("/sign-in").into_response();
        }
        let retry_after = problem.retry_after_seconds();
        let mut response = problem.status().into_response();
        response.extensions_mut().insert(ErrorView {
            status: problem.status(),
            code: problem.code(),
            title: problem.title().into_owned(),
            detail: problem.text().map(str::to_owned),
            trace_id: trace_id(),
            retry_after,
            again: None,
        });
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// "Go there, with GET": the answer to every form that did what it should.
pub fn see_other(path: &str) -> Redirect {
    Redirect::to(path)
}

/// A signed-in person; anybody else is sent to `/sign-in`.
#[derive(Debug, Clone)]
pub struct PageViewer(pub Viewer);

impl<S: Send + Sync> FromRequestParts<S> for PageViewer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let identity = parts.extensions.get::<Identity>().unwrap_or(&Identity::Nobody);
        Ok(Self(identity.viewer()?.clone()))
    }
}

/// What the forms of this page carry in their hidden field `csrf`.
#[derive(Debug, Clone)]
pub struct Csrf(String);

impl Csrf {
    /// The field's value.
    pub fn token(&self) -> String {
        self.0.clone()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Csrf {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let secret = form_secret(parts.extensions.get())?;
        Ok(Self(csrf::token(&secret.0, session(&parts.extensions))))
    }
}

fn form_secret(secret: Option<&FormSecret>) -> Result<FormSecret, Problem> {
    secret.cloned().ok_or_else(|| Problem::new(Code::Internal))
}

fn session(extensions: &http::Extensions) -> Option<SessionId> {
    match extensions.get::<Identity>() {
        Some(Identity::Somebody(viewer)) => Some(viewer.session),
        Some(Identity::Device(device)) => Some(device.session),
        Some(Identity::Nobody | Identity::Refused(_)) | None => None,
    }
}

/// A posted form whose hidden field `csrf` was right. `T` need not have that
/// field; `Vec<(String, String)>` takes the fields as they come.
#[derive(Debug)]
pub struct PageForm<T>(pub T);

#[derive(Deserialize)]
struct CsrfField {
    #[serde(default)]
    csrf: String,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for PageForm<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let typed = is_form(request.headers());
        let secret = form_secret(request.extensions().get())?;
        let session = session(request.extensions());
        let body: Bytes = body(request, state).await?;
        if !typed {
            return Err(Problem::new(Code::UnsupportedMediaType).into());
        }
        let CsrfField { csrf: given } = parse_form(&body, "form")?;
        if !csrf::matches(&given, &secret.0, session) {
            return Err(Problem::new(Code::CrossOrigin)
                .detail(
                    "This form is too old, or not ours. Go back, load the page again, and retry.",
                )
                .into());
        }
        Ok(Self(parse_form(&body, "form")?))
    }
}

/// Whether a body is a form as browsers send it.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// Whether a path belongs to the API, where every answer is JSON.
pub fn is_api(path: &str) -> bool {
    path.starts_with("/v1/") || path == "/v1" || path == "/openapi.json"
}

/// Whether whoever asks for a path would rather read a page than JSON.
pub fn wants_page(headers: &HeaderMap, path: &str) -> bool {
    let html = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
    !is_api(path) && headers.get_all(header::ACCEPT).iter().any(html)
}

/// Whether an answer is a page.
pub(crate) fn is_page(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/html"))
}

/// A refusal in the form that its reader understands.
pub(crate) fn refusal(problem: Problem, page: bool) -> Response {
    if page { PageError(problem).into_response() } else { problem.into_response() }
}
