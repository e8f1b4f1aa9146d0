//! What the order events tell: of each order its way and what was drunk.
//! A projection is a function of the set of events; it can be emptied and
//! filled again from the topic, and never touches the ledger: what a coffee earned
//! is decided once, when it is first counted.
//!
//! Costs: a batch of up to 100 events is one transaction with one commit: one
//! statement that records the event ids, one that asks who has left, three for the
//! ways of its orders and two for what was drunk, however many they are; half of an order's events cost
//! nothing but their id.

pub mod consumer;
pub mod dead_letters;
pub mod decode;
pub mod loyalty;
pub mod observer;
pub mod source;
pub mod tally;

use chrono_tz::Tz;
use runtime::{AppError, postgres::timed};
use sqlx::PgPool;
use tokio::sync::watch;
use types::Timestamp;

use self::dead_letters::DeadLetters;
use crate::{
    metrics,
    store::{dead_letters as rows, ledger::NewEntry, projections as store},
};

/// How many dead letters one replay takes up.
const REPLAY_AT_MOST: i64 = 500;

/// What consumers and calls share.
#[derive(Debug)]
pub struct Projections {
    pool: PgPool,
    time_zone: Tz,
    dead_letters: DeadLetters,
    /// Where bookings leave; woken after each commit that has any.
    log: outbox::Log,
    /// Tells the consumer of this process about a new generation at once.
    generation: watch::Sender<i32>,
}

/// How a replay of dead letters went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    pub replayed: i32,
    pub failed: i32,
}

impl Projections {
    /// Nothing is consumed before [`consumer::run`].
    pub fn new(pool: PgPool, time_zone: Tz, dead_letters: DeadLetters, log: outbox::Log) -> Self {
        Self { pool, time_zone, dead_letters, log, generation: watch::Sender::new(0) }
    }

    /// What follows a commit that booked something.
    fn committed(&self, booked: &[NewEntry]) {
        for entry in booked {
            self.log.wake();
            metrics::booked(entry);
        }
    }

    /// Empties the projections and begins the next generation, whose consumers
    /// read the topic from its beginning. Its number.
    pub async fn rebuild(&self) -> Result<i32, AppError> {
        let generation = timed("projections.rebuild", async {
            let mut tx = self.pool.begin().await?;
            let generation = store::start_again(&mut tx).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(generation)
        })
        .await?;
        metrics::REBUILDS.add(1, &[]);
        tracing::info!(generation, "projections begin anew");
        self.generation.send_replace(generation);
        Ok(generation)
    }

    /// Sends what was set aside through the projections again.
    pub async fn replay_dead_letters(&self, now: Timestamp) -> Result<Replayed, AppError> {
        let mut result = Replayed::default();
        for letter in rows::waiting(&self.pool, REPLAY_AT_MOST).await? {
            let failure = match decode::read(letter.payload.as_deref()) {
                Err(poison) => Some(poison.to_string()),
                Ok(incoming) => {
                    let mut tx = self.pool.begin().await?;
                    let one = std::slice::from_ref(&incoming);
                    match tally::apply(&mut tx, one, self.time_zone, now).await {
                        Ok(applied) => {
                            rows::mark_replayed(&mut *tx, &letter.digest, now).await?;
                            tx.commit().await?;
                            self.committed(&applied.booked);
                            None
                        }
                        Err(error) if tally::is_poison(&error) => Some(error.to_string()),
                        Err(error) => return Err(error.into()),
                    }
                }
            };
            let outcome = match failure {
                None => {
                    result.replayed += 1;
                    "replayed"
                }
                Some(cause) => {
                    rows::mark_failed(&self.pool, &letter.digest, &cause).await?;
                    result.failed += 1;
                    "failed"
                }
            };
            metrics::DEAD_LETTERS_REPLAYED.add(1, &metrics::outcome(outcome));
        }
        Ok(result)
    }
}
