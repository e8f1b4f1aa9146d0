//! `PUT /v1/members/{id}/pins/{kind}`

use axum::extract::State;
use http::StatusCode;
use secrecy::ExposeSecret;
use wire::customer::v1::{SetPinRequest, SetPinResponse};

use super::OfPin;
use crate::{
    App,
    api::dto::device::NewPin,
    auth::Viewer,
    extract::{Json, Path},
    problem::Problem,
};

/// Sets a PIN
///
/// One's own; an admin anybody's. What everybody tries first is refused. Only a
/// hash of it is stored.
#[utoipa::path(
    put,
    path = "/v1/members/{id}/pins/{kind}",
    operation_id = "setPin",
    tag = "devices",
    params(OfPin),
    request_body = NewPin,
    responses((status = 204, description = "It counts from now on")),
)]
pub async fn set(
    State(app): State<App>,
    viewer: Viewer,
    Path(of): Path<OfPin>,
    Json(NewPin { pin }): Json<NewPin>,
) -> Result<StatusCode, Problem> {
    let (kind, pin) = (of.kind()?.wire().into(), pin.expose_secret().to_owned());
    let request = SetPinRequest { member_id: of.id.to_string(), kind, pin };
    let SetPinResponse {} = app.customers(&viewer).set_pin(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
