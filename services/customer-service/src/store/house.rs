//! `house_settings`: one row, or none while nobody set anything.

use customer_domain::{
    house::Settings,
    ledger::{Bar, House},
};
use sqlx::PgExecutor;
use types::{Beans, MemberId, Timestamp};
use uuid::Uuid;

/// What was set, by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub settings: Settings,
    /// Raised by each change.
    pub version: i64,
    pub changed_by: MemberId,
    pub changed_at: Timestamp,
}

/// What holds; `None`: nobody set anything.
pub async fn get(executor: impl PgExecutor<'_>) -> sqlx::Result<Option<Row>> {
    let row: Option<(bool, i64, i64, i64, Uuid, Timestamp)> = sqlx::query_as(
        "select free_bar, beans_floor, weekly_allowance, version, changed_by, changed_at
         from house_settings",
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|(free_bar, floor, weekly_allowance, version, changed_by, changed_at)| Row {
        settings: Settings {
            house: House {
                floor: Beans::new(floor),
                bar: if free_bar { Bar::Free } else { Bar::Paid },
            },
            weekly_allowance: Beans::new(weekly_allowance),
        },
        version,
        changed_by: MemberId::from_uuid(changed_by),
        changed_at,
    }))
}

/// Sets it, over the version that was seen (0: whatever it is); the new version,
/// or `None` when somebody else changed it meanwhile.
pub async fn put(
    executor: impl PgExecutor<'_>,
    settings: &Settings,
    seen: i64,
    by: MemberId,
    now: Timestamp,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "insert into house_settings
             (free_bar, beans_floor, weekly_allowance, version, changed_by, changed_at)
         values ($1, $2, $3, 1, $4, $5)
         on conflict (only_one) do update
         set free_bar = excluded.free_bar, beans_floor = excluded.beans_floor,
             weekly_allowance = excluded.weekly_allowance,
             version = house_settings.version + 1,
             changed_by = excluded.changed_by, changed_at = excluded.changed_at
         where $6 = 0 or house_settings.version = $6
         returning version",
    )
    .bind(settings.house.bar == Bar::Free)
    .bind(settings.house.floor.count())
    .bind(settings.weekly_allowance.count())
    .bind(by.uuid())
    .bind(now)
    .bind(seen)
    .fetch_optional(executor)
    .await
}
