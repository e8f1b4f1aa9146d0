//! Stamps the cards, and books the coffees that are free, in the transaction
//! that records the events.
//!
//! Costs: one statement for all orders of a batch and one for each member who
//! drank; for a free coffee, which is every tenth, six more.

use std::collections::BTreeMap;

use customer_domain::{
    ledger::EntryKind,
    loyalty::{self, FREE_EVERY},
    stats::Step,
};
use outbox::AppendError;
use sqlx::PgConnection;
use types::{Beans, LedgerEntryId, MemberId, OrderId, Timestamp};

use crate::store::{
    ledger::{self, NewEntry},
    loyalty as store, settlements,
};

/// Takes events in that are new; what was booked for them.
///
/// Rows are locked in the order of their keys, table after table, and accounts
/// last: nobody who books holds a card.
pub async fn take_in(
    connection: &mut PgConnection,
    steps: &[Step],
    now: Timestamp,
) -> sqlx::Result<Vec<NewEntry>> {
    // Of an order's versions the one with the most drinks, for each member.
    let mut most: BTreeMap<(MemberId, OrderId), Vec<Beans>> = BTreeMap::new();
    for step in steps {
        for (member, prices) in loyalty::drinks(step.drinks()) {
            let kept = most.entry((member, step.order)).or_default();
            if prices.len() > kept.len() {
                *kept = prices;
            }
        }
    }
    if most.is_empty() {
        return Ok(vec![]);
    }
    let stamps: Vec<(MemberId, OrderId, usize)> =
        most.iter().map(|((member, order), prices)| (*member, *order, prices.len())).collect();
    // The drinks that count now and did not before, per member.
    let mut gained: BTreeMap<MemberId, Vec<(OrderId, Beans)>> = BTreeMap::new();
    let mut gains = store::stamp(connection, &stamps).await?;
    gains.sort_by_key(|gain| (gain.member, gain.order));
    for gain in gains {
        let prices = most.get(&(gain.member, gain.order)).into_iter().flatten();
        let new = prices.skip(gain.before).map(|price| (gain.order, *price));
        gained.entry(gain.member).or_default().extend(new);
    }
    let mut free = vec![];
    for (member, drinks) in &gained {
        let after = store::count(connection, *member, drinks.len()).await?;
        let before = after.saturating_sub(drinks.len() as u64);
        for nth in loyalty::free(before, after) {
            let at = usize::try_from(nth - before - 1).unwrap_or(usize::MAX);
            if let Some((order, price)) = drinks.get(at) {
                free.push(Free { member: *member, nth, order: *order, price: *price });
            }
        }
    }
    let mut booked = vec![];
    for coffee in free {
        booked.extend(reward(connection, coffee, now).await?);
    }
    Ok(booked)
}

/// An n-th coffee that is free.
struct Free {
    member: MemberId,
    nth: u64,
    order: OrderId,
    price: Beans,
}

/// Decides about it once, whatever is counted again later. Nothing is booked
/// where nothing was paid, or for somebody who is not of the family any more.
async fn reward(
    connection: &mut PgConnection,
    coffee: Free,
    now: Timestamp,
) -> sqlx::Result<Option<NewEntry>> {
    let Free { member, nth, order, price } = coffee;
    let Some(account) = ledger::lock(connection, member).await? else { return Ok(None) };
    let beans = loyalty::worth(price, settlements::get(&mut *connection, order).await?);
    if !store::decide(connection, member, nth, order, beans, now).await? {
        return Ok(None);
    }
    tracing::info!(member.id = %member, nth, beans = beans.count(), "every {FREE_EVERY}th is free");
    if beans == Beans::ZERO {
        return Ok(None);
    }
    let entry = NewEntry {
        id: LedgerEntryId::new(),
        beans,
        kind: EntryKind::Reward,
        cause: loyalty::cause(nth),
        revision: 0,
        at: now,
    };
    ledger::append(connection, account, &entry).await.map_err(|error| match error {
        AppendError::Database(error) => error,
        // The account is locked: nobody else can have written that version.
        AppendError::VersionTaken { .. } => sqlx::Error::Protocol(error.to_string()),
    })?;
    Ok(Some(entry))
}
