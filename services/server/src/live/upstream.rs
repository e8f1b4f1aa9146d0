//! The one stream from order-service that feeds the hub: opened again with the
//! last position whenever it ends, after a pause that grows while it fails.

use std::{sync::Arc, time::Duration};

use rand::RngExt;
use runtime::health::Part;
use tokio_util::sync::CancellationToken;
use wire::order::v1::WatchEventsRequest;

use super::Hub;
use crate::{clients::Clients, metrics};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longer than any pause between upstream's heartbeats.
const SILENCE: Duration = Duration::from_secs(45);

/// Runs until the gateway drains.
pub async fn follow(
    hub: Arc<Hub>,
    clients: Clients,
    part: Part,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        let outcome = tokio::select! {
            () = draining.cancelled() => return Ok(()),
            outcome = one_stream(&hub, &clients, &part) => outcome,
        };
        metrics::upstream_ended();
        match outcome {
            // It had worked: begin again soon.
            Outcome::Ended => pause = FIRST_PAUSE,
            Outcome::Refused(reason) => part.down(reason),
        }
        let spread = rand::rng().random_range(0.5..1.0);
        tokio::select! {
            () = draining.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause.mul_f64(spread)) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

enum Outcome {
    /// After at least one message.
    Ended,
    Refused(String),
}

async fn one_stream(hub: &Hub, clients: &Clients, part: &Part) -> Outcome {
    let after = hub.head().map(|position| position.to_string()).unwrap_or_default();
    let opened = clients.watch_events(WatchEventsRequest { after });
    let mut stream = match opened.await {
        Ok(stream) => stream,
        Err(status) => return Outcome::Refused(format!("{:?}", status.code())),
    };
    let mut heard = false;
    loop {
        match tokio::time::timeout(SILENCE, stream.message()).await {
            Ok(Ok(Some(event))) => {
                if !heard {
                    part.up();
                    heard = true;
                }
                hub.take(event);
            }
            Ok(Ok(None)) if heard => return Outcome::Ended,
            Ok(Ok(None)) => return Outcome::Refused("ended at once".to_owned()),
            Ok(Err(status)) if heard => {
                tracing::info!(code = ?status.code(), "the stream of events broke off");
                return Outcome::Ended;
            }
            Ok(Err(status)) => return Outcome::Refused(format!("{:?}", status.code())),
            Err(_) => return Outcome::Refused("silent for too long".to_owned()),
        }
    }
}
