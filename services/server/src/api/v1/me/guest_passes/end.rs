//! `DELETE /v1/me/guest-passes/{id}`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::GuestPassId;
use utoipa::IntoParams;
use wire::customer::v1::{EndGuestPassRequest, EndGuestPassResponse};

use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Which guest pass.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfGuestPass {
    /// The pass's id.
    #[param(value_type = String, example = "gst_01h455vb4pex5vsknk084sn02q")]
    pub id: GuestPassId,
}

/// Ends a guest pass
///
/// Whoever came in by it is signed out everywhere within 5 seconds. Ending what is
/// over already is no error.
#[utoipa::path(
    delete,
    path = "/v1/me/guest-passes/{id}",
    operation_id = "endGuestPass",
    tag = "guests",
    params(OfGuestPass),
    responses((status = 204, description = "Ended")),
)]
pub async fn end(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<GuestPassId>,
) -> Result<StatusCode, Problem> {
    let request = EndGuestPassRequest { id: id.to_string() };
    let EndGuestPassResponse { already_so: _ } =
        app.customers(&viewer).end_guest_pass(request).await?.into_inner();
    app.forget_names();
    Ok(StatusCode::NO_CONTENT)
}
