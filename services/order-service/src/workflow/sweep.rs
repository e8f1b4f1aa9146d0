//! The sweep: whatever was lost (a signal, a workflow, all of Temporal's data),
//! an order that is past its due time and not closed gets its workflow told, or
//! started, again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use types::OrderId;

use super::signal::Looker;
use crate::app::App;

/// How often it goes round, when Temporal is there.
const EVERY: Duration = Duration::from_secs(60);
/// How many overdue orders one round looks at; the longest overdue first.
const AT_MOST: i64 = 1_000;
/// An order that stays overdue is told again after 1, 2, 4 … of this, at most 64: each
/// signal makes its workflow's history longer.
const PATIENCE: Duration = EVERY;

/// Goes round at the start, whenever the way to Temporal opens, and every minute.
pub(super) async fn keep(
    app: App,
    looker: Looker,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut link = looker.link.clone();
    let mut told = Told::default();
    loop {
        let there = link.borrow_and_update().is_some();
        if there && draining.run_until_cancelled(go_round(&app, &looker, &mut told)).await.is_none()
        {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            changed = link.changed() => if changed.is_err() { return Ok(()) },
            () = draining.cancelled() => return Ok(()),
        }
    }
}

async fn go_round(app: &App, looker: &Looker, told: &mut Told) {
    let overdue = match app.due(app.now(), AT_MOST).await {
        Ok(overdue) => overdue,
        Err(error) => {
            tracing::warn!(error = error.chain(), "could not look for overdue orders");
            return;
        }
    };
    let now = Instant::now();
    told.forget_all_but(&overdue);
    let due: Vec<_> = overdue.iter().copied().filter(|order| told.is_due(*order, now)).collect();
    let mut count = 0;
    for (order, result) in looker.look_at_all(due).await {
        match result {
            Ok(()) => {
                count += 1;
                told.now(order, now);
                tracing::info!(order.id = %order, "overdue: told its workflow to look");
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(order.id = %order, error, "overdue, and its workflow was not told");
            }
        }
    }
    looker.meters.swept(overdue.len(), count);
}

/// When each overdue order was told, and how often.
#[derive(Debug, Default)]
struct Told(HashMap<OrderId, (Instant, u32)>);

impl Told {
    fn forget_all_but(&mut self, overdue: &[OrderId]) {
        let overdue: std::collections::HashSet<_> = overdue.iter().collect();
        self.0.retain(|order, _| overdue.contains(order));
    }

    fn is_due(&self, order: OrderId, now: Instant) -> bool {
        self.0.get(&order).is_none_or(|(at, times)| {
            // A little less, as the rounds themselves are not to the millisecond.
            let pause = PATIENCE * 2_u32.pow((times - 1).min(6));
            now.duration_since(*at) + PATIENCE / 2 >= pause
        })
    }

    fn now(&mut self, order: OrderId, now: Instant) {
        let (at, times) = self.0.entry(order).or_insert((now, 0));
        *at = now;
        *times += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_stays_overdue_is_told_less_and_less_often() {
        let mut told = Told::default();
        let order = OrderId::new();
        let start = Instant::now();
        let mut minutes = Vec::new();
        for minute in 0..40 {
            let now = start + EVERY * minute;
            if told.is_due(order, now) {
                told.now(order, now);
                minutes.push(minute);
            }
        }
        assert_eq!(minutes, [0, 1, 3, 7, 15, 31]);
        told.forget_all_but(&[]);
        assert!(told.is_due(order, start));
    }
}
