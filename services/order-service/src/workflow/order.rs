//! The process manager of one order: its id is the order's id, its input that
//! id alone, and its one signal has no argument and says "look again". It keeps
//! nothing that matters: whatever run it is in, it looks at the order, does what
//! is due, and waits for the clock or for news. It ends when the order is closed.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use order_domain::{Due, Labels, NoticeKind, Step};
use temporalio_common::RetryPolicy;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityExecutionError, ActivityOptions, CancellableFuture, ContinueAsNewOptions,
    LocalActivityOptions, SyncWorkflowContext, WorkflowCancellationError, WorkflowContext,
    WorkflowContextView, WorkflowResult, workflows::select,
};

use super::{
    activities::{Activities, Done, Look, Tell, TimeOut, Versioned},
    labels,
};

/// An attempt of an activity: every remote call in it has a shorter deadline.
const ATTEMPT: Duration = Duration::from_secs(15);
/// Attempts while the order's clock runs: afterwards the workflow looks at the clock again.
const ATTEMPTS_WHILE_OPEN: u32 = 3;
/// The longest between two attempts, and between two looks at an order that cannot be moved on.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// The workflow; registered as `OrderWorkflow`.
#[workflow]
pub struct OrderWorkflow {
    order: String,
    /// Somebody said "look again" since we last did.
    news: bool,
    /// What this run has told already, by the version that entered the state.
    told: BTreeSet<(u64, NoticeKind)>,
    /// By what this run can be found.
    labels: Option<Labels>,
}

#[workflow_methods]
impl OrderWorkflow {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, order: String) -> Self {
        Self { order, news: false, told: BTreeSet::new(), labels: None }
    }

    /// Something about the order changed.
    #[signal]
    pub fn look(&mut self, _ctx: &mut SyncWorkflowContext<Self>) {
        self.news = true;
    }

    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let order = ctx.state(|this| this.order.clone());
        let mut failures = 0_u32;
        loop {
            ctx.state_mut(|this| this.news = false);
            let look = Look { order: order.clone(), now: now(ctx) };
            let due = match ctx.execute_local_activity(Activities::look, look, looking()).await {
                Ok(due) => due,
                Err(error) => {
                    given_up(ctx, "look", &error);
                    failures += 1;
                    Self::wait(ctx, Some(backoff(failures))).await?;
                    continue;
                }
            };
            Self::label(ctx, &due);
            match Self::act(ctx, &order, &due).await {
                Ok(Acted::LookAgain) => failures = 0,
                Ok(Acted::NothingToDo) => {
                    failures = 0;
                    if due.step == Step::Close {
                        if ctx.state(|this| this.news) {
                            continue;
                        }
                        return Ok(());
                    }
                    Self::wait(ctx, until(ctx, &due)).await?;
                }
                Err(error) => {
                    given_up(ctx, due.step.name(), &error);
                    failures += 1;
                    let clock = until(ctx, &due).unwrap_or(LONGEST_BACKOFF);
                    Self::wait(ctx, Some(backoff(failures).min(clock))).await?;
                }
            }
            if ctx.continue_as_new_suggested() && !ctx.state(|this| this.news) {
                ctx.continue_as_new(order.clone(), ContinueAsNewOptions::default())?;
            }
        }
    }

    /// Lets it be found by what it is now. Whether it may be is part of what was
    /// looked at, so that a replay does the same.
    fn label(ctx: &WorkflowContext<Self>, due: &Due) {
        let Some(now) = due.labels else { return };
        if ctx.state(|this| this.labels) == Some(now) {
            return;
        }
        ctx.upsert_search_attributes(labels::updates(now));
        ctx.state_mut(|this| this.labels = Some(now));
    }

    /// One step, or what there is to tell; then the order is looked at again.
    async fn act(
        ctx: &WorkflowContext<Self>,
        order: &str,
        due: &Due,
    ) -> Result<Acted, ActivityExecutionError> {
        let versioned = Versioned { order: order.to_owned(), version: due.version };
        let open = || acting(ATTEMPTS_WHILE_OPEN);
        let done = match due.step {
            Step::ComeDue => ctx.execute_activity(Activities::come_due, versioned, open()).await?,
            Step::NotApproved | Step::Reject | Step::Expire | Step::Cancel | Step::Uncollect => {
                let Versioned { order, version } = versioned;
                let time_out = TimeOut { order, version, step: due.step };
                ctx.execute_activity(Activities::time_out, time_out, open()).await?
            }
            // With a clock running the order must not wait for the beans; without one
            // there is nothing else to do, and the attempts go on for as long as it takes.
            Step::SettleAndQueue | Step::Settle => {
                let attempts = if due.look_again.is_some() { ATTEMPTS_WHILE_OPEN } else { 0 };
                ctx.execute_activity(Activities::settle, versioned, acting(attempts)).await?
            }
            Step::Wait | Step::Close => Done::Already,
        };
        match due.step {
            Step::Wait | Step::Close => {}
            Step::ComeDue
            | Step::NotApproved
            | Step::SettleAndQueue
            | Step::Reject
            | Step::Settle
            | Step::Expire
            | Step::Cancel
            | Step::Uncollect => {
                // Somebody else was first, or the order moved on: either way it is another now.
                let (Done::Changed | Done::Already | Done::Stale) = done;
                return Ok(Acted::LookAgain);
            }
        }
        for kind in &due.notices {
            let entry = (due.entered, *kind);
            if ctx.state(|this| this.told.contains(&entry)) {
                continue;
            }
            let tell = Tell { order: order.to_owned(), entered: due.entered, kind: *kind };
            let attempts = if due.look_again.is_some() { ATTEMPTS_WHILE_OPEN } else { 0 };
            ctx.execute_activity(Activities::notify, tell, acting(attempts)).await?;
            ctx.state_mut(|this| this.told.insert(entry));
        }
        Ok(Acted::NothingToDo)
    }

    /// Until there is news, or for so long.
    async fn wait(
        ctx: &WorkflowContext<Self>,
        longest: Option<Duration>,
    ) -> Result<(), WorkflowCancellationError> {
        // A timer starts when it is made and must be cancelled, so: look first.
        if ctx.state(|this| this.news) {
            return Ok(());
        }
        let Some(longest) = longest else {
            return ctx.wait_condition(|this| this.news).await;
        };
        let mut timer = ctx.timer(longest);
        let heard = select! {
            news = ctx.wait_condition(|this| this.news) => { news?; true },
            _ = timer => false,
        };
        if heard {
            timer.cancel();
        }
        Ok(())
    }
}

enum Acted {
    LookAgain,
    NothingToDo,
}

/// The workflow's own clock.
fn now(ctx: &WorkflowContext<OrderWorkflow>) -> DateTime<Utc> {
    ctx.workflow_time().unwrap_or(SystemTime::UNIX_EPOCH).into()
}

/// How long until the clock moves the order on; a deadline that has passed is at once.
fn until(ctx: &WorkflowContext<OrderWorkflow>, due: &Due) -> Option<Duration> {
    due.look_again.map(|at| (at - now(ctx)).to_std().unwrap_or_default())
}

fn backoff(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(6)).min(LONGEST_BACKOFF)
}

/// Looking is a read of our own database: it stays within the worker, and costs
/// the server nothing. It goes on until the database is back.
fn looking() -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .start_to_close_timeout(ATTEMPT)
        .schedule_to_close_timeout(Duration::from_secs(24 * 3600))
        .retry_policy(
            RetryPolicy::builder()
                .initial_interval(Duration::from_millis(200))
                .maximum_interval(Duration::from_secs(10))
                .build(),
        )
        .build()
}

/// `attempts` 0: until it succeeds.
fn acting(attempts: u32) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(ATTEMPT)
        .retry_policy(
            RetryPolicy::builder()
                .initial_interval(Duration::from_millis(500))
                .maximum_interval(LONGEST_BACKOFF)
                .maximum_attempts(attempts)
                .build(),
        )
        .build()
}

fn given_up(ctx: &WorkflowContext<OrderWorkflow>, step: &str, error: &ActivityExecutionError) {
    if !ctx.is_replaying() {
        tracing::warn!(order.id = ctx.workflow_id(), step, %error, "will look again later");
    }
}
