//! The house's settings: what an admin set, else what the environment says. They
//! are asked for at every settlement, so they are kept in memory, and read again
//! every second: a change counts at once here, and soon on every replica.
//!
//! Costs: reading is no statement, changing one; one a second for looking.

use std::{sync::RwLock, time::Duration};

use customer_domain::house::{AbsurdSettings, Settings};
use runtime::{AppError, Code, postgres::in_time, postgres::timed, shutdown::Shutdown};
use sqlx::PgPool;
use types::{MemberId, Timestamp};

use super::App;
use crate::store::house::{self as store, Row};

/// How often it is looked what another replica set.
const LOOK: Duration = Duration::from_secs(1);

/// The settings in force.
#[derive(Debug)]
pub struct House {
    default: Settings,
    set: RwLock<Option<Row>>,
}

impl House {
    /// With what holds until somebody sets something.
    pub const fn new(default: Settings) -> Self {
        Self { default, set: RwLock::new(None) }
    }

    /// What holds now.
    pub fn current(&self) -> Settings {
        self.row().map_or(self.default, |row| row.settings)
    }

    /// What was set, if anything was.
    pub fn row(&self) -> Option<Row> {
        *self.set.read().unwrap_or_else(|poison| poison.into_inner())
    }

    /// Reads what was set.
    pub async fn read(&self, pool: &PgPool) -> sqlx::Result<()> {
        if let Some(row) = in_time(store::get(pool)).await? {
            self.put(row);
        }
        Ok(())
    }

    /// Looks again and again until the service drains. While the database is away
    /// the last known settings hold: nothing is settled then anyhow.
    pub async fn keep(&self, pool: &PgPool, shutdown: &Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.draining().cancelled() => return,
            }
            if let Err(error) = self.read(pool).await {
                tracing::debug!(%error, "the house's settings cannot be read");
            }
        }
    }

    /// An older row that was read meanwhile changes nothing.
    fn put(&self, row: Row) {
        let mut set = self.set.write().unwrap_or_else(|poison| poison.into_inner());
        if set.is_none_or(|known| known.version <= row.version) {
            *set = Some(row);
        }
    }
}

/// Sets the house's settings, over the version that was seen.
pub async fn set(
    app: &App,
    settings: Settings,
    seen: i64,
    by: MemberId,
    now: Timestamp,
) -> Result<(), AppError> {
    let put = store::put(&app.pool, &settings, seen, by, now);
    let Some(version) = timed("house.set", put).await? else {
        let says = "Somebody else changed the house's settings meanwhile. Please look again.";
        return Err(AppError::new(Code::Stale, says));
    };
    app.house.put(Row { settings, version, changed_by: by, changed_at: now });
    tracing::info!(by = %by, version, "the house's settings were changed");
    Ok(())
}

/// What can never be, beside its field.
pub fn absurd(error: AbsurdSettings) -> AppError {
    let field = match error {
        AbsurdSettings::Floor => "floor_beans",
        AbsurdSettings::Allowance => "weekly_allowance_beans",
    };
    AppError::invalid(field, "out-of-range", error.to_string())
}
