//! `POST /v1/members/{id}/corrections`

use axum::extract::State;
use http::StatusCode;
use types::MemberId;
use wire::customer::v1::{CorrectBeansRequest, CorrectBeansResponse};

use super::OfMember;
use crate::{
    App,
    api::{
        dto::customer::{Correction, NewCorrection},
        v1::Once,
    },
    auth::Viewer,
    extract::{IdempotencyKey, Json, Path},
    problem::Problem,
};

/// Puts somebody's balance right
///
/// The member reads the reason in their statement. It may pass the floor.
#[utoipa::path(
    post,
    path = "/v1/members/{id}/corrections",
    operation_id = "correctBeans",
    tag = "family",
    params(OfMember, Once),
    request_body = NewCorrection,
    responses(
        (status = 201, description = "Booked", body = Correction),
        (status = 200, description = "It was booked before, with this key", body = Correction),
    ),
)]
pub async fn correct(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(NewCorrection { beans, reason }): Json<NewCorrection>,
) -> Result<(StatusCode, axum::Json<Correction>), Problem> {
    let request = CorrectBeansRequest { idempotency_key, member_id: id.to_string(), beans, reason };
    let corrected = app.customers(&viewer).correct_beans(request).await?.into_inner();
    let CorrectBeansResponse { correction_id, balance_beans, repeated_request } = corrected;
    let status = if repeated_request { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(Correction { id: correction_id, balance_beans })))
}
