//! `PUT /v1/members/{id}/diet`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::SetDietRequest;

use super::OfMember;
use crate::{
    App,
    api::dto::diner::{Diner, NewDiet},
    auth::Viewer,
    extract::{self, Path},
    problem::Problem,
};

/// Sets what must not be in somebody's cup
///
/// One's own as an adult, or a child's for its guardian. It counts within seconds:
/// what holds it is not offered and not taken, and tickets warn of it.
#[utoipa::path(
    put,
    path = "/v1/members/{id}/diet",
    operation_id = "setDiet",
    tag = "family",
    params(OfMember),
    request_body = NewDiet,
    responses((status = 200, body = Diner)),
)]
pub async fn diet(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
    extract::Json(NewDiet { diet }): extract::Json<NewDiet>,
) -> Result<Json<Diner>, Problem> {
    let request = SetDietRequest { member_id: id.to_string(), diet: Some(diet.into()) };
    Ok(Json(app.customers(&viewer).set_diet(request).await?.into_inner().into()))
}
