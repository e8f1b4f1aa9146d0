//! `DELETE /v1/invitations/{id}`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::InvitationId;
use utoipa::IntoParams;
use wire::customer::v1::{WithdrawInvitationRequest, WithdrawInvitationResponse};

use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Which invitation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfInvitation {
    /// The invitation's id.
    #[param(value_type = String, example = "inv_01h455vb4pex5vsknk084sn02q")]
    pub id: InvitationId,
}

/// Takes an invitation back
///
/// Its link and its code open nothing from then on. Taking back what is used or
/// over already is no error.
#[utoipa::path(
    delete,
    path = "/v1/invitations/{id}",
    operation_id = "withdrawInvitation",
    tag = "family",
    params(OfInvitation),
    responses((status = 204, description = "Taken back")),
)]
pub async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, Problem> {
    let request = WithdrawInvitationRequest { id: id.to_string() };
    let WithdrawInvitationResponse { already_so: _ } =
        app.customers(&viewer).withdraw_invitation(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
