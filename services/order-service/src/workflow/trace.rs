//! Whose doing the workflow goes on with.

use sqlx::PgPool;
use types::OrderId;

/// The trace context of the request that brought an order to where it is: its
/// last event's. One query.
pub(super) async fn last_traceparent(
    pool: &PgPool,
    order: OrderId,
) -> sqlx::Result<Option<String>> {
    let found: Option<Option<String>> = sqlx::query_scalar(
        "select traceparent from event_log where stream_key = $1 order by version desc limit 1",
    )
    .bind(order.to_string())
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}
