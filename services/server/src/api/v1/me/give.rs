//! `POST /v1/me/gifts`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::{GiveBeansRequest, GiveBeansResponse};

use crate::{
    App,
    api::{
        dto::customer::{Gift, NewGift},
        v1::Once,
    },
    auth::Viewer,
    extract::{IdempotencyKey, Json},
    problem::Problem,
};

/// Gives beans to somebody
///
/// Nobody gives more than they have. The receiver reads the message, nobody else.
#[utoipa::path(
    post,
    path = "/v1/me/gifts",
    operation_id = "giveBeans",
    tag = "family",
    params(Once),
    request_body = NewGift,
    responses(
        (status = 201, description = "Given", body = Gift),
        (status = 200, description = "It was given before, with this key", body = Gift),
    ),
)]
pub async fn give(
    State(app): State<App>,
    viewer: Viewer,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(NewGift { member_id, beans, message }): Json<NewGift>,
) -> Result<(StatusCode, axum::Json<Gift>), Problem> {
    let member_id = member_id.to_string();
    let request = GiveBeansRequest { idempotency_key, member_id, beans, message };
    let given = app.customers(&viewer).give_beans(request).await?.into_inner();
    let GiveBeansResponse { gift_id, balance_beans, repeated_request } = given;
    let status = if repeated_request { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(Gift { id: gift_id, balance_beans })))
}
