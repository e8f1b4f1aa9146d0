//! `on_boards`, and who stands where: nobody who did not ask for it.

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, Timestamp};
use uuid::Uuid;

/// How many stand on a board.
const PLACES: i64 = 10;

/// Whether somebody wants to stand there.
pub async fn is_on(executor: impl PgExecutor<'_>, member: MemberId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from on_boards where member_id = $1)")
        .bind(member.uuid())
        .fetch_one(executor)
        .await
}

/// Puts somebody there, from now on; `false` for a child, also for who becomes one
/// at this moment.
pub async fn join(
    connection: &mut PgConnection,
    member: MemberId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "with adult as (
             select id from members where id = $1 and kind = 'adult' for update
         ), joined as (
             insert into on_boards (member_id, since) select id, $2 from adult
             on conflict do nothing
         )
         select exists (select from adult)",
    )
    .bind(member.uuid())
    .bind(now)
    .fetch_one(connection)
    .await
}

/// Takes somebody away.
pub async fn leave(connection: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query("delete from on_boards where member_id = $1")
        .bind(member.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// A place on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub member: MemberId,
    pub count: i64,
}

fn places(rows: Vec<(Uuid, i64)>) -> Vec<Place> {
    let place = |(member, count)| Place { member: MemberId::from_uuid(member), count };
    rows.into_iter().map(place).collect()
}

/// Who tried most different drinks since a day.
pub async fn tried(executor: impl PgExecutor<'_>, since: NaiveDate) -> sqlx::Result<Vec<Place>> {
    let rows = sqlx::query_as(
        "select member_id, count(distinct slug) from drinks_served join on_boards using (member_id)
         where day >= $1 group by member_id order by 2 desc, 1 limit $2",
    )
    .bind(since)
    .bind(PLACES)
    .fetch_all(executor)
    .await?;
    Ok(places(rows))
}

/// Who made most drinks for others since a day.
pub async fn made(executor: impl PgExecutor<'_>, since: NaiveDate) -> sqlx::Result<Vec<Place>> {
    let rows = sqlx::query_as(
        "select f.made_by, count(*) from order_facts f
         join on_boards b on b.member_id = f.made_by
         join drinks_served d using (order_id)
         where f.day >= $1 and d.member_id is distinct from f.made_by
         group by f.made_by order by 2 desc, 1 limit $2",
    )
    .bind(since)
    .bind(PLACES)
    .fetch_all(executor)
    .await?;
    Ok(places(rows))
}

/// The weeks in which those on the boards came by: (member, its first day).
pub async fn weeks(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<(MemberId, NaiveDate)>> {
    let rows: Vec<(Uuid, NaiveDate)> = sqlx::query_as(
        "select distinct member_id, date_trunc('week', day)::date
         from drinks_served join on_boards using (member_id)",
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|(member, week)| (MemberId::from_uuid(member), week)).collect())
}
