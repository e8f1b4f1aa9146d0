//! What is done once a week: each a Temporal schedule that starts a workflow of
//! one step. Both steps are harmless to run twice, or late.

use std::time::Duration;

use temporalio_client::{
    Client,
    schedules::{
        CreateScheduleOptions, DeleteScheduleOptions, ScheduleAction, ScheduleError,
        ScheduleOverlapPolicy, ScheduleSpec,
    },
    tonic,
};
use temporalio_common::RetryPolicy;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{ActivityOptions, WorkflowContext, WorkflowResult};

use super::{activities::Activities, link, link::Settings};

const DEADLINE: Duration = Duration::from_secs(5);

/// A schedule in the family's time zone.
#[derive(Debug, Clone, Copy)]
pub struct Weekly {
    /// The schedule's id, and the beginning of its workflows' ids.
    pub id: &'static str,
    when: &'static str,
    action: fn(&Self, &Settings) -> ScheduleAction,
}

/// The allowance, on Monday just after midnight.
pub const ALLOWANCES: Weekly = Weekly {
    id: "grant-due-allowances",
    when: "5 0 * * MON",
    action: |it, settings| {
        let queue = settings.task_queue.clone();
        ScheduleAction::start_workflow(AllowancesWorkflow::run, (), queue, it.id)
    },
};

/// What the week came to, on Monday morning, when nobody is up late any more.
pub const FAMILY_WEEK: Weekly = Weekly {
    id: "write-family-week",
    when: "30 4 * * MON",
    action: |it, settings| {
        let queue = settings.task_queue.clone();
        ScheduleAction::start_workflow(FamilyWeekWorkflow::run, (), queue, it.id)
    },
};

/// All of them.
pub(super) const ALL: [Weekly; 2] = [ALLOWANCES, FAMILY_WEEK];

/// Grants what is due: customer-service gives each member each week's allowance once.
#[workflow]
#[derive(Default)]
pub struct AllowancesWorkflow;

#[workflow_methods]
impl AllowancesWorkflow {
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<u32> {
        Ok(ctx.execute_activity(Activities::grant_allowances, (), patiently()).await?)
    }
}

/// Has the last week summed up: customer-service writes each week down once.
#[workflow]
#[derive(Default)]
pub struct FamilyWeekWorkflow;

#[workflow_methods]
impl FamilyWeekWorkflow {
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<bool> {
        Ok(ctx.execute_activity(Activities::write_family_week, (), patiently()).await?)
    }
}

fn patiently() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(30))
        .retry_policy(
            RetryPolicy::builder()
                .initial_interval(Duration::from_secs(2))
                .maximum_interval(Duration::from_secs(600))
                .build(),
        )
        .build()
}

impl Weekly {
    /// Makes the schedule as it should be: an old one (of another time zone, say)
    /// is replaced.
    pub(super) async fn renew(
        &self,
        client: &Client,
        settings: &Settings,
    ) -> Result<(), ScheduleError> {
        if let Made::Already = self.make(client, settings).await? {
            let old = client.get_schedule_handle(self.id);
            old.delete(DeleteScheduleOptions::builder().rpc_options(link::rpc(DEADLINE)).build())
                .await?;
            self.make(client, settings).await?;
        }
        Ok(())
    }

    /// Makes the schedule where there is none. It runs once at once, so that a week
    /// that began without it is not missed.
    pub(super) async fn make(
        &self,
        client: &Client,
        settings: &Settings,
    ) -> Result<Made, ScheduleError> {
        let options = CreateScheduleOptions::builder()
            .action((self.action)(self, settings))
            .spec(
                ScheduleSpec::builder()
                    .cron_strings(vec![self.when.to_owned()])
                    .timezone_name(settings.time_zone.name())
                    .build(),
            )
            .overlap_policy(ScheduleOverlapPolicy::Skip)
            .trigger_immediately(true)
            .rpc_options(link::rpc(DEADLINE))
            .build();
        match client.create_schedule(self.id, options).await {
            Ok(_) => Ok(Made::Now),
            Err(ScheduleError::Rpc(status)) if status.code() == tonic::Code::AlreadyExists => {
                Ok(Made::Already)
            }
            Err(error) => Err(error),
        }
    }
}

/// What making the schedule came to.
pub(super) enum Made {
    Now,
    Already,
}
