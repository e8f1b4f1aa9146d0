//! `PUT /v1/bar`

use axum::extract::State;
use wire::order::v1 as pb;

use crate::{
    App,
    api::dto::{
        bar::{Bar, SetBar},
        wire_time,
    },
    auth::Viewer,
    extract::Json,
    problem::Problem,
};

/// Opens, pauses or closes the bar
#[utoipa::path(
    put,
    path = "/v1/bar",
    operation_id = "setBar",
    tag = "bar",
    request_body = SetBar,
    responses((status = 200, body = Bar)),
)]
pub async fn set(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<SetBar>,
) -> Result<axum::Json<Bar>, Problem> {
    let SetBar { state, until } = body;
    let state = pb::BarState::from(state).into();
    let request = pb::SetBarRequest { state, until: until.map(wire_time) };
    let bar = app.orders(&viewer).set_bar(request).await?.into_inner();
    bar.try_into().map(axum::Json)
}
