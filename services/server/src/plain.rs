//! The plain door: the listener beside HTTPS. It has the page and the files by
//! which a phone learns to trust, and leads everything else to HTTPS. Nobody
//! signs in here, no cookie is set or read.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Request, State},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
};
use http::header;
use runtime::Code;

use crate::{
    App, headers, host,
    pages::{self, trust::House},
    problem::Problem,
    router::{catch_panic, within_deadline},
    tls::Shown,
    web,
};

/// All of it.
pub(crate) fn router(app: App, house: House, shown: Arc<Shown>) -> Router {
    Router::new()
        .merge(pages::over_plain_http().into_router())
        .fallback(to_https)
        .method_not_allowed_fallback(to_https)
        .layer(Extension(house))
        .layer(Extension(shown))
        .layer(from_fn_with_state(app.clone(), within_deadline))
        .layer(from_fn(pages::errors::render))
        .layer(from_fn(catch_panic))
        .layer(from_fn_with_state(app.clone(), host::check))
        .layer(from_fn(headers::add))
        .layer(runtime::http::Telemetry)
        .with_state(app)
}

/// The same address over HTTPS. Not for ever (307): the port may serve the pages
/// again one day. Under the name that was asked for where the certificate has it,
/// else under the house's own.
async fn to_https(
    State(app): State<App>,
    Extension(shown): Extension<Arc<Shown>>,
    request: Request,
) -> Response {
    let url = &app.config().public_url;
    if web::is_api(request.uri().path()) {
        // A redirect would hide that a token travelled in the clear, each time.
        let detail = format!("The API is spoken at {} only.", url.as_str());
        return Problem::new(Code::Forbidden).detail(detail).into_response();
    }
    let asked = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = asked
        .map(host::name_of)
        .filter(|host| shown.certificate().is_for(host))
        .unwrap_or_else(|| url.host());
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    Redirect::temporary(&format!("https://{host}{port}{path}")).into_response()
}
