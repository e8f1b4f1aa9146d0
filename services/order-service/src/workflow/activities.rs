//! What the workflow does to the world. Each is harmless to repeat: a command
//! carries the version that was looked at, settling is a function of the order,
//! and a notice is recorded once.

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use order_domain::{Actor, Due, NoticeKind, Order, Step};
use runtime::{AppError, postgres};
use serde::{Deserialize, Serialize};
use temporalio_macros::activities;
use temporalio_sdk::{
    ApplicationFailure,
    activities::{ActivityContext, ActivityError},
};
use tracing::{Instrument, info_span};
use types::OrderId;

use super::{labels, meters::Meters, trace};
use crate::app::{App, CommandError, Settling};

/// Which order, by whose clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {
    pub order: String,
    /// The workflow's time: it may be another than this machine's.
    pub now: DateTime<Utc>,
}

/// Which order, at the version that was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Versioned {
    pub order: String,
    pub version: u64,
}

/// What the clock does to an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimeOut {
    pub order: String,
    pub version: u64,
    pub step: Step,
}

/// What is to be told about the state that was entered with a version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tell {
    pub order: String,
    pub entered: u64,
    pub kind: NoticeKind,
}

/// What an activity came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Changed,
    /// Somebody had done it.
    Already,
    /// The order is another than the one that was looked at.
    Stale,
}

impl Done {
    const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Already => "already",
            Self::Stale => "stale",
        }
    }
}

/// The activities with what they need.
pub struct Activities {
    app: App,
    meters: Meters,
    labels: labels::Known,
}

#[activities]
impl Activities {
    /// What is due. An order that is not in the database is nobody's business any more.
    #[activity]
    pub async fn look(
        self: Arc<Self>,
        _ctx: ActivityContext,
        look: Look,
    ) -> Result<Due, ActivityError> {
        let Look { order, now } = look;
        let start = Instant::now();
        // A trace of its own: one look is for all that has happened by now.
        let span = info_span!(
            "workflow step",
            otel.name = "workflow look",
            otel.kind = "consumer",
            order.id = order,
            step = "look",
        );
        let found = postgres::in_time(self.order(&order)).instrument(span.clone()).await;
        let (outcome, due) = match found {
            Ok(order) => {
                let due = order.due(now);
                ("found", Ok(Due { labels: due.labels.filter(|_| self.labels.are()), ..due }))
            }
            Err(CommandError::NoSuchOrder) => {
                tracing::warn!(order.id = order, "a workflow runs for an order that is not there");
                let due = Due {
                    version: 0,
                    entered: 0,
                    notices: vec![],
                    step: Step::Close,
                    look_again: None,
                    labels: None,
                };
                ("missing", Ok(due))
            }
            Err(error) => {
                if let CommandError::Failed(error) = &error {
                    runtime::telemetry::failed(&span, error.code.name());
                }
                ("failed", Err(failed(error)))
            }
        };
        self.meters.step("look", outcome, start);
        due
    }

    /// A held order's time has come: placed at today's prices, or declined.
    #[activity]
    pub async fn come_due(
        self: Arc<Self>,
        ctx: ActivityContext,
        it: Versioned,
    ) -> Result<Done, ActivityError> {
        let Versioned { order, version } = it;
        self.step("come_due", &ctx, &order, async |order: Order| {
            let done = self.app.come_due(order.id, version).await?;
            Ok(if done.already_so { Done::Already } else { Done::Changed })
        })
        .await
    }

    /// Brings the ledger to what the order owes, and says so; a placed order is
    /// queued by it, or rejected if the beans are refused.
    #[activity]
    pub async fn settle(
        self: Arc<Self>,
        ctx: ActivityContext,
        it: Versioned,
    ) -> Result<Done, ActivityError> {
        let Versioned { order, version: _ } = it;
        self.step("settle", &ctx, &order, async |order: Order| {
            Ok(match self.app.settle_read(&order).await? {
                Settling::Settled(_) | Settling::Refused(_) => Done::Changed,
                Settling::Superseded => Done::Stale,
                Settling::Nothing => Done::Already,
            })
        })
        .await
    }

    /// Rejects, expires, cancels or lets go what waited too long.
    #[activity]
    pub async fn time_out(
        self: Arc<Self>,
        ctx: ActivityContext,
        it: TimeOut,
    ) -> Result<Done, ActivityError> {
        let TimeOut { order, version, step } = it;
        self.step(step.name(), &ctx, &order, async |order: Order| {
            let now = self.app.now();
            let Some(command) = step.command(&order, self.app.end_of_day(now)) else {
                return Ok(Done::Already);
            };
            let done = self.app.command(order.id, &command, &Actor::System, version).await?;
            Ok(if done.already_so { Done::Already } else { Done::Changed })
        })
        .await
    }

    /// Tells people, unless the order has moved on since.
    #[activity]
    pub async fn notify(
        self: Arc<Self>,
        ctx: ActivityContext,
        it: Tell,
    ) -> Result<Done, ActivityError> {
        let Tell { order, entered, kind } = it;
        self.step("notify", &ctx, &order, async |order: Order| {
            if order.entered != entered || !self.app.notify_of(&order, kind).await? {
                return Ok(Done::Stale);
            }
            Ok(Done::Changed)
        })
        .await
    }

    /// Gives each member the week's beans, once.
    #[activity]
    pub async fn grant_allowances(
        self: Arc<Self>,
        _ctx: ActivityContext,
    ) -> Result<u32, ActivityError> {
        let span = info_span!("grant allowances", otel.kind = "internal");
        let start = Instant::now();
        let granted = self.app.grant_due_allowances().instrument(span).await;
        let outcome = granted.as_ref().map_or("failed", |_| "changed");
        self.meters.step("grant_allowances", outcome, start);
        granted.map_err(|error| failed(error.into()))
    }

    /// Has the last week summed up, once.
    #[activity]
    pub async fn write_family_week(
        self: Arc<Self>,
        _ctx: ActivityContext,
    ) -> Result<bool, ActivityError> {
        let span = info_span!("write family week", otel.kind = "internal");
        let start = Instant::now();
        let news = self.app.write_family_week().instrument(span).await;
        let outcome = match &news {
            Ok(true) => "changed",
            Ok(false) => "already",
            Err(_) => "failed",
        };
        self.meters.step("write_family_week", outcome, start);
        news.map_err(|error| failed(error.into()))
    }
}

impl Activities {
    pub(super) const fn new(app: App, meters: Meters, labels: labels::Known) -> Self {
        Self { app, meters, labels }
    }

    async fn order(&self, id: &str) -> Result<Order, CommandError> {
        // An id that is none belongs to no order.
        let id: OrderId = id.parse().map_err(|_| CommandError::NoSuchOrder)?;
        self.app.order(id).await
    }

    /// One step with its span, in the trace of whoever brought the order to where
    /// it is, and its metric.
    async fn step(
        &self,
        name: &'static str,
        ctx: &ActivityContext,
        id: &str,
        act: impl AsyncFnOnce(Order) -> Result<Done, CommandError>,
    ) -> Result<Done, ActivityError> {
        let start = Instant::now();
        let result = postgres::in_time(async {
            let order = self.order(id).await?;
            let cause = trace::last_traceparent(self.app.pool(), order.id).await?;
            let span = info_span!(
                "workflow step",
                otel.name = format!("workflow {name}"),
                otel.kind = "consumer",
                order.id = %order.id,
                step = name,
                temporal.attempt = ctx.info().attempt,
            );
            runtime::telemetry::set_parent(&span, cause.as_deref());
            let result = act(order).instrument(span.clone()).await;
            if let Err(CommandError::Failed(error)) = &result {
                runtime::telemetry::failed(&span, error.code.name());
            }
            result
        })
        .await;
        let result = match result {
            // It was accepted, cancelled, picked up in the meantime: look again.
            Err(CommandError::Rejected(rejection)) => {
                tracing::debug!(order.id = id, step = name, code = rejection.code(), "too late");
                Ok(Done::Stale)
            }
            Err(CommandError::NoSuchOrder) => Ok(Done::Stale),
            other => other,
        };
        let outcome = match &result {
            Ok(done) => done.name(),
            Err(_) => "failed",
        };
        self.meters.step(name, outcome, start);
        result.map_err(failed)
    }
}

/// Outages are tried again; what is broken waits until somebody looks at it.
/// Causes stay in our own log.
fn failed(error: CommandError) -> ActivityError {
    let error = AppError::from(error);
    error.log();
    let text = anyhow::anyhow!("{error}");
    ActivityError::application(if error.is_transient() {
        ApplicationFailure::new(text)
    } else {
        ApplicationFailure::non_retryable(text)
    })
}
