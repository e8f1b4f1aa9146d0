//! The one Temporal worker of this service. It may fail, or find no server, for
//! as long as it likes: it is started again, and the service goes on without.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_sdk::{
    Runtime as Sdk, Worker, WorkerOptions,
    runtime::{
        RuntimeOptions,
        worker_tuner::{FixedSizeSlotSupplier, TunerHolder},
    },
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    activities::Activities,
    labels, link,
    link::Settings,
    meter::Meter,
    meters::Meters,
    order::OrderWorkflow,
    weekly::{AllowancesWorkflow, FamilyWeekWorkflow},
};
use crate::app::App;

/// How many workflows are advanced at once.
const WORKFLOW_SLOTS: usize = 16;
/// How many activities run at once: each needs a connection of the pool that
/// people's commands need, too.
const ACTIVITY_SLOTS: usize = 3;
/// Workflows kept in memory between two tasks; others are replayed when needed,
/// which is short work. Each takes some 60 KiB for the whole life of its order,
/// and a house has far fewer open at once.
const CACHED: usize = 50;
/// What is left for activities when the service ends.
const GRACE: Duration = Duration::from_secs(3);
/// The longest between two starts of the worker.
const LONGEST_BACKOFF: Duration = Duration::from_secs(15);

/// Runs workers, one after another, until the service drains.
pub(super) async fn keep(
    app: App,
    settings: Settings,
    meters: Meters,
    labels: labels::Known,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut failures = 0_u32;
    loop {
        let started = std::time::Instant::now();
        let run = run_once(
            app.clone(),
            settings.clone(),
            meters.clone(),
            labels.clone(),
            draining.clone(),
        );
        match run.await {
            Ok(()) if draining.is_cancelled() => return Ok(()),
            Ok(()) => tracing::warn!("the Temporal worker ended by itself"),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "the Temporal worker failed");
            }
        }
        // One that ran well for a while begins anew.
        failures = if started.elapsed() > LONGEST_BACKOFF { 1 } else { failures + 1 };
        let pause = (Duration::from_millis(250) * 2_u32.pow(failures.min(6))).min(LONGEST_BACKOFF);
        if draining.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
    }
}

/// One worker from its start to its end, on a thread of its own: its future
/// cannot move between threads. What it waits for is driven by this runtime.
async fn run_once(
    app: App,
    settings: Settings,
    meters: Meters,
    labels: labels::Known,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    // Whoever drops this future (the service was cut off) ends the thread with it.
    let cut_off = CancellationToken::new();
    let dropped = cut_off.clone().drop_guard();
    std::thread::Builder::new()
        .name("temporal-worker".to_owned())
        .spawn(move || {
            let work = work(app, settings, meters, labels, draining);
            let result = runtime.block_on(cut_off.run_until_cancelled_owned(work));
            // Nobody listens any more when the service was cut off.
            let _ = ended.send(result.unwrap_or(Ok(())));
        })
        .context("start a thread for the Temporal worker")?;
    let end = end.await.context("the thread of the Temporal worker panicked")?;
    drop(dropped);
    end
}

async fn work(
    app: App,
    settings: Settings,
    meters: Meters,
    labels: labels::Known,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let connected = draining.run_until_cancelled(link::connect(&settings, "order-worker")).await;
    let Some(client) = connected else { return Ok(()) };
    let telemetry = TelemetryOptions::builder()
        .metrics(Arc::new(Meter(runtime::telemetry::meter())) as Arc<_>)
        .build();
    let options = RuntimeOptions::builder().telemetry_options(telemetry).build();
    let sdk = Sdk::from_current_tokio(options.map_err(anyhow::Error::msg)?)?;
    let slots = FixedSizeSlotSupplier::new;
    let tuner = TunerHolder::builder()
        .workflow_task_slot_supplier(slots(WORKFLOW_SLOTS))
        .activity_task_slot_supplier(slots(ACTIVITY_SLOTS))
        .local_activity_task_slot_supplier(slots(ACTIVITY_SLOTS))
        .nexus_task_slot_supplier(slots(1))
        .build();
    let options = WorkerOptions::new(settings.task_queue.clone())
        .tuner(tuner)
        .max_cached_workflows(CACHED)
        .graceful_shutdown_period(GRACE)
        .register_workflow::<OrderWorkflow>()?
        .register_workflow::<AllowancesWorkflow>()?
        .register_workflow::<FamilyWeekWorkflow>()?
        .register_activities(Activities::new(app, meters, labels))
        .build();
    let mut worker = Worker::new(&sdk, client?, options)?;
    let stop = worker.shutdown_handle();
    tracing::info!(task_queue = settings.task_queue, "the Temporal worker is there");
    let drained = draining.clone();
    let stopping = async {
        drained.cancelled().await;
        stop();
        std::future::pending().await
    };
    tokio::select! {
        end = worker.run() => end.context("run the Temporal worker"),
        never = stopping => never,
    }
}
