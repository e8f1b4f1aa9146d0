//! The weekly allowance: a Temporal schedule that starts a workflow of one step.

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

/// The schedule's id, and the beginning of its workflows' ids.
pub const SCHEDULE: &str = "grant-due-allowances";
/// Monday, just after midnight, in the family's time zone.
const WHEN: &str = "5 0 * * MON";
const DEADLINE: Duration = Duration::from_secs(5);

/// Grants what is due; harmless to run twice, or late: customer-service gives
/// each member each week's allowance once.
#[workflow]
#[derive(Default)]
pub struct AllowancesWorkflow;

#[workflow_methods]
impl AllowancesWorkflow {
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<u32> {
        let options = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(30))
            .retry_policy(
                RetryPolicy::builder()
                    .initial_interval(Duration::from_secs(2))
                    .maximum_interval(Duration::from_secs(600))
                    .build(),
            )
            .build();
        Ok(ctx.execute_activity(Activities::grant_allowances, (), options).await?)
    }
}

/// Makes the schedule as it should be: an old one (of another time zone, say) is replaced.
pub(super) async fn renew(client: &Client, settings: &Settings) -> Result<(), ScheduleError> {
    if let Made::Already = make(client, settings).await? {
        let old = client.get_schedule_handle(SCHEDULE);
        old.delete(DeleteScheduleOptions::builder().rpc_options(link::rpc(DEADLINE)).build())
            .await?;
        make(client, settings).await?;
    }
    Ok(())
}

/// What making the schedule came to.
pub(super) enum Made {
    Now,
    Already,
}

/// Makes the schedule where there is none. It runs once at once, so that a week
/// that began without it is not missed.
pub(super) async fn make(client: &Client, settings: &Settings) -> Result<Made, ScheduleError> {
    let options = CreateScheduleOptions::builder()
        .action(ScheduleAction::start_workflow(
            AllowancesWorkflow::run,
            (),
            settings.task_queue.clone(),
            SCHEDULE,
        ))
        .spec(
            ScheduleSpec::builder()
                .cron_strings(vec![WHEN.to_owned()])
                .timezone_name(settings.time_zone.name())
                .build(),
        )
        .overlap_policy(ScheduleOverlapPolicy::Skip)
        .trigger_immediately(true)
        .rpc_options(link::rpc(DEADLINE))
        .build();
    match client.create_schedule(SCHEDULE, options).await {
        Ok(_) => Ok(Made::Now),
        Err(ScheduleError::Rpc(status)) if status.code() == tonic::Code::AlreadyExists => {
            Ok(Made::Already)
        }
        Err(error) => Err(error),
    }
}
