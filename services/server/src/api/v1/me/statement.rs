//! `GET /v1/me/statement`

use axum::{Json, extract::State};
use wire::customer::v1::GetStatementRequest;

use crate::{
    App,
    api::{dto::customer::Statement, v1::Paging},
    auth::Viewer,
    extract::Query,
    problem::Problem,
};

/// Where one's beans came from and went, newest first
#[utoipa::path(
    get,
    path = "/v1/me/statement",
    operation_id = "showStatement",
    tag = "family",
    params(Paging),
    responses((status = 200, body = Statement)),
)]
pub async fn statement(
    State(app): State<App>,
    viewer: Viewer,
    Query(paging): Query<Paging>,
) -> Result<Json<Statement>, Problem> {
    let (cursor, limit) = paging.wire()?;
    let request = GetStatementRequest { member_id: String::new(), cursor, limit };
    Ok(Json(app.customers(&viewer).get_statement(request).await?.into_inner().into()))
}
