//! `GET /v1/orders/{id}`

use axum::{Json, extract::State};
use types::OrderId;
use wire::order::v1::GetOrderRequest;

use super::OfOrder;
use crate::{App, api::dto::order::Order, auth::Viewer, extract::Path, problem::Problem};

/// One order, with what its reader may do next
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    operation_id = "showOrder",
    tag = "orders",
    params(OfOrder),
    responses((status = 200, body = Order)),
)]
pub async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
) -> Result<Json<Order>, Problem> {
    let request = GetOrderRequest { id: id.to_string() };
    app.orders(&viewer).get_order(request).await?.into_inner().try_into().map(Json)
}
