//! The numbering step: deals positions to committed events, in batches, woken by
//! commits of this replica and every second; hears of what other replicas dealt.

use std::{sync::Arc, time::Duration};

use opentelemetry::metrics::Counter;
use runtime::{postgres, telemetry};
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::{
    cursor::Position,
    log::{self, Log, Record},
};

/// Events of one numbering transaction.
const BATCH: i32 = 256;
/// The longest that an event of a replica that died after its commit waits.
const POLL: Duration = Duration::from_secs(1);
/// A connection on which nothing was heard for so long is changed for another one: it
/// may have been lost without a word.
const SILENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Numbers until the service drains.
pub(crate) async fn number(log: Log, draining: CancellationToken) -> anyhow::Result<()> {
    let dealt = telemetry::meter()
        .u64_counter("outbox.events.numbered")
        .with_description("Events that got their position from this replica.")
        .build();
    let mut pause = PAUSE;
    // Not woken, it also looks how far others have come: they may not be heard.
    let mut woken = true;
    while !draining.is_cancelled() {
        let dealing = async {
            deal(&log, &dealt).await?;
            if !woken {
                log.advance(log::head(&log.inner.pool).await?);
            }
            Ok::<_, sqlx::Error>(())
        };
        let wait = match dealing.await {
            Ok(()) => {
                pause = PAUSE;
                POLL
            }
            Err(error) => {
                tracing::warn!(%error, "events cannot be numbered now");
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                wait
            }
        };
        tokio::select! {
            () = log.inner.wake.0.notified() => woken = true,
            () = tokio::time::sleep(wait) => woken = false,
            () = draining.cancelled() => {}
        }
    }
    // What was committed while we drained is numbered by the next one; but try.
    let _ = deal(&log, &dealt).await;
    Ok(())
}

/// Deals positions until no committed event is without one.
async fn deal(log: &Log, counter: &Counter<u64>) -> Result<(), sqlx::Error> {
    loop {
        let rows = sqlx::query(
            "select position, event_id, stream_key, version, kind, payload, traceparent, at
             from deal_positions($1) order by position",
        )
        .bind(BATCH)
        .fetch_all(&log.inner.pool);
        let rows = postgres::in_time(rows).await?;
        let records: Result<Vec<_>, _> =
            rows.iter().map(|row| Record::from_row(row).map(Arc::new)).collect();
        let records = records?;
        let count = records.len();
        counter.add(count as u64, &[]);
        log.dealt(records);
        if count < BATCH as usize {
            return Ok(());
        }
    }
}

/// Moves the head when another replica numbered; until the service drains.
pub(crate) async fn listen(log: Log, draining: CancellationToken) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            heard = hear(&log) => if let Err(error) = heard {
                let expected = postgres::is_outage(&error);
                tracing::debug!(%error, expected, "cannot hear of other replicas' numbering");
            },
            () = draining.cancelled() => return Ok(()),
        }
        tokio::select! {
            () = tokio::time::sleep(LONGEST_PAUSE) => {}
            () = draining.cancelled() => return Ok(()),
        }
    }
}

async fn hear(log: &Log) -> Result<(), sqlx::Error> {
    let listening = async {
        let mut listener = PgListener::connect_with(&log.inner.pool).await?;
        listener.listen("event_log").await?;
        Ok::<_, sqlx::Error>(listener)
    };
    let mut listener = postgres::in_time(listening).await?;
    loop {
        // Whatever was said before we listened, or while the connection was lost.
        log.advance(log::head(&log.inner.pool).await?);
        loop {
            let Ok(heard) = tokio::time::timeout(SILENCE, listener.try_recv()).await else {
                return Ok(());
            };
            let Some(notification) = heard? else { break };
            if let Ok(position) = notification.payload().parse() {
                log.advance(Position::new(position));
            }
        }
    }
}
