//! Menu and bar: remembered per replica, checked by generation.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use chrono::{Days, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use order_domain::{Menu, MenuItem};
use runtime::{AppError, Code};
use types::{EventId, Timestamp};

use super::App;
use crate::{
    convert::{self, event::HouseChange},
    store,
};

/// When a new day begins for what was taken off: hour of the family's morning.
const MORNING: u32 = 4;
/// How many the search answers at most.
const FOUND: i64 = 20;

/// Menu and bar of one generation.
#[derive(Debug, Clone)]
pub struct House {
    pub generation: i64,
    pub menu: Menu,
    pub bar: order_domain::Bar,
}

/// The bar with what goes on at it.
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    pub state: order_domain::Bar,
    /// Orders in the queue.
    pub queued: u32,
    /// Orders in the making.
    pub preparing: u32,
    /// How long an order of one item is likely to take; none while too little is known.
    pub estimate: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Cache {
    house: RwLock<Option<Arc<House>>>,
}

impl App {
    /// Menu and bar as this replica remembers them. Memory; two queries the first time.
    pub async fn house(&self) -> Result<Arc<House>, AppError> {
        let remembered = self.remembered();
        match remembered {
            Some(house) => Ok(house),
            None => self.load_house().await,
        }
    }

    /// Menu and bar as they are now: one query, two if they have changed.
    pub async fn fresh_house(&self) -> Result<Arc<House>, AppError> {
        let generation = store::menu::generation(self.pool()).await?;
        match self.remembered() {
            Some(house) if house.generation == generation => Ok(house),
            _ => self.load_house().await,
        }
    }

    fn remembered(&self) -> Option<Arc<House>> {
        self.0.house.house.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    async fn load_house(&self) -> Result<Arc<House>, AppError> {
        let rows = store::menu::load(self.pool()).await?;
        let generation = rows.bar.generation;
        let (menu, bar) = convert::menu::from_rows(rows);
        let house = Arc::new(House { generation, menu, bar });
        let mut remembered =
            self.0.house.house.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Two may load at once; the newer one stays.
        match &*remembered {
            Some(newer) if newer.generation > generation => Ok(Arc::clone(newer)),
            _ => {
                *remembered = Some(Arc::clone(&house));
                Ok(house)
            }
        }
    }

    /// The bar with its queue. Memory, and one query now and then.
    pub async fn bar(&self) -> Result<Bar, AppError> {
        let house = self.house().await?;
        let counter = self.counter().await?;
        Ok(Bar {
            state: house.bar.at(self.now()),
            queued: counter.queued,
            preparing: counter.preparing,
            estimate: counter.estimate_of_one(),
        })
    }

    /// Opens, pauses or closes the bar. Paused without a time it stays so until
    /// somebody opens it. A transaction of four statements.
    pub async fn set_bar(&self, state: order_domain::Bar) -> Result<(), AppError> {
        let now = self.now();
        if let Some(until) = state.until()
            && until <= now
        {
            let message = "it lies in the past";
            return Err(AppError::invalid("until", "in-the-past", message));
        }
        let mut tx = self.pool().begin().await?;
        let before = store::menu::lock(&mut tx).await?;
        store::menu::set_bar(&mut tx, state.name(), state.until()).await?;
        self.house_changed(tx, before + 1, now, HouseChange::Bar).await
    }

    /// Takes an item, a milk or an extra off, until the next morning unless said
    /// otherwise, or puts it back. A transaction of four statements.
    pub async fn set_availability(
        &self,
        slug: &str,
        available: Availability,
    ) -> Result<(), AppError> {
        let now = self.now();
        let off_until = match available {
            Availability::There => None,
            Availability::Off { until: Some(until) } if until <= now => {
                let message = "it lies in the past";
                return Err(AppError::invalid("until", "in-the-past", message));
            }
            Availability::Off { until } => {
                Some(until.unwrap_or_else(|| next_day_at(now, self.0.zone, MORNING)))
            }
        };
        let mut tx = self.pool().begin().await?;
        let before = store::menu::lock(&mut tx).await?;
        if !store::menu::set_off(&mut tx, slug, off_until).await? {
            return Err(AppError::new(Code::NotFound, "The menu has no such thing.").field(
                "slug",
                "unknown",
                "neither an item nor a milk nor an extra",
            ));
        }
        self.house_changed(tx, before + 1, now, HouseChange::Menu).await
    }

    async fn house_changed(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        generation: i64,
        now: Timestamp,
        change: HouseChange,
    ) -> Result<(), AppError> {
        let event_id = EventId::new();
        let event = outbox::NewEvent {
            event_id,
            stream_key: change.stream_key().to_owned(),
            version: generation,
            kind: change.kind().to_owned(),
            payload: convert::event::of_house(event_id, generation.unsigned_abs(), now, change),
            traceparent: runtime::telemetry::traceparent(),
            at: now,
        };
        outbox::append(&mut tx, &event).await?;
        tx.commit().await?;
        self.0.numberer.wake();
        self.load_house().await?;
        Ok(())
    }

    /// The menu's items that a text may mean, best first. One query.
    pub async fn search(&self, text: &str) -> Result<(Arc<House>, Vec<MenuItem>), AppError> {
        let house = self.house().await?;
        let slugs = store::menu::search(self.pool(), text, FOUND).await?;
        let items = slugs.iter().filter_map(|slug| house.menu.find(slug)).cloned().collect();
        Ok((house, items))
    }
}

/// Whether something can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    There,
    /// Off until then, or until the next morning.
    Off {
        until: Option<Timestamp>,
    },
}

/// The next time that a clock of this zone shows this hour: "the next morning".
pub(super) fn next_day_at(now: Timestamp, zone: Tz, hour: u32) -> Timestamp {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    let today = now.with_timezone(&zone).date_naive();
    (0..=2)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .filter_map(|day| zone.from_local_datetime(&day.and_time(time)).earliest())
        .map(|at| at.to_utc())
        .find(|at| *at > now)
        .unwrap_or(now + chrono::TimeDelta::days(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_morning_is_of_the_familys_clock_even_when_the_clocks_change() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let zone = chrono_tz::Europe::Berlin;
        for (now, next) in [
            ("2026-11-22T20:00:00Z", "2026-11-23T03:00:00Z"),
            ("2026-11-22T01:00:00Z", "2026-11-22T03:00:00Z"),
            ("2026-07-01T20:00:00Z", "2026-07-02T02:00:00Z"),
            ("2026-03-28T20:00:00Z", "2026-03-29T02:00:00Z"),
        ] {
            assert_eq!(next_day_at(at(now), zone, MORNING), at(next), "{now}");
        }
    }
}
