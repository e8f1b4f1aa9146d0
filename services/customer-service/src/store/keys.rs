//! `signing_keys`.

use customer_domain::signing::KeyTimes;
use secrecy::{ExposeSecret, SecretSlice};
use sqlx::{PgConnection, PgExecutor};
use types::Timestamp;

/// A key with its private half.
#[derive(Debug, Clone)]
pub struct StoredKey {
    pub kid: String,
    /// 32 bytes.
    pub seed: SecretSlice<u8>,
    pub public_key: Vec<u8>,
    pub times: KeyTimes,
}

#[derive(sqlx::FromRow)]
struct Row {
    kid: String,
    seed: Vec<u8>,
    public_key: Vec<u8>,
    sign_from: Timestamp,
    sign_until: Timestamp,
    not_after: Timestamp,
}

/// Keeps other replicas from making a key at the same time, until the transaction ends.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtext('signing_keys'))")
        .execute(connection)
        .await?;
    Ok(())
}

/// Every key, oldest first.
pub async fn all(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<StoredKey>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select kid, seed, public_key, sign_from, sign_until, not_after
         from signing_keys order by sign_from",
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|Row { kid, seed, public_key, sign_from, sign_until, not_after }| StoredKey {
            kid,
            seed: SecretSlice::from(seed),
            public_key,
            times: KeyTimes { sign_from, sign_until, not_after },
        })
        .collect())
}

/// Publishes a key.
pub async fn insert(
    connection: &mut PgConnection,
    key: &StoredKey,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into signing_keys
             (kid, seed, public_key, created_at, sign_from, sign_until, not_after)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&key.kid)
    .bind(key.seed.expose_secret())
    .bind(&key.public_key)
    .bind(now)
    .bind(key.times.sign_from)
    .bind(key.times.sign_until)
    .bind(key.times.not_after)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets keys whose last token has expired.
pub async fn delete_over(connection: &mut PgConnection, now: Timestamp) -> sqlx::Result<u64> {
    let deleted = sqlx::query("delete from signing_keys where not_after <= $1")
        .bind(now)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected())
}
