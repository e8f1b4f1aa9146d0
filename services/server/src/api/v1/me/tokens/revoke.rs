//! `DELETE /v1/me/tokens/{id}`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::TokenId;
use utoipa::IntoParams;
use wire::customer::v1::{RevokeApiTokenRequest, RevokeApiTokenResponse};

use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Which token.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfToken {
    /// The token's id.
    #[param(value_type = String, example = "tok_01h455vb4pex5vsknk084sn02q")]
    pub id: TokenId,
}

/// Revokes a personal API token
///
/// It counts everywhere within 5 seconds. Revoking what is over already is no error.
#[utoipa::path(
    delete,
    path = "/v1/me/tokens/{id}",
    operation_id = "revokeApiToken",
    tag = "session",
    params(OfToken),
    responses((status = 204, description = "Revoked")),
)]
pub async fn revoke(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    let request = RevokeApiTokenRequest { token_id: id.to_string() };
    let RevokeApiTokenResponse { already_so: _ } =
        app.customers(&viewer).revoke_api_token(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
