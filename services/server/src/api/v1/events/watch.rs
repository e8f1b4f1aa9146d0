//! `GET /v1/events`

use axum::{
    Extension,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use runtime::Code;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App,
    auth::Asker,
    extract::Query,
    live::sse::{self, Begin},
    problem::Problem,
    serve::Connection,
};

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The `position` of the list that one shows; without, from now on.
    #[serde(default)]
    after: Option<String>,
}

/// What happens, as server-sent events
///
/// `order` has `{order, version, state, kind, number, at}` of an order that the
/// reader may see; `bar` says that the bar or what is sold out changed; `reset`
/// says that events were missed: load everything again. Between them, bare ids
/// keep the connection. The stream ends when the access token does; reconnect
/// with `Last-Event-ID`.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "watchEvents",
    tag = "live",
    params(After, ("Last-Event-ID" = Option<String>, Header, description = "Wins over `after`")),
    responses((status = 200, content_type = "text/event-stream", body = String)),
)]
pub async fn watch(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
    connection: Option<Extension<Connection>>,
    Query(After { after }): Query<After>,
) -> Result<Response, Problem> {
    // Bytes that are no text are no position either: a reset.
    let last = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let begin = Begin::of(last, after.as_deref());
    let close = connection.map(|Extension(connection)| connection.close).unwrap_or_default();
    let most = app.config().streams_per_member as usize;
    let seat = app.hub().sit_down(asker.id(), most, close).ok_or_else(|| {
        Problem::new(Code::TooManyRequests)
            .detail("You have too many live connections open.")
            .retry_after(std::time::Duration::from_secs(10))
    })?;
    let mut response = Body::from_stream(sse::stream(app, asker, seat, begin)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx and its like would hold it back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
