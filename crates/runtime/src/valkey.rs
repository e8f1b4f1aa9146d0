//! Valkey: caches and rate limits, never a decision. Whoever asks gets an
//! answer within 200 ms or [`Away`], and goes on without.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::KeyValue;
use redis::{
    Client, Cmd, FromRedisValue,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};
use tracing::Instrument;

use crate::{Runtime, health::Part, postgres, telemetry};

const ANSWER: Duration = Duration::from_millis(200);
const CONNECT: Duration = Duration::from_secs(1);
/// After a failure nobody asks for so long, so that nobody waits either.
const REST: Duration = Duration::from_secs(1);
const PROBE: Duration = Duration::from_secs(5);

/// It did not answer in time; go on without.
#[derive(Debug, thiserror::Error)]
#[error("Valkey is away")]
pub struct Away(#[source] Option<redis::RedisError>);

/// Cheap to clone; one connection, which heals by itself.
#[derive(Clone)]
pub struct Valkey {
    connection: ConnectionManager,
    part: Part,
    resting_until: Arc<Mutex<Option<Instant>>>,
    /// Operations that it last refused for want of permission.
    refused: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// Connects when first asked. Reports into health as the optional part `valkey`.
pub fn connect(runtime: &Runtime, url: &SecretString) -> anyhow::Result<Valkey> {
    let client = Client::open(url.expose_secret())
        .map_err(|_| anyhow::anyhow!("the Valkey URL is not redis://user:password@host:port/"))?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        .set_number_of_retries(0)
        .set_pipeline_buffer_size(16);
    let valkey = Valkey {
        connection: ConnectionManager::new_lazy_with_config(client, config)?,
        part: runtime.health.optional("valkey"),
        resting_until: Arc::default(),
        refused: Arc::default(),
    };
    let (probe, draining) = (valkey.clone(), runtime.shutdown.draining().clone());
    runtime.spawn("valkey probe", async move {
        while !draining.is_cancelled() {
            let _ = probe.ask::<String>("ping", &redis::cmd("PING")).await;
            tokio::select! {
                () = tokio::time::sleep(PROBE) => {}
                () = draining.cancelled() => {}
            }
        }
        Ok(())
    });
    Ok(valkey)
}

impl Valkey {
    /// Sends one command (with EVAL: one script). `operation` names it in
    /// telemetry. Keys begin with the service's own prefix, `server:…`.
    pub async fn ask<T: FromRedisValue>(
        &self,
        operation: &'static str,
        command: &Cmd,
    ) -> Result<T, Away> {
        if self.is_resting() {
            return Err(Away(None));
        }
        let span = tracing::info_span!(
            "valkey",
            otel.name = operation,
            otel.kind = "client",
            db.system.name = "redis",
            db.operation.name = operation,
        );
        let start = Instant::now();
        let mut connection = self.connection.clone();
        let asked = async { command.query_async::<T>(&mut connection).await };
        let result = tokio::time::timeout(ANSWER, asked.instrument(span.clone())).await;
        let result = match result {
            Ok(Ok(value)) => {
                self.note_permission(operation, true);
                self.rest_until(None);
                Ok(value)
            }
            Ok(Err(error)) if !is_outage(&error) => {
                if error.code() == Some("NOPERM") {
                    self.note_permission(operation, false);
                }
                tracing::warn!(operation, %error, "Valkey refused");
                Err(Away(Some(error)))
            }
            failed => {
                self.part.down("no answer");
                self.rest_until(Some(Instant::now() + REST));
                Err(Away(failed.ok().and_then(Result::err)))
            }
        };
        let mut labels = vec![
            KeyValue::new("db.system.name", "redis"),
            KeyValue::new("db.operation.name", operation),
        ];
        if result.is_err() {
            telemetry::failed(&span, "away");
            labels.push(KeyValue::new("error.type", "away"));
        }
        postgres::DURATION.record(telemetry::since(start), &labels);
        result
    }

    /// One that answers but refuses what we need is as good as away: its ping must not hide that.
    fn note_permission(&self, operation: &'static str, given: bool) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if given {
            refused.remove(operation)
        } else {
            refused.insert(operation)
        };
        match refused.first() {
            None => self.part.up(),
            Some(operation) => self.part.down(format!("{operation} is not permitted")),
        }
    }

    fn is_resting(&self) -> bool {
        let until = *self.resting_until.lock().unwrap_or_else(|poison| poison.into_inner());
        until.is_some_and(|until| Instant::now() < until)
    }

    fn rest_until(&self, until: Option<Instant>) {
        *self.resting_until.lock().unwrap_or_else(|poison| poison.into_inner()) = until;
    }
}

impl std::fmt::Debug for Valkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Valkey").finish_non_exhaustive()
    }
}

fn is_outage(error: &redis::RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_connection_refusal()
        || error.is_unrecoverable_error()
}
