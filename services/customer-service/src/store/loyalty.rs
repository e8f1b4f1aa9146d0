//! `stamps` and `stamp_cards`, which can be emptied and filled again, and
//! `rewards`, which is never emptied.

use sqlx::PgConnection;
use types::{Beans, MemberId, OrderId, Timestamp};
use uuid::Uuid;

/// How many drinks of an order count for a member: before, and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain {
    pub member: MemberId,
    pub order: OrderId,
    pub before: usize,
    pub after: usize,
}

/// Counts orders' drinks for members, sorted and each at most once; those that
/// count with more than before.
pub async fn stamp(
    connection: &mut PgConnection,
    drinks: &[(MemberId, OrderId, usize)],
) -> sqlx::Result<Vec<Gain>> {
    let members: Vec<Uuid> = drinks.iter().map(|(member, ..)| member.uuid()).collect();
    let orders: Vec<Uuid> = drinks.iter().map(|(_, order, _)| order.uuid()).collect();
    let counts: Vec<i32> =
        drinks.iter().map(|(.., count)| i32::try_from(*count).unwrap_or(i32::MAX)).collect();
    let rows: Vec<(Uuid, Uuid, i32, i32)> = sqlx::query_as(
        "insert into stamps (member_id, order_id, drinks)
         select * from unnest($1::uuid[], $2::uuid[], $3::integer[])
         on conflict (member_id, order_id) do update set drinks = excluded.drinks
         where stamps.drinks < excluded.drinks
         returning member_id, order_id, coalesce(old.drinks, 0), new.drinks",
    )
    .bind(members)
    .bind(orders)
    .bind(counts)
    .fetch_all(connection)
    .await?;
    let gain = |(member, order, before, after)| Gain {
        member: MemberId::from_uuid(member),
        order: OrderId::from_uuid(order),
        before: usize::try_from(before).unwrap_or_default(),
        after: usize::try_from(after).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(gain).collect())
}

/// Adds coffees to a member's card; how many there are then.
pub async fn count(
    connection: &mut PgConnection,
    member: MemberId,
    coffees: usize,
) -> sqlx::Result<u64> {
    let coffees = i64::try_from(coffees).unwrap_or(i64::MAX);
    let after: i64 = sqlx::query_scalar(
        "insert into stamp_cards (member_id, coffees) values ($1, $2)
         on conflict (member_id) do update set coffees = stamp_cards.coffees + excluded.coffees
         returning coffees",
    )
    .bind(member.uuid())
    .bind(coffees)
    .fetch_one(connection)
    .await?;
    Ok(after.unsigned_abs())
}

/// Writes down that the n-th coffee was free, and what came back; `false` when
/// that was decided before.
pub async fn decide(
    connection: &mut PgConnection,
    member: MemberId,
    nth: u64,
    order: OrderId,
    beans: Beans,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let decided = sqlx::query(
        "insert into rewards (member_id, nth, order_id, beans, at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(member.uuid())
    .bind(i64::try_from(nth).unwrap_or(i64::MAX))
    .bind(order.uuid())
    .bind(beans.count())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(decided.rows_affected() == 1)
}
