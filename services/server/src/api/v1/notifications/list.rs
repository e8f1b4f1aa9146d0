//! `GET /v1/notifications`

use axum::{Json, extract::State};
use wire::customer::v1::ListNotificationsRequest;

use crate::{
    App,
    api::{dto::customer::Notifications, v1::Paging},
    auth::Viewer,
    extract::Query,
    problem::Problem,
};

/// What one was told, newest first
#[utoipa::path(
    get,
    path = "/v1/notifications",
    operation_id = "listNotifications",
    tag = "family",
    params(Paging),
    responses((status = 200, body = Notifications)),
)]
pub async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(paging): Query<Paging>,
) -> Result<Json<Notifications>, Problem> {
    let (cursor, limit) = paging.wire()?;
    let request = ListNotificationsRequest { cursor, limit };
    Ok(Json(app.customers(&viewer).list_notifications(request).await?.into_inner().into()))
}
