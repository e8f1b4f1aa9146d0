//! `DELETE /v1/passkeys/{id}`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::PasskeyId;
use utoipa::IntoParams;
use wire::customer::v1::{RemovePasskeyRequest, RemovePasskeyResponse};

use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Which passkey.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfPasskey {
    /// The passkey's id.
    #[param(value_type = String, example = "psk_01h455vb4pex5vsknk084sn02q")]
    pub id: PasskeyId,
}

/// Forgets a passkey
///
/// It signs nobody in from then on; sign-ins that began with it go on until they
/// are ended. Forgetting what is gone already is no error.
#[utoipa::path(
    delete,
    path = "/v1/passkeys/{id}",
    operation_id = "removePasskey",
    tag = "session",
    params(OfPasskey),
    responses((status = 204, description = "Gone")),
)]
pub async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<PasskeyId>,
) -> Result<StatusCode, Problem> {
    let request = RemovePasskeyRequest { passkey_id: id.to_string() };
    let RemovePasskeyResponse { already_so: _ } =
        app.customers(&viewer).remove_passkey(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
