//! The sweep: whatever was lost (a signal, a workflow, all of Temporal's data),
//! an order that is past its due time and not closed gets its workflow told, or
//! started, again.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use runtime::postgres;
use tokio_util::sync::CancellationToken;
use types::OrderId;

use super::signal::Looker;
use crate::{app::App, store::orders::Overdue};

/// How many overdue orders one round looks at; the longest overdue first.
const AT_MOST: i64 = 1_000;

/// When it goes round again if somebody could not be told, at the latest: a namespace
/// that was just made is not known everywhere yet.
const SOON: Duration = Duration::from_secs(5);

/// Goes round at the start, whenever the way to Temporal opens, and `every` minute.
pub(super) async fn keep(
    app: App,
    looker: Looker,
    every: Duration,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut link = looker.link.clone();
    let mut told = Told::new(every);
    loop {
        let mut pause = every;
        if link.borrow_and_update().is_some() {
            match draining.run_until_cancelled(go_round(&app, &looker, &mut told)).await {
                None => return Ok(()),
                Some(Round::AllTold) => {}
                Some(Round::NotAllTold) => pause = every.min(SOON),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = link.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                // It may have forgotten whatever it was told.
                told = Told::new(every);
            }
            () = draining.cancelled() => return Ok(()),
        }
    }
}

/// What a round came to.
enum Round {
    AllTold,
    NotAllTold,
}

async fn go_round(app: &App, looker: &Looker, told: &mut Told) -> Round {
    let overdue = match postgres::in_time(app.due(app.now(), AT_MOST)).await {
        Ok(overdue) => overdue,
        Err(error) => {
            tracing::warn!(error = error.chain(), "could not look for overdue orders");
            return Round::NotAllTold;
        }
    };
    let now = Instant::now();
    told.forget_all_but(&overdue);
    let due: Vec<_> =
        overdue.iter().filter(|order| told.is_due(order, now)).map(|order| order.id).collect();
    let mut count = 0;
    let mut round = Round::AllTold;
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
                round = Round::NotAllTold;
            }
        }
    }
    let late = overdue.iter().filter(|order| !order.reminder_only).count();
    looker.meters.swept(late, count);
    round
}

/// When each overdue order was told, and how often.
#[derive(Debug)]
struct Told {
    orders: HashMap<OrderId, (Instant, u32)>,
    /// An order that stays overdue is told again after 1, 2, 4 … of this, at most
    /// 64: each signal makes its workflow's history longer.
    pause: Duration,
}

impl Told {
    fn new(pause: Duration) -> Self {
        Self { orders: HashMap::new(), pause }
    }

    fn forget_all_but(&mut self, overdue: &[Overdue]) {
        let overdue: HashSet<_> = overdue.iter().map(|order| order.id).collect();
        self.orders.retain(|order, _| overdue.contains(order));
    }

    fn is_due(&self, order: &Overdue, now: Instant) -> bool {
        let Some((at, times)) = self.orders.get(&order.id) else { return true };
        // A reminder is no more than that: once told, the deadline is next.
        if order.reminder_only {
            return false;
        }
        // A little less, as the rounds themselves are not to the millisecond.
        let pause = self.pause * 2_u32.pow((times - 1).min(6));
        now.duration_since(*at) + self.pause / 2 >= pause
    }

    fn now(&mut self, order: OrderId, now: Instant) {
        let (at, times) = self.orders.entry(order).or_insert((now, 0));
        *at = now;
        *times += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// In which minutes an order is told.
    fn told_in(order: &Overdue, told: &mut Told, start: Instant) -> Vec<u32> {
        (0..40)
            .filter(|minute| {
                let now = start + MINUTE * *minute;
                let due = told.is_due(order, now);
                if due {
                    told.now(order.id, now);
                }
                due
            })
            .collect()
    }

    #[test]
    fn an_order_that_stays_overdue_is_told_less_and_less_often() {
        let mut told = Told::new(MINUTE);
        let order = Overdue { id: OrderId::new(), reminder_only: false };
        let start = Instant::now();
        assert_eq!(told_in(&order, &mut told, start), [0, 1, 3, 7, 15, 31]);
        told.forget_all_but(&[]);
        assert!(told.is_due(&order, start));
    }

    #[test]
    fn an_order_that_is_only_to_be_reminded_of_is_told_once_until_its_deadline() {
        let mut told = Told::new(MINUTE);
        let order = Overdue { id: OrderId::new(), reminder_only: true };
        let start = Instant::now();
        assert_eq!(told_in(&order, &mut told, start), [0]);
        let late = Overdue { reminder_only: false, ..order };
        assert!(told.is_due(&late, start + 45 * MINUTE));
    }
}
