//! The process manager: a Temporal workflow per order (`order`), what it does
//! (`activities`), and what keeps it going: the way to Temporal (`link`), the
//! worker (`worker`), the log's receiver that tells workflows to look
//! (`signal`), the sweep that finds what was lost (`sweep`), what is done once a
//! week (`weekly`). By state and number orders are found in Temporal's UI
//! (`labels`).
//!
//! None of it is waited for by a person: without Temporal the service goes on,
//! and what the clock should have done is done when it is back.

pub mod activities;
mod labels;
mod link;
mod meter;
pub mod meters;
mod order;
mod signal;
mod sweep;
mod trace;
mod weekly;
mod worker;

use std::time::Duration;

use runtime::Runtime;
use temporalio_client::Client;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use link::{Settings, TASK_QUEUE};
pub use order::OrderWorkflow;
pub use weekly::{ALLOWANCES, AllowancesWorkflow, FAMILY_WEEK, FamilyWeekWorkflow};

use signal::{Looker, Receiver};

use crate::app::App;

/// The name that the receiver's cursor stands under.
const RECEIVER: &str = "workflow";
/// Until a schedule that could not be made is tried again.
const SCHEDULE_AGAIN: Duration = Duration::from_secs(5);

/// Starts everything that belongs to the workflow; it ends with the runtime.
pub fn start(runtime: &Runtime, log: &outbox::Log, app: &App, settings: Settings) {
    let meters = meters::Meters::new();
    let draining = runtime.shutdown.draining();
    let (open, link) = watch::channel(None);
    let looker = Looker {
        link: link.clone(),
        task_queue: settings.task_queue.clone(),
        meters: meters.clone(),
    };
    let part = runtime.health.optional("temporal");
    let known = labels::Known::default();
    let keeping = link::keep(settings.clone(), open, known.clone(), part, draining.clone());
    runtime.spawn("link to temporal", keeping);
    runtime.spawn(
        "temporal worker",
        worker::keep(app.clone(), settings.clone(), meters, known, draining.clone()),
    );
    let rounds = settings.rounds;
    runtime.spawn("sweep", sweep::keep(app.clone(), looker.clone(), rounds, draining.clone()));
    runtime.spawn("schedules", schedules(link, settings, draining.clone()));
    runtime.spawn(
        "relay to the workflow",
        outbox::relay(runtime.clone(), log.clone(), RECEIVER, Receiver::new(looker)),
    );
}

/// Makes the schedules anew whenever the way to Temporal opens: it may be another
/// one, or the settings may be others; and every now and then if one is missing.
async fn schedules(
    mut link: watch::Receiver<Option<Client>>,
    settings: Settings,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut opened = true;
    loop {
        let client = link.borrow_and_update().clone();
        let mut pause = settings.rounds;
        if let Some(client) = client {
            let making = async {
                for weekly in weekly::ALL {
                    if opened {
                        weekly.renew(&client, &settings).await
                    } else {
                        weekly.make(&client, &settings).await.map(|_| ())
                    }
                    .map_err(|error| (weekly.id, error))?;
                }
                Ok(())
            };
            match draining.run_until_cancelled(making).await {
                None => return Ok(()),
                Some(Ok(())) => opened = false,
                Some(Err((schedule, error))) => {
                    let error = format!("{:#}", anyhow::Error::from(error));
                    tracing::warn!(error, schedule, "could not be made");
                    pause = SCHEDULE_AGAIN;
                }
            }
        }
        tokio::select! {
            changed = link.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                opened = true;
            }
            () = tokio::time::sleep(pause) => {}
            () = draining.cancelled() => return Ok(()),
        }
    }
}
