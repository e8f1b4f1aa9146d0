//! What was ended before its access tokens expire (sessions, and older tokens of
//! members whose roles changed): one query every two seconds, and at once after
//! something ended here, keeps a set in memory; every watcher gets what it has not
//! seen. A set needs no cursor, so a transaction that commits late is not missed.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::Stream;
use runtime::{AppError, Shutdown, postgres::in_time};
use sqlx::PgPool;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use types::Timestamp;

use crate::store::{self, revocations::Ended};

/// How often the table is read, for what other replicas revoked.
const LOOK: Duration = Duration::from_secs(2);
/// A heartbeat at least so often; the contract says 5 s.
const HEARTBEAT: Duration = Duration::from_secs(4);
/// With an older view than this no heartbeat is given: it would be a lie.
const STALE: Duration = Duration::from_secs(6);

/// What is known, and since when it is known.
#[derive(Debug, Clone, Default)]
struct Known {
    revoked: Arc<BTreeMap<Ended, Timestamp>>,
    read_at: Option<Instant>,
}

/// The revoked sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Revocations {
    known: watch::Sender<Known>,
    again: Arc<Notify>,
}

/// What a watcher is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Refuse these tokens until then.
    Revoked { ended: Ended, until: Timestamp },
    /// All is told so far.
    Heartbeat,
}

impl Default for Revocations {
    fn default() -> Self {
        Self { known: watch::Sender::new(Known::default()), again: Arc::default() }
    }
}

impl Revocations {
    /// Asks for another look now: something was revoked here.
    pub fn look_again(&self) {
        self.again.notify_one();
    }

    /// The revoked sessions as last read.
    pub fn current(&self) -> Arc<BTreeMap<Ended, Timestamp>> {
        self.known.borrow().revoked.clone()
    }

    /// Reads the table once.
    pub async fn read(&self, pool: &PgPool, now: Timestamp) -> sqlx::Result<()> {
        let revoked = in_time(store::revocations::live(pool, now)).await?;
        self.known.send_modify(|known| {
            if *known.revoked != revoked {
                known.revoked = Arc::new(revoked);
            }
            known.read_at = Some(Instant::now());
        });
        Ok(())
    }

    /// Keeps the set fresh until the service drains. `each` hears every reading;
    /// `None`: it could not be read.
    pub async fn keep(
        &self,
        pool: PgPool,
        shutdown: Shutdown,
        each: impl Fn(Option<&BTreeMap<Ended, Timestamp>>),
    ) -> anyhow::Result<()> {
        loop {
            match self.read(&pool, crate::clock::now()).await {
                Ok(()) => each(Some(&self.current())),
                Err(error) => {
                    tracing::debug!(%error, "could not read revocations");
                    each(None);
                }
            }
            tokio::select! {
                () = self.again.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.draining().cancelled() => return Ok(()),
            }
        }
    }

    /// What a watcher hears: the backlog, a heartbeat, then each new one, with a
    /// heartbeat every 4 s. It ends with an error while the table cannot be read.
    pub fn watch(&self) -> impl Stream<Item = Result<Tell, AppError>> + Send + use<> {
        let watcher = Watcher {
            known: self.known.subscribe(),
            told: BTreeMap::new(),
            pending: VecDeque::new(),
            heartbeat: Instant::now(),
            over: false,
        };
        futures::stream::unfold(watcher, |mut watcher| async move {
            if watcher.over {
                return None;
            }
            let told = watcher.next().await;
            watcher.over = told.is_err();
            Some((told, watcher))
        })
    }
}

struct Watcher {
    known: watch::Receiver<Known>,
    told: BTreeMap<Ended, Timestamp>,
    pending: VecDeque<Tell>,
    /// When the next one is due.
    heartbeat: Instant,
    over: bool,
}

impl Watcher {
    async fn next(&mut self) -> Result<Tell, AppError> {
        loop {
            self.collect();
            if let Some(tell) = self.pending.pop_front() {
                return Ok(tell);
            }
            let wait = tokio::time::timeout_at(self.heartbeat, self.known.changed()).await;
            match wait {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(AppError::unavailable("the service is ending")),
                Err(_) => {
                    let fresh = self
                        .known
                        .borrow()
                        .read_at
                        .is_some_and(|read_at| read_at.elapsed() < STALE);
                    if !fresh {
                        return Err(AppError::unavailable("revocations cannot be read"));
                    }
                    self.heartbeat = Instant::now() + HEARTBEAT;
                    return Ok(Tell::Heartbeat);
                }
            }
        }
    }

    fn collect(&mut self) {
        let revoked = self.known.borrow_and_update().revoked.clone();
        for (ended, until) in revoked.iter() {
            if self.told.insert(*ended, *until).is_none() {
                self.pending.push_back(Tell::Revoked { ended: *ended, until: *until });
            }
        }
        self.told.retain(|ended, _| revoked.contains_key(ended));
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use types::SessionId;

    use super::*;

    fn know(revocations: &Revocations, sessions: &[SessionId]) {
        let until = crate::clock::now();
        revocations.known.send_modify(|known| {
            known.revoked = Arc::new(
                sessions.iter().map(|session| (Ended::Session(*session), until)).collect(),
            );
            known.read_at = Some(Instant::now());
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_watcher_hears_the_backlog_then_a_heartbeat_then_what_is_new() {
        let revocations = Revocations::default();
        let (first, second) = (SessionId::new(), SessionId::new());
        know(&revocations, &[first]);
        let mut heard = std::pin::pin!(revocations.watch());
        let mut next = async || heard.next().await.unwrap();
        assert!(
            matches!(next().await, Ok(Tell::Revoked { ended, .. }) if ended == Ended::Session(first))
        );
        assert!(matches!(next().await, Ok(Tell::Heartbeat)));
        know(&revocations, &[first, second]);
        assert!(
            matches!(next().await, Ok(Tell::Revoked { ended, .. }) if ended == Ended::Session(second))
        );
        let before = Instant::now();
        assert!(matches!(next().await, Ok(Tell::Heartbeat)));
        assert!(before.elapsed() <= Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_fresh_view_there_is_no_heartbeat_but_an_end() {
        let revocations = Revocations::default();
        know(&revocations, &[]);
        let mut heard = std::pin::pin!(revocations.watch());
        assert!(matches!(heard.next().await, Some(Ok(Tell::Heartbeat))));
        assert!(matches!(heard.next().await, Some(Ok(Tell::Heartbeat))));
        assert!(matches!(heard.next().await, Some(Err(_))));
        assert!(heard.next().await.is_none());
    }
}
