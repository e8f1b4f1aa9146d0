//! `departures`: who left, and whether order-service has forgotten them.

use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, Timestamp};
use uuid::Uuid;

/// Marks a locked member's row as one of somebody who left, and remembers that
/// order-service must forget them: two statements.
pub async fn leave(
    connection: &mut PgConnection,
    member: MemberId,
    asked_by: MemberId,
    version: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update members set left_at = $2, version = $3 where id = $1")
        .bind(member.uuid())
        .bind(now)
        .bind(version)
        .execute(&mut *connection)
        .await?;
    sqlx::query("insert into departures (member_id, asked_by, left_at) values ($1, $2, $3)")
        .bind(member.uuid())
        .bind(asked_by.uuid())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whom order-service must still forget, longest gone first.
pub async fn waiting(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<MemberId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select member_id from departures where forgotten_at is null order by left_at limit 100",
    )
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(MemberId::from_uuid).collect())
}

/// Order-service has.
pub async fn forgotten(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update departures set forgotten_at = $2 where member_id = $1")
        .bind(member.uuid())
        .bind(now)
        .execute(executor)
        .await?;
    Ok(())
}

/// Everybody of the family who ever left, and the guests of the last month.
pub async fn all(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<MemberId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select d.member_id from departures d join members m on m.id = d.member_id
         where m.kind <> 'guest' or d.left_at > now() - interval '30 days'
         order by d.member_id",
    )
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(MemberId::from_uuid).collect())
}

/// Who of these has left. The others stay until the caller's transaction is over.
pub async fn who_left(
    connection: &mut PgConnection,
    members: &[MemberId],
) -> sqlx::Result<Vec<MemberId>> {
    let ids: Vec<Uuid> = members.iter().map(|member| member.uuid()).collect();
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "select id, left_at is not null from members where id = any($1) order by id for key share",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let left = rows.into_iter().filter(|(_, left)| *left);
    Ok(left.map(|(id, _)| MemberId::from_uuid(id)).collect())
}
