//! Writes what events change, in the caller's transaction.

use std::collections::{BTreeMap, HashSet};

use customer_domain::stats::{self, Served, Tally};
use sqlx::PgConnection;
use types::{EventId, OrderId, Timestamp};

use super::{decode::Incoming, loyalty};
use crate::store::{ledger::NewEntry, projections as store};

/// What a batch changed.
#[derive(Debug)]
pub struct Applied {
    /// How many events were new.
    pub new: usize,
    /// What their transaction booked.
    pub booked: Vec<NewEntry>,
}

/// Records the events and counts those that are new.
///
/// Rows are locked in the order of their keys, whatever the events' order, so
/// that two replicas never wait for each other crosswise.
pub async fn apply(
    connection: &mut PgConnection,
    events: &[Incoming],
    now: Timestamp,
) -> sqlx::Result<Applied> {
    let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    let mut new: HashSet<EventId> = store::record(connection, &ids).await?.into_iter().collect();
    let count = new.len();
    let mut newest: BTreeMap<OrderId, &Served> = BTreeMap::new();
    // Removed, so that the same event twice in a batch counts once.
    let new = events.iter().filter(|event| new.remove(&event.id));
    let served: Vec<&Served> = new.filter_map(|event| event.served.as_ref()).collect();
    for served in served.iter().copied() {
        let kept = newest.entry(served.order).or_insert(served);
        if served.version > kept.version {
            *kept = served;
        }
    }
    let mut change = Tally::new();
    for served in newest.into_values() {
        let counted = store::lock_served(connection, served.order).await?;
        if let Some(more) = stats::change(counted.as_ref(), served) {
            store::put_served(connection, served).await?;
            stats::add(&mut change, more);
        }
    }
    store::add(connection, &change).await?;
    let booked = loyalty::take_in(connection, &served, now).await?;
    Ok(Applied { new: count, booked })
}

/// Whether the database refuses the data itself (a value out of range, a broken
/// constraint), so that trying again cannot help.
pub fn is_poison(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
