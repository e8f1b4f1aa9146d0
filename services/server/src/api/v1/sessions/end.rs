//! `DELETE /v1/sessions/{id}`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::SessionId;
use utoipa::IntoParams;
use wire::customer::v1::{EndSessionRequest, EndSessionResponse};

use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Which sign-in.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfSession {
    /// The sign-in's id.
    #[param(value_type = String, example = "ses_01h455vb4pex5vsknk084sn02q")]
    pub id: SessionId,
}

/// Signs a device out
///
/// It counts everywhere within 5 seconds. Ending what is over already is no error.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}",
    operation_id = "endSession",
    tag = "session",
    params(OfSession),
    responses((status = 204, description = "Signed out")),
)]
pub async fn end(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    let request = EndSessionRequest { session_id: id.to_string() };
    let EndSessionResponse { already_so: _ } =
        app.customers(&viewer).end_session(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
