//! All routes, inside the layers that `lib.rs` lists.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use runtime::Code;

use crate::{
    App, api, auth, docs, headers, host,
    pages::{self, trust::House},
    problem::Problem,
    web,
};

/// Bytes of a request's body.
const BODY_LIMIT: usize = 64 * 1024;

/// The whole gateway.
pub(crate) fn app(app: App, house: House) -> Router {
    let strict = house.strict;
    let router = Router::new()
        .merge(pages::pages().and(docs::pages()).into_router())
        .merge(api::router())
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(Extension(house))
        .layer(from_fn_with_state(app.clone(), auth::identify))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.clone(), within_deadline))
        .layer(from_fn(pages::errors::render))
        .layer(from_fn(catch_panic))
        .layer(from_fn_with_state(app.clone(), host::check))
        .layer(from_fn(headers::add))
        .layer(runtime::http::Telemetry)
        .with_state(app);
    if strict { router.layer(from_fn(headers::strict)) } else { router }
}

async fn no_such_path(request: Request) -> Response {
    let page = web::wants_page(request.headers(), request.uri().path());
    web::refusal(Problem::new(Code::UnknownPath), page)
}

async fn no_such_method(request: Request) -> Response {
    let page = web::wants_page(request.headers(), request.uri().path());
    web::refusal(Problem::new(Code::MethodNotAllowed), page)
}

/// Bounds the time until the answer's head; calls made meanwhile get what is left.
pub(crate) async fn within_deadline(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let page = web::wants_page(request.headers(), request.uri().path());
    match runtime::deadline::within(app.config().request_deadline, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => web::refusal(runtime::AppError::from(elapsed).into(), page),
    }
}

/// A panic is a defect of ours: logged, answered with a 500, and nobody else notices.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    let page = web::wants_page(request.headers(), request.uri().path());
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = text_of(&*panic), "a handler panicked");
            if page {
                // The page of errors may be what panicked.
                return Problem::new(Code::Internal).into_response();
            }
            web::refusal(Problem::new(Code::Internal), false)
        }
    }
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)")
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http::{StatusCode, header};
    use tower::ServiceExt;

    use super::*;

    async fn broken() {
        panic!("as the test wants it");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_problem_and_tells_nothing() {
        let router: Router = Router::new().route("/", get(broken)).layer(from_fn(catch_panic));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], crate::problem::MEDIA_TYPE);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("as the test"));
    }
}
