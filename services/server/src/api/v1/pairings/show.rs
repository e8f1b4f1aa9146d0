//! `GET /v1/pairings/{code}`

use axum::{Json, extract::State};
use wire::customer::v1::GetPairingRequest;

use super::OfCode;
use crate::{App, api::dto::device::Pairing, auth::Viewer, extract::Path, problem::Problem};

/// What asks under a code
#[utoipa::path(
    get,
    path = "/v1/pairings/{code}",
    operation_id = "showPairing",
    tag = "devices",
    params(OfCode),
    responses((status = 200, body = Pairing)),
)]
pub async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(user_code): Path<String>,
) -> Result<Json<Pairing>, Problem> {
    let request = GetPairingRequest { user_code };
    let pairing = app.customers(&viewer).get_pairing(request).await?.into_inner();
    Ok(Json(pairing.into()))
}
