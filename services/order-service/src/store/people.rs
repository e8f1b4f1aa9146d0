//! Orders as they are about somebody: those they placed, and those with something
//! for them. Few ask, so what is for somebody is found by looking at all.

use order_domain::Order;
use sqlx::{PgConnection, PgPool, types::Json};
use types::{MemberId, OrderId};
use uuid::Uuid;

/// Orders about somebody, oldest first, from after one on. One query.
pub(crate) async fn about(
    pool: &PgPool,
    member: MemberId,
    after: Option<OrderId>,
    limit: i64,
) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<(i32, Json<Order>)> = sqlx::query_as(
        "select number, detail from orders
          where (placed_by = $1 or detail -> 'items' @> $2)
            and ($3::uuid is null or id > $3)
          order by id
          limit $4",
    )
    .bind(member.uuid())
    .bind(for_them(member))
    .bind(after.map(OrderId::uuid))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let order = |(number, Json(order)): (i32, Json<Order>)| Order {
        number: number.unsigned_abs(),
        ..order
    };
    Ok(rows.into_iter().map(order).collect())
}

/// Orders that still remember somebody, oldest first. One query.
pub(crate) async fn remembering(
    pool: &PgPool,
    member: MemberId,
    limit: i64,
) -> sqlx::Result<Vec<OrderId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select id from orders
          where (placed_by = $1 or detail -> 'items' @> $2) and not forgotten @> array[$1]
          order by id
          limit $3",
    )
    .bind(member.uuid())
    .bind(for_them(member))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(OrderId::from_uuid).collect())
}

/// Writes a locked order that has forgotten somebody. It is no change of the
/// order: version and events stay. One statement.
pub(crate) async fn forgotten(
    tx: &mut PgConnection,
    order: &Order,
    member: MemberId,
) -> sqlx::Result<()> {
    sqlx::query(
        "update orders
            set detail = $3, forgotten = forgotten || $2,
                idempotency_key = case when placed_by = $2 then null else idempotency_key end,
                request_hash = case when placed_by = $2 then null else request_hash end
          where id = $1",
    )
    .bind(order.id.uuid())
    .bind(member.uuid())
    .bind(Json(order))
    .execute(tx)
    .await?;
    Ok(())
}

/// An item for them, as the aggregate is written.
fn for_them(member: MemberId) -> Json<serde_json::Value> {
    Json(serde_json::json!([{ "recipient": { "member": member } }]))
}
