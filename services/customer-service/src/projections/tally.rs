//! Writes what events change, in the caller's transaction.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono_tz::Tz;
use customer_domain::stats::{Step, What};
use sqlx::PgConnection;
use types::{EventId, MemberId, OrderId, Timestamp};

use super::{decode::Incoming, loyalty};
use crate::store::{
    departures,
    ledger::NewEntry,
    projections::{self as store, Served},
};

/// What a batch changed.
#[derive(Debug)]
pub struct Applied {
    /// How many events were new.
    pub new: usize,
    /// What their transaction booked.
    pub booked: Vec<NewEntry>,
}

/// Records the events and learns from those that are new.
///
/// Rows are locked in the order of their keys, whatever the events' order, so
/// that two replicas never wait for each other crosswise.
pub async fn apply(
    connection: &mut PgConnection,
    events: &[Incoming],
    zone: Tz,
    now: Timestamp,
) -> sqlx::Result<Applied> {
    let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    let mut new: HashSet<EventId> = store::record(connection, &ids).await?.into_iter().collect();
    let count = new.len();
    // Removed, so that the same event twice in a batch counts once.
    let new = events.iter().filter(|event| new.remove(&event.id));
    let steps: Vec<&Step> = new.filter_map(|event| event.step.as_ref()).collect();
    let steps = without_who_left(connection, &steps).await?;
    learn(connection, &steps, zone).await?;
    let booked = loyalty::take_in(connection, &steps, now).await?;
    Ok(Applied { new: count, booked })
}

/// The events as they are told today. Who is of the family stays so until the
/// transaction is over: nobody leaves meanwhile and is written down all the same.
async fn without_who_left(
    connection: &mut PgConnection,
    steps: &[&Step],
) -> sqlx::Result<Vec<Step>> {
    let people: BTreeSet<MemberId> = steps.iter().flat_map(|step| step.people()).collect();
    let left = if people.is_empty() {
        vec![]
    } else {
        let people: Vec<MemberId> = people.into_iter().collect();
        departures::who_left(connection, &people).await?
    };
    Ok(steps.iter().copied().cloned().map(|step| step.without(&left)).collect())
}

async fn learn(connection: &mut PgConnection, steps: &[Step], zone: Tz) -> sqlx::Result<()> {
    let orders: BTreeSet<OrderId> = steps.iter().map(|step| step.order).collect();
    if orders.is_empty() {
        return Ok(());
    }
    let orders: Vec<OrderId> = orders.into_iter().collect();
    let mut facts = store::lock_facts(connection, &orders).await?;
    let mut served = BTreeMap::new();
    for step in steps {
        let learned = facts.entry(step.order).or_default().learn(step);
        if learned && let What::Ended(_, drinks) = &step.what {
            served.insert(step.order, Served { drinks, at: step.at });
        }
    }
    store::put_facts(connection, &facts, zone).await?;
    store::put_drinks(connection, &served, zone).await
}

/// Whether the database refuses the data itself (a value out of range, a broken
/// constraint), so that trying again cannot help.
pub fn is_poison(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
