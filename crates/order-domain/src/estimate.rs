//! When an order will be ready: learned from past ones, never invented.

use std::time::Duration;

use crate::Order;

/// With fewer finished orders than this nothing is said.
pub const FEWEST_SAMPLES: usize = 3;

/// How long a past order took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// How many items were made; at least 1.
    pub items: u32,
    /// From the queue until somebody accepted it.
    pub waited: Duration,
    /// From then until it was ready.
    pub made_in: Duration,
}

impl Sample {
    /// What an order that was made can teach.
    pub fn of(order: &Order) -> Option<Self> {
        let (queued, ready) = (order.queued_at?, order.ready_at?);
        let accepted = order.accepted_at.unwrap_or(ready);
        let items = u32::try_from(order.live_items().count()).ok().filter(|items| *items > 0)?;
        Some(Self {
            items,
            waited: (accepted - queued).to_std().ok()?,
            made_in: (ready - accepted).to_std().ok()?,
        })
    }
}

/// How long an order of `own_items` is likely to take with `items_ahead` before
/// it and that many baristas at work: the usual time per item for all of them
/// (those ahead are shared between the baristas), and never sooner than
/// somebody usually turns to an order at all. Medians, so that one forgotten
/// cup does not count. None while too little is known.
pub fn estimate(
    past: &[Sample],
    own_items: u32,
    items_ahead: u32,
    baristas: u32,
) -> Option<Duration> {
    if past.len() < FEWEST_SAMPLES {
        return None;
    }
    let waited = median(past.iter().map(|sample| sample.waited))?;
    let per_item = median(past.iter().map(|sample| sample.made_in / sample.items.max(1)))?;
    let ahead = per_item.saturating_mul(items_ahead) / baristas.max(1);
    Some(waited.max(ahead).saturating_add(per_item.saturating_mul(own_items.max(1))))
}

fn median(all: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut sorted: Vec<_> = all.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}
