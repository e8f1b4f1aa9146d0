//! `GET /v1/me/beans`

use axum::{Json, extract::State};
use wire::customer::v1::GetBalanceRequest;

use crate::{App, api::dto::customer::Beans, auth::Viewer, problem::Problem};

/// What one has to spend
#[utoipa::path(
    get,
    path = "/v1/me/beans",
    operation_id = "showBeans",
    tag = "family",
    responses((status = 200, body = Beans)),
)]
pub async fn beans(State(app): State<App>, viewer: Viewer) -> Result<Json<Beans>, Problem> {
    let request = GetBalanceRequest { member_id: String::new() };
    Ok(Json(app.customers(&viewer).get_balance(request).await?.into_inner().into()))
}
