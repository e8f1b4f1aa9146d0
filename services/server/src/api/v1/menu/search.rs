//! `GET /v1/menu/search`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::order::v1::SearchMenuRequest;

use crate::{App, api::dto::menu::Found, auth::Viewer, extract::Query, problem::Problem};

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Words of the name, description or category; a typing error does no harm.
    #[param(min_length = 1, max_length = 100)]
    q: String,
}

/// Finds something on the menu
#[utoipa::path(
    get,
    path = "/v1/menu/search",
    operation_id = "searchMenu",
    tag = "menu",
    params(Wanted),
    responses((status = 200, body = Found)),
)]
pub async fn search(
    State(app): State<App>,
    viewer: Viewer,
    Query(Wanted { q }): Query<Wanted>,
) -> Result<Json<Found>, Problem> {
    if q.trim().is_empty() || q.chars().count() > 100 {
        return Err(Problem::invalid("query:q", "length", "must have 1 to 100 characters"));
    }
    let found = app.orders(&viewer).search_menu(SearchMenuRequest { query: q }).await?.into_inner();
    Ok(Json(Found { items: found.items.into_iter().map(Into::into).collect() }))
}
