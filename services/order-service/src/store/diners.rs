//! What the family may be served, kept so that children's limits and everybody's
//! allergies count while customer-service is away; and what children had on a day.

use chrono::NaiveDate;
use order_domain::{Diner, Order};
use sqlx::{PgConnection, PgPool, types::Json};
use types::{MemberId, OrderId};
use uuid::Uuid;

/// The first half of the key of a child's lock.
const LOCKS: &str = "diner ";

/// Everybody, as they were kept last. One query.
pub(crate) async fn load(pool: &PgPool) -> sqlx::Result<Vec<Diner>> {
    let rows: Vec<(Json<Diner>,)> =
        sqlx::query_as("select rules from diners").fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(Json(diner),)| diner).collect())
}

/// Keeps these and nobody else. One statement.
pub(crate) async fn save(pool: &PgPool, diners: &[Diner]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = diners.iter().map(|diner| diner.member.uuid()).collect();
    let rules: Vec<Json<&Diner>> = diners.iter().map(Json).collect();
    sqlx::query(
        "with gone as (
             delete from diners where member_id <> all ($1)
         )
         insert into diners (member_id, rules) select * from unnest($1::uuid[], $2::jsonb[])
         on conflict (member_id) do update set rules = excluded.rules
         where diners.rules <> excluded.rules",
    )
    .bind(ids)
    .bind(rules)
    .execute(pool)
    .await?;
    Ok(())
}

/// Lets nobody else decide about these children until the transaction ends. One
/// statement for each, always in the same order: nobody waits crosswise.
pub(crate) async fn lock(tx: &mut PgConnection, children: &[MemberId]) -> sqlx::Result<()> {
    let mut children = children.to_vec();
    children.sort_unstable();
    for child in children {
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1 || $2, 0))")
            .bind(LOCKS)
            .bind(child.to_string())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// The orders that hold something for a child on a day, but one. One query.
pub(crate) async fn orders_of_day(
    tx: &mut PgConnection,
    child: MemberId,
    day: NaiveDate,
    but: Option<OrderId>,
) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<(Json<Order>,)> = sqlx::query_as(
        "select detail from orders join child_orders on order_id = id
          where child_id = $1 and day = $2 and ($3::uuid is null or id <> $3)",
    )
    .bind(child.uuid())
    .bind(day)
    .bind(but.map(OrderId::uuid))
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|(Json(order),)| order).collect())
}

/// For which children an order holds something, on which day. Two statements.
pub(crate) async fn put(
    tx: &mut PgConnection,
    order: OrderId,
    children: &[MemberId],
    day: NaiveDate,
) -> sqlx::Result<()> {
    sqlx::query("delete from child_orders where order_id = $1")
        .bind(order.uuid())
        .execute(&mut *tx)
        .await?;
    let children: Vec<Uuid> = children.iter().map(|child| child.uuid()).collect();
    sqlx::query(
        "insert into child_orders (child_id, day, order_id) select unnest($1::uuid[]), $2, $3",
    )
    .bind(children)
    .bind(day)
    .bind(order.uuid())
    .execute(tx)
    .await?;
    Ok(())
}
