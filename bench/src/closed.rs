//! Clients that wait: each orders again as soon as its last order is queued.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use crate::{
    api::Api,
    members::Person,
    summary::{Outcome, Tally},
};

const TRY_EVERY: Duration = Duration::from_millis(20);

/// So many clients, each a member of its own as far as there are any.
pub(crate) async fn run(
    api: &Api,
    people: &[Person],
    clients: usize,
    orders: usize,
) -> Result<Outcome> {
    let left = Arc::new(Semaphore::new(orders));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for person in people.iter().cycle().take(clients) {
        let (api, left, token) = (api.clone(), left.clone(), person.token.clone());
        tasks.spawn(async move {
            let mut done = Vec::new();
            while let Ok(permit) = left.try_acquire() {
                permit.forget();
                let sent = Instant::now();
                let placed = api.place(&token).await;
                done.push((sent.elapsed(), placed.map(drop)));
            }
            done
        });
    }
    let mut tally = Tally::default();
    while let Some(done) = tasks.join_next().await {
        for (took, result) in done.context("a client")? {
            tally.add(took, result);
        }
    }
    tally.outcome(begin.elapsed(), None)
}

/// Tries until one order is queued.
pub(crate) async fn first(api: &Api, people: &[Person], patience: Duration) -> Result<Outcome> {
    let person = people.first().context("nobody is signed in")?;
    let begin = Instant::now();
    loop {
        let sent = Instant::now();
        match api.place(&person.token).await {
            Ok(_) => {
                let mut tally = Tally::default();
                tally.add(sent.elapsed(), Ok(()));
                return tally.outcome(begin.elapsed(), None);
            }
            Err(error) if begin.elapsed() > patience => bail!("no order after all: {error:#}"),
            Err(_) => tokio::time::sleep(TRY_EVERY).await,
        }
    }
}
