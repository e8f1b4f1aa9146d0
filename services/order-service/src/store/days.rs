//! The short number of the day, for calling out: a sequence minus the day's base.

use std::sync::Mutex;

use chrono::NaiveDate;
use sqlx::PgPool;

/// Remembers the base of the day that it was last asked for, so that placing an
/// order needs no query for it.
#[derive(Debug, Default)]
pub(crate) struct Days {
    last: Mutex<Option<(NaiveDate, i64)>>,
}

impl Days {
    /// What the day's numbers count from. One query, once per day and replica:
    /// whoever is first writes the base down, and every number drawn later is
    /// larger, whichever replica draws it.
    pub(crate) async fn base(&self, pool: &PgPool, day: NaiveDate) -> sqlx::Result<i64> {
        let known = *self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((of, base)) = known
            && of == day
        {
            return Ok(base);
        }
        sqlx::query(
            "insert into order_days (day, base)
             select $1, case when is_called then last_value else 0 end from order_numbers
             on conflict (day) do nothing",
        )
        .bind(day)
        .execute(pool)
        .await?;
        let base: i64 = sqlx::query_scalar("select base from order_days where day = $1")
            .bind(day)
            .fetch_one(pool)
            .await?;
        *self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((day, base));
        Ok(base)
    }
}
