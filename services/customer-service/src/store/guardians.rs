//! `guardians`, and the `kind` of members.

use customer_domain::kin::{Kin, Relatives};
use sqlx::PgConnection;
use types::MemberId;
use uuid::Uuid;

use super::members::parse_kin;

/// What all changes of who is a child, and of guardians, wait for.
const LOCK: i64 = 7_311_486_311;

/// Locks who is a child and who guards whom, for the rest of the transaction, and
/// reads it. Two statements.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<Relatives> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    let rows: Vec<(Uuid, String, Vec<Uuid>, Option<Uuid>)> = sqlx::query_as(
        "select m.id, m.kind,
                array(select g.guardian_id from guardians g where g.child_id = m.id), m.host_id
         from members m where m.left_at is null",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(id, kind, guardians, host)| {
            Ok((MemberId::from_uuid(id), parse_kin(&kind, &guardians, host)?))
        })
        .collect()
}

/// Writes who guards a member from now on; who is a child guards nobody, and stands
/// on no board. Three statements.
pub async fn put(connection: &mut PgConnection, member: MemberId, kin: &Kin) -> sqlx::Result<()> {
    sqlx::query("delete from guardians where child_id = $1 or ($2 and guardian_id = $1)")
        .bind(member.uuid())
        .bind(kin.is_child())
        .execute(&mut *connection)
        .await?;
    if kin.is_child() {
        super::boards::leave(&mut *connection, member).await?;
    }
    let guardians: Vec<Uuid> = kin.guardians().map(MemberId::uuid).collect();
    sqlx::query("insert into guardians (child_id, guardian_id) select $1, unnest($2::uuid[])")
        .bind(member.uuid())
        .bind(guardians)
        .execute(connection)
        .await?;
    Ok(())
}
