//! `DELETE /v1/members/{id}/pins/{kind}`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::{RemovePinRequest, RemovePinResponse};

use super::OfPin;
use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Removes a PIN
///
/// Removing what is not there is no error.
#[utoipa::path(
    delete,
    path = "/v1/members/{id}/pins/{kind}",
    operation_id = "removePin",
    tag = "devices",
    params(OfPin),
    responses((status = 204, description = "There is none")),
)]
pub async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(of): Path<OfPin>,
) -> Result<StatusCode, Problem> {
    let kind = of.kind()?.wire().into();
    let request = RemovePinRequest { member_id: of.id.to_string(), kind };
    let RemovePinResponse { already_so: _ } =
        app.customers(&viewer).remove_pin(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
