//! Writes what events change, in the caller's transaction.

use std::collections::HashSet;

use customer_domain::stats;
use sqlx::PgConnection;
use types::EventId;

use super::decode::Incoming;
use crate::store::projections as store;

/// Records the events and counts those that are new. How many were new.
pub async fn apply(connection: &mut PgConnection, events: &[Incoming]) -> sqlx::Result<usize> {
    let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    let mut new: HashSet<EventId> = store::record(connection, &ids).await?.into_iter().collect();
    let count = new.len();
    for event in events {
        // Removed, so that the same event twice in a batch counts once.
        if !new.remove(&event.id) {
            continue;
        }
        let Some(served) = &event.served else { continue };
        let counted = store::lock_served(connection, served.order).await?;
        if let Some(change) = stats::change(counted.as_ref(), served) {
            store::put_served(connection, served).await?;
            store::add(connection, &change).await?;
        }
    }
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
