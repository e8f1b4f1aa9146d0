//! What the family may be served, as far as this service knows: asked of
//! customer-service every few seconds, and whenever something is ordered for a
//! child; kept in the database for when it is away. Who is known to be grown up
//! waits for nobody.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use order_domain::{Diner, Wards};
use runtime::{AppError, postgres};
use tokio_util::sync::CancellationToken;
use types::MemberId;

use super::App;
use crate::store;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(5);
/// How long customer-service may take to say it; a child waits.
const PATIENCE: Duration = Duration::from_secs(1);
/// After it did not answer, no child waits for it for so long.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Everybody, by id.
pub(super) type Diners = Arc<BTreeMap<MemberId, Diner>>;

#[derive(Debug, Clone, Default)]
struct Known {
    diners: Diners,
    failed: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Cache(RwLock<Known>);

impl Cache {
    fn known(&self) -> Known {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
}

impl App {
    /// What was kept last, at the start. One query.
    pub async fn recall_diners(&self) -> Result<(), AppError> {
        let kept = store::diners::load(self.pool()).await?;
        let diners = Arc::new(kept.into_iter().map(|diner| (diner.member, diner)).collect());
        self.0.diners.change(|known| known.diners = diners);
        Ok(())
    }

    /// Asks again and again until the service drains.
    pub async fn follow_diners(&self, draining: CancellationToken) {
        let mut clock = tokio::time::interval(EVERY);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = clock.tick() => {}
                () = draining.cancelled() => return,
            }
            let asking = self.ask_for_diners();
            match draining.run_until_cancelled(asking).await {
                None => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!(cause = error.chain(), "could not ask what may be served");
                }
            }
        }
    }

    /// What may be served to these people, and to all others that are known. Memory
    /// where all of them are known to be grown up; else one call, without which what
    /// was known last counts, and counts at once for a while after a call that failed.
    /// Who was never heard of may be a child: for them it is always asked, and nothing
    /// is ordered before it is known.
    pub(super) async fn diners_of(
        &self,
        eaters: impl IntoIterator<Item = MemberId>,
    ) -> Result<Diners, AppError> {
        let known = self.0.diners.known();
        let (mut is_news, mut is_child) = (false, false);
        for eater in eaters {
            match known.diners.get(&eater) {
                None => is_news = true,
                Some(diner) => is_child |= diner.is_child(),
            }
        }
        if is_news {
            return self.ask_for_diners().await;
        }
        if !is_child || known.failed.is_some_and(|failed| failed.elapsed() < ASK_AGAIN) {
            return Ok(known.diners);
        }
        match self.ask_for_diners().await {
            Err(error) if error.is_transient() => {
                tracing::debug!(cause = error.chain(), "a child's limits as they were last");
                Ok(known.diners)
            }
            asked => asked,
        }
    }

    /// Everybody, as known last. Memory.
    pub(super) fn known_diners(&self) -> Diners {
        self.0.diners.known().diners
    }

    /// For whom somebody answers: children whom they look after, guests whom they
    /// have. Memory.
    pub fn wards_of(&self, guardian: MemberId) -> Wards {
        let diners = self.known_diners();
        let wards = diners.values().filter(|diner| diner.guardians().contains(&guardian));
        wards.map(|diner| diner.member).collect()
    }

    /// What may be served as customer-service says it now. One call; one statement if
    /// it is news.
    pub async fn ask_for_diners(&self) -> Result<Diners, AppError> {
        let known = self.0.diners.known();
        let asked = runtime::deadline::within(PATIENCE, self.0.customers.diners()).await;
        let diners = match asked.map_err(AppError::from).flatten() {
            Ok(diners) => diners,
            Err(error) => {
                self.0.diners.change(|known| known.failed = Some(Instant::now()));
                return Err(error);
            }
        };
        let by_id: BTreeMap<MemberId, Diner> =
            diners.iter().map(|diner| (diner.member, diner.clone())).collect();
        if by_id == *known.diners {
            self.0.diners.change(|known| known.failed = None);
            return Ok(known.diners);
        }
        // What cannot be kept now is kept with the next news.
        match postgres::in_time(store::diners::save(self.pool(), &diners)).await {
            Ok(()) => {
                let diners = Arc::new(by_id);
                let known = Known { diners: Arc::clone(&diners), failed: None };
                self.0.diners.change(|before| *before = known);
                Ok(diners)
            }
            Err(error) => Err(error.into()),
        }
    }
}
