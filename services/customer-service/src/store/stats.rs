//! Sums over `order_facts` and `drinks_served`.

use chrono::NaiveDate;
use customer_domain::achievements::Record;
use sqlx::{FromRow, PgExecutor};
use types::MemberId;
use uuid::Uuid;

/// Drinks of one kind.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ByDrink {
    #[sqlx(rename = "menu_item_id")]
    pub item: Uuid,
    pub slug: String,
    pub count: i64,
    pub caffeine_mg: i64,
    pub beans: i64,
}

/// What a member drank, most first.
pub async fn by_drink(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<ByDrink>> {
    sqlx::query_as(
        "select menu_item_id, slug, count(*) as count, sum(caffeine_mg)::bigint as caffeine_mg,
                sum(beans)::bigint as beans
         from drinks_served where member_id = $1
         group by menu_item_id, slug order by count desc, slug",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await
}

/// When a member's drinks were served: (ISO day of the week, hour, drinks).
pub async fn by_time(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<(i16, i16, i64)>> {
    sqlx::query_as(
        "select extract(isodow from day)::smallint, hour, count(*) from drinks_served
         where member_id = $1 group by 1, 2 order by 1, 2",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await
}

/// A member's days from one on, those with nothing left out: (day, drinks, mg).
pub async fn by_day(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    from: NaiveDate,
) -> sqlx::Result<Vec<(NaiveDate, i64, i64)>> {
    sqlx::query_as(
        "select day, count(*), sum(caffeine_mg)::bigint from drinks_served
         where member_id = $1 and day >= $2 group by day order by day",
    )
    .bind(member.uuid())
    .bind(from)
    .fetch_all(executor)
    .await
}

/// From this hour on it is evening.
const EVENING: i16 = 18;

/// What a member's achievements are made of. An evening is calm when something
/// was drunk and nothing of it held caffeine.
pub async fn record(executor: impl PgExecutor<'_>, member: MemberId) -> sqlx::Result<Record> {
    let counts: Vec<i64> = sqlx::query_scalar(
        "with mine as (
             select slug, day, hour, caffeine_mg from drinks_served where member_id = $1
         ), ordered as (
             select d.guest, d.member_id from drinks_served d
             join order_facts f using (order_id) where f.placed_by = $1
         )
         select array[
             (select count(distinct slug) from mine),
             (select count(distinct extract(isodow from day)) from mine),
             (select count(distinct date_trunc('week', day)) from mine),
             (select count(*) from (
                 select day from mine where hour >= $2 group by day having max(caffeine_mg) = 0
             ) as calm),
             (select count(*) from ordered where guest),
             (select count(*) from ordered where member_id <> $1),
             (select count(*) from drinks_served d join order_facts f using (order_id)
              where f.made_by = $1 and d.member_id is distinct from $1)
         ]",
    )
    .bind(member.uuid())
    .bind(EVENING)
    .fetch_one(executor)
    .await?;
    let count = |at: usize| counts.get(at).copied().unwrap_or_default().unsigned_abs();
    Ok(Record {
        kinds: count(0),
        weekdays: count(1),
        weeks: count(2),
        calm_evenings: count(3),
        guests: count(4),
        treats: count(5),
        made: count(6),
    })
}

/// The first days of the weeks in which a member came by.
pub async fn weeks(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<NaiveDate>> {
    sqlx::query_scalar(
        "select distinct date_trunc('week', day)::date from drinks_served where member_id = $1",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await
}

/// What a barista made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow)]
pub struct Made {
    pub orders: i64,
    pub drinks: i64,
    /// Of them since a day.
    pub drinks_since: i64,
    /// From accepted to ready, the middle one; of orders that were accepted first.
    pub pace_seconds: Option<i64>,
}

/// How many somebody made, and how fast; since a day, too.
pub async fn made(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    since: NaiveDate,
) -> sqlx::Result<Made> {
    sqlx::query_as(
        "with mine as (
             select order_id, accepted_at, ready_at, accepted_version < ready_version as in_order
             from order_facts where made_by = $1
         )
         select (select count(*) from mine) as orders,
                (select count(*) from drinks_served join mine using (order_id)) as drinks,
                (select count(*) from drinks_served join mine using (order_id)
                 where day >= $2) as drinks_since,
                (select round(extract(epoch from percentile_cont(0.5) within group
                     (order by ready_at - accepted_at)))::bigint
                 from mine where in_order) as pace_seconds",
    )
    .bind(member.uuid())
    .bind(since)
    .fetch_one(executor)
    .await
}

/// How long people waited, from placed to ready, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow)]
pub struct Waits {
    /// Orders that were made and whose way is known.
    pub orders: i64,
    pub median: Option<i64>,
    /// Nine of ten waited no longer.
    pub ninth: Option<i64>,
    pub longest: Option<i64>,
}

/// The waits of the orders that ended in these days.
pub async fn waits(
    executor: impl PgExecutor<'_>,
    (first, last): (NaiveDate, NaiveDate),
) -> sqlx::Result<Waits> {
    sqlx::query_as(
        "with waits as (
             select extract(epoch from ready_at - placed_at) as seconds from order_facts
             where day between $1 and $2 and outcome in ('completed', 'uncollected')
               and ready_at >= placed_at
         )
         select count(*) as orders,
                round(percentile_cont(0.5) within group (order by seconds))::bigint as median,
                round(percentile_cont(0.9) within group (order by seconds))::bigint as ninth,
                round(max(seconds))::bigint as longest
         from waits",
    )
    .bind(first)
    .bind(last)
    .fetch_one(executor)
    .await
}

/// How the orders of these days ended: (outcome, orders).
pub async fn outcomes(
    executor: impl PgExecutor<'_>,
    (first, last): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as(
        "select outcome, count(*) from order_facts where day between $1 and $2
         group by outcome order by 2 desc, 1",
    )
    .bind(first)
    .bind(last)
    .fetch_all(executor)
    .await
}

/// What was had in these days, most first.
pub async fn sold(
    executor: impl PgExecutor<'_>,
    (first, last): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<ByDrink>> {
    sqlx::query_as(
        "select menu_item_id, slug, count(*) as count, sum(caffeine_mg)::bigint as caffeine_mg,
                sum(beans)::bigint as beans
         from drinks_served where day between $1 and $2
         group by menu_item_id, slug order by count desc, slug",
    )
    .bind(first)
    .bind(last)
    .fetch_all(executor)
    .await
}

/// When it was had: (day, hour, drinks).
pub async fn sold_by_time(
    executor: impl PgExecutor<'_>,
    (first, last): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<(NaiveDate, i16, i64)>> {
    sqlx::query_as(
        "select day, hour, count(*) from drinks_served where day between $1 and $2
         group by day, hour order by day, hour",
    )
    .bind(first)
    .bind(last)
    .fetch_all(executor)
    .await
}
