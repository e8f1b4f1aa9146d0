//! Writes what events change, in the caller's transaction.

use std::collections::{BTreeMap, HashSet};

use customer_domain::stats::{self, Served, Tally};
use sqlx::PgConnection;
use types::{EventId, OrderId};

use super::decode::Incoming;
use crate::store::projections as store;

/// Records the events and counts those that are new. How many were new.
///
/// Rows are locked in the order of their keys, whatever the events' order, so
/// that two replicas never wait for each other crosswise.
pub async fn apply(connection: &mut PgConnection, events: &[Incoming]) -> sqlx::Result<usize> {
    let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    let mut new: HashSet<EventId> = store::record(connection, &ids).await?.into_iter().collect();
    let count = new.len();
    let mut newest: BTreeMap<OrderId, &Served> = BTreeMap::new();
    // Removed, so that the same event twice in a batch counts once.
    let new = events.iter().filter(|event| new.remove(&event.id));
    for served in new.filter_map(|event| event.served.as_ref()) {
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
    Ok(count)
}

/// Whether the database refuses the data itself (a value out of range, a broken
/// constraint), so that trying again cannot help.
pub fn is_poison(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
