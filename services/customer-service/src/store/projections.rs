//! `consumed_events`, `served_orders` and `drink_stats`: what can be emptied and
//! filled again, with the stamp cards of `loyalty.rs`.

use customer_domain::stats::{Served, Tally};
use sqlx::{PgConnection, PgExecutor, types::Json};
use types::{EventId, MemberId, MenuItemId, OrderId};
use uuid::Uuid;

/// The generation in force; part of the consumer group's name.
pub async fn generation(executor: impl PgExecutor<'_>) -> sqlx::Result<i32> {
    sqlx::query_scalar("select generation from projections where name = 'orders'")
        .fetch_one(executor)
        .await
}

/// Empties the projections and begins the next generation.
pub async fn start_again(connection: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::query("truncate consumed_events, served_orders, drink_stats, stamps, stamp_cards")
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar(
        "update projections set generation = generation + 1 where name = 'orders'
         returning generation",
    )
    .fetch_one(connection)
    .await
}

/// Records events as consumed; those that were new.
pub async fn record(
    connection: &mut PgConnection,
    events: &[EventId],
) -> sqlx::Result<Vec<EventId>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.uuid()).collect();
    let new: Vec<Uuid> = sqlx::query_scalar(
        "insert into consumed_events (event_id) select unnest($1::uuid[]) order by 1
         on conflict do nothing returning event_id",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(new.into_iter().map(EventId::from_uuid).collect())
}

/// What an order counts with, locked.
pub async fn lock_served(
    connection: &mut PgConnection,
    order: OrderId,
) -> sqlx::Result<Option<Served>> {
    let row: Option<(i64, i16, Json<Vec<customer_domain::stats::Drink>>)> = sqlx::query_as(
        "select version, hour, drinks from served_orders where order_id = $1 for update",
    )
    .bind(order.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(version, hour, Json(drinks))| Served {
        order,
        version: version.unsigned_abs(),
        hour: u8::try_from(hour).unwrap_or_default(),
        drinks,
    }))
}

/// Sets what an order counts with.
pub async fn put_served(connection: &mut PgConnection, served: &Served) -> sqlx::Result<()> {
    sqlx::query(
        "insert into served_orders (order_id, version, hour, drinks) values ($1, $2, $3, $4)
         on conflict (order_id) do update
         set version = excluded.version, hour = excluded.hour, drinks = excluded.drinks",
    )
    .bind(served.order.uuid())
    .bind(i64::try_from(served.version).unwrap_or(i64::MAX))
    .bind(i16::from(served.hour))
    .bind(Json(&served.drinks))
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds a change, cell by cell in their order (so that two consumers never
/// lock them crosswise); cells that come to nothing go.
pub async fn add(connection: &mut PgConnection, change: &Tally) -> sqlx::Result<()> {
    if change.is_empty() {
        return Ok(());
    }
    let members: Vec<Uuid> = change.keys().map(|cell| cell.member.uuid()).collect();
    let items: Vec<Uuid> = change.keys().map(|cell| cell.item.uuid()).collect();
    let slugs: Vec<&str> = change.keys().map(|cell| cell.slug.as_str()).collect();
    let hours: Vec<i16> = change.keys().map(|cell| i16::from(cell.hour)).collect();
    let drinks: Vec<i64> = change.values().map(|count| count.drinks).collect();
    let caffeine: Vec<i64> = change.values().map(|count| count.caffeine_mg).collect();
    sqlx::query(
        "insert into drink_stats (member_id, menu_item_id, slug, hour, drinks, caffeine_mg)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[],
                              $5::bigint[], $6::bigint[])
         on conflict (member_id, menu_item_id, slug, hour) do update
         set drinks = drink_stats.drinks + excluded.drinks,
             caffeine_mg = drink_stats.caffeine_mg + excluded.caffeine_mg",
    )
    .bind(&members)
    .bind(items)
    .bind(slugs)
    .bind(hours)
    .bind(drinks)
    .bind(caffeine)
    .execute(&mut *connection)
    .await?;
    if change.values().any(|count| count.drinks <= 0) {
        sqlx::query(
            "delete from drink_stats
             where member_id = any($1) and drinks = 0 and caffeine_mg = 0",
        )
        .bind(&members)
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// A member's drinks by menu item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByDrink {
    pub item: MenuItemId,
    pub slug: String,
    pub count: i64,
    pub caffeine_mg: i64,
}

/// What a member drank, most first.
pub async fn by_drink(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<ByDrink>> {
    let rows: Vec<(Uuid, String, i64, i64)> = sqlx::query_as(
        "select menu_item_id, slug, sum(drinks)::bigint, sum(caffeine_mg)::bigint
         from drink_stats where member_id = $1 group by menu_item_id, slug order by 3 desc, slug",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(item, slug, count, caffeine_mg)| ByDrink {
            item: MenuItemId::from_uuid(item),
            slug,
            count,
            caffeine_mg,
        })
        .collect())
}

/// When a member's drinks were served: (hour, count), by hour.
pub async fn by_hour(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<(i16, i64)>> {
    sqlx::query_as(
        "select hour, sum(drinks)::bigint from drink_stats where member_id = $1
         group by hour order by hour",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await
}
