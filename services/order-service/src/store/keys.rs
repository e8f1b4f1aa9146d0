//! The last public keys of customer-service, kept so that this service starts
//! and lets people in while customer-service is away.

use sqlx::PgPool;

/// The keys that were heard of last, as they were kept. One query.
pub(crate) async fn load(pool: &PgPool) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select keys from known_keys").fetch_optional(pool).await
}

/// Keeps these instead. One query.
pub(crate) async fn save(pool: &PgPool, keys: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into known_keys (keys) values ($1)
         on conflict (singleton) do update set keys = excluded.keys",
    )
    .bind(keys)
    .execute(pool)
    .await?;
    Ok(())
}
