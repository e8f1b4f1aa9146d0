//! Orders that come at their times, whether the ones before are queued or not:
//! what waits because the system is slow counts from the moment it was due.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    api::Api,
    live::{Screens, Sent},
    members::Person,
    summary::{Outcome, Tally},
};

/// Until the first order, so that the last stream surely listens by then.
const BREATH: Duration = Duration::from_millis(250);

pub(crate) async fn run(
    api: &Api,
    people: &[Person],
    per_second: f64,
    seconds: f64,
) -> Result<Outcome> {
    let screens = Screens::open(api, people).await?;
    let pause = Duration::try_from_secs_f64(1.0 / per_second)?;
    let count = (per_second * seconds).round() as u32;
    let begin = Instant::now() + BREATH;
    let mut tasks = JoinSet::new();
    // The first works the counter, and has no phone that listens.
    let with_phones = people.iter().enumerate().map(|(at, person)| (person, at > 0));
    for (turn, (person, by_phone)) in (0..count).zip(with_phones.cycle()) {
        let due = begin + pause * turn;
        tokio::time::sleep_until(due).await;
        let (api, token) = (api.clone(), person.token.clone());
        tasks.spawn(async move {
            let placed = api.place(&token).await;
            (Sent { due, by_phone }, due.elapsed(), placed)
        });
    }
    let mut tally = Tally::default();
    let mut placed = HashMap::new();
    while let Some(done) = tasks.join_next().await {
        let (sent, took, result) = done.context("an order")?;
        let result = result.map(|id| {
            placed.insert(id, sent);
        });
        tally.add(took, result);
    }
    let took = begin.elapsed();
    let events = screens.summary(&placed).await;
    tally.outcome(took, Some(events))
}
