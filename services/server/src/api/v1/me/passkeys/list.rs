//! `GET /v1/me/passkeys`

use axum::{Json, extract::State};
use wire::customer::v1::ListPasskeysRequest;

use crate::{App, api::dto::passkey::Passkeys, auth::Viewer, problem::Problem};

/// One's passkeys
#[utoipa::path(
    get,
    path = "/v1/me/passkeys",
    operation_id = "listMyPasskeys",
    tag = "session",
    responses((status = 200, body = Passkeys)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<Passkeys>, Problem> {
    let request = ListPasskeysRequest { member_id: String::new() };
    let passkeys = app.customers(&viewer).list_passkeys(request).await?.into_inner();
    passkeys.try_into().map(Json)
}
