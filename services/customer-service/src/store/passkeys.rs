//! `passkeys`.

use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, PasskeyId, Timestamp};
use uuid::Uuid;
use webauthn::{Backup, Credential, Used};

use super::unreadable;

/// A passkey with whose it is.
#[derive(Debug, Clone)]
pub struct Owned {
    pub id: PasskeyId,
    pub member: MemberId,
    pub credential: Credential,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: PasskeyId,
    pub name: String,
    pub credential_id: Vec<u8>,
    pub transports: Vec<String>,
    pub backup: Backup,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// A new passkey of a member.
#[derive(Debug, Clone, Copy)]
pub struct NewPasskey<'a> {
    pub id: PasskeyId,
    pub member: MemberId,
    pub name: &'a str,
    pub credential: &'a Credential,
    pub transports: &'a [String],
    pub at: Timestamp,
}

/// Keeps a passkey; `false` when somebody has it already.
pub async fn insert(connection: &mut PgConnection, new: &NewPasskey<'_>) -> sqlx::Result<bool> {
    let NewPasskey { id, member, name, credential, transports, at } = *new;
    let inserted = sqlx::query(
        "insert into passkeys (id, member_id, credential_id, public_key, sign_count, backup,
                               transports, name, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint one_passkey_per_credential do nothing",
    )
    .bind(id.uuid())
    .bind(member.uuid())
    .bind(&credential.id)
    .bind(&credential.public_key)
    .bind(i64::from(credential.sign_count))
    .bind(backup_name(credential.backup))
    .bind(transports)
    .bind(name)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: Uuid,
    name: String,
    credential_id: Vec<u8>,
    transports: Vec<String>,
    backup: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

/// A member's passkeys, oldest first: one statement.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<Listed>> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "select id, name, credential_id, transports, backup, created_at, last_used_at
         from passkeys where member_id = $1 order by id",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let ListedRow {
                id,
                name,
                credential_id,
                transports,
                backup,
                created_at,
                last_used_at,
            } = row;
            let (id, backup) = (PasskeyId::from_uuid(id), read_backup(&backup)?);
            Ok(Listed { id, name, credential_id, transports, backup, created_at, last_used_at })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct OwnedRow {
    id: Uuid,
    member_id: Uuid,
    credential_id: Vec<u8>,
    public_key: Vec<u8>,
    sign_count: i64,
    backup: String,
}

/// The passkey of a credential, locked: of two uses at once the second waits.
pub async fn lock(
    connection: &mut PgConnection,
    credential_id: &[u8],
) -> sqlx::Result<Option<Owned>> {
    let row: Option<OwnedRow> = sqlx::query_as(
        "select id, member_id, credential_id, public_key, sign_count, backup
         from passkeys where credential_id = $1 for update",
    )
    .bind(credential_id)
    .fetch_optional(connection)
    .await?;
    row.map(|OwnedRow { id, member_id, credential_id, public_key, sign_count, backup }| {
        let sign_count =
            u32::try_from(sign_count).map_err(|_| unreadable("passkeys.sign_count", sign_count))?;
        let backup = read_backup(&backup)?;
        Ok(Owned {
            id: PasskeyId::from_uuid(id),
            member: MemberId::from_uuid(member_id),
            credential: Credential { id: credential_id, public_key, sign_count, backup },
        })
    })
    .transpose()
}

/// Notes that it was used.
pub async fn mark_used(
    connection: &mut PgConnection,
    id: PasskeyId,
    used: Used,
    now: Timestamp,
) -> sqlx::Result<()> {
    let Used { sign_count, backup } = used;
    sqlx::query(
        "update passkeys set sign_count = $2, backup = $3, last_used_at = $4 where id = $1",
    )
    .bind(id.uuid())
    .bind(i64::from(sign_count))
    .bind(backup_name(backup))
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a passkey, of this member where one is named: whose it was.
pub async fn delete(
    executor: impl PgExecutor<'_>,
    id: PasskeyId,
    of: Option<MemberId>,
) -> sqlx::Result<Option<MemberId>> {
    let row: Option<Uuid> = sqlx::query_scalar(
        "delete from passkeys where id = $1 and member_id = coalesce($2, member_id)
         returning member_id",
    )
    .bind(id.uuid())
    .bind(of.map(MemberId::uuid))
    .fetch_optional(executor)
    .await?;
    Ok(row.map(MemberId::from_uuid))
}

/// Forgets all of a member's.
pub async fn delete_all(executor: impl PgExecutor<'_>, of: MemberId) -> sqlx::Result<()> {
    sqlx::query("delete from passkeys where member_id = $1")
        .bind(of.uuid())
        .execute(executor)
        .await?;
    Ok(())
}

const fn backup_name(backup: Backup) -> &'static str {
    match backup {
        Backup::Bound => "bound",
        Backup::Eligible => "eligible",
        Backup::Done => "done",
    }
}

fn read_backup(text: &str) -> sqlx::Result<Backup> {
    [Backup::Bound, Backup::Eligible, Backup::Done]
        .into_iter()
        .find(|backup| backup_name(*backup) == text)
        .ok_or_else(|| unreadable("passkeys.backup", text))
}
