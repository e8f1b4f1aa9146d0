//! `gifts` and `corrections`: what stands behind entries of these kinds.

use std::collections::HashMap;

use customer_domain::gifts::{Correction, Gift};
use sqlx::{PgConnection, PgExecutor};
use types::{Beans, CorrectionId, GiftId, MemberId, Timestamp};
use uuid::Uuid;

type GiftRow = (Uuid, Uuid, Uuid, i64, String);
type CorrectionRow = (Uuid, Uuid, Uuid, i64, String);

fn gift((id, giver, receiver, beans, message): GiftRow) -> (GiftId, Gift) {
    let gift = Gift {
        giver: MemberId::from_uuid(giver),
        receiver: MemberId::from_uuid(receiver),
        beans: Beans::new(beans),
        message,
    };
    (GiftId::from_uuid(id), gift)
}

fn correction((id, member, by, beans, reason): CorrectionRow) -> (CorrectionId, Correction) {
    let correction = Correction {
        member: MemberId::from_uuid(member),
        by: MemberId::from_uuid(by),
        beans: Beans::new(beans),
        reason,
    };
    (CorrectionId::from_uuid(id), correction)
}

/// What a member gave with this key. Their account is locked: nobody gives meanwhile.
pub async fn by_key(
    connection: &mut PgConnection,
    giver: MemberId,
    key: &str,
) -> sqlx::Result<Option<(GiftId, Gift)>> {
    let row: Option<GiftRow> = sqlx::query_as(
        "select id, giver, receiver, beans, message from gifts
         where giver = $1 and idempotency_key = $2",
    )
    .bind(giver.uuid())
    .bind(key)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(gift))
}

/// Writes a gift.
pub async fn insert(
    connection: &mut PgConnection,
    id: GiftId,
    key: &str,
    gift: &Gift,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into gifts (id, giver, receiver, beans, message, idempotency_key, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.uuid())
    .bind(gift.giver.uuid())
    .bind(gift.receiver.uuid())
    .bind(gift.beans.count())
    .bind(&gift.message)
    .bind(key)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// The gifts of these ids.
pub async fn of(
    executor: impl PgExecutor<'_>,
    ids: &[GiftId],
) -> sqlx::Result<HashMap<GiftId, Gift>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<GiftRow> =
        sqlx::query_as("select id, giver, receiver, beans, message from gifts where id = any($1)")
            .bind(ids)
            .fetch_all(executor)
            .await?;
    Ok(rows.into_iter().map(gift).collect())
}

/// What an admin corrected with this key. Their row is locked: nobody corrects
/// in their name meanwhile.
pub async fn correction_by_key(
    connection: &mut PgConnection,
    by: MemberId,
    key: &str,
) -> sqlx::Result<Option<(CorrectionId, Correction)>> {
    let row: Option<CorrectionRow> = sqlx::query_as(
        "select id, member_id, corrected_by, beans, reason from corrections
         where corrected_by = $1 and idempotency_key = $2",
    )
    .bind(by.uuid())
    .bind(key)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(correction))
}

/// Writes a correction.
pub async fn insert_correction(
    connection: &mut PgConnection,
    id: CorrectionId,
    key: &str,
    correction: &Correction,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into corrections
             (id, member_id, corrected_by, beans, reason, idempotency_key, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.uuid())
    .bind(correction.member.uuid())
    .bind(correction.by.uuid())
    .bind(correction.beans.count())
    .bind(&correction.reason)
    .bind(key)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// The corrections of these ids.
pub async fn corrections_of(
    executor: impl PgExecutor<'_>,
    ids: &[CorrectionId],
) -> sqlx::Result<HashMap<CorrectionId, Correction>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<CorrectionRow> = sqlx::query_as(
        "select id, member_id, corrected_by, beans, reason from corrections where id = any($1)",
    )
    .bind(ids)
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(correction).collect())
}
