//! Writing an event, in the transaction that changes the state.

use sqlx::PgConnection;
use types::{EventId, Timestamp};

/// An event that is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub event_id: EventId,
    /// What it is about: an order id, a member id.
    pub stream_key: String,
    /// Of that thing, after this event.
    pub version: i64,
    /// Its name: "accepted".
    pub kind: String,
    /// Protobuf.
    pub payload: Vec<u8>,
    /// `runtime::telemetry::traceparent()`.
    pub traceparent: Option<String>,
    pub at: Timestamp,
}

/// Why an event could not be written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else wrote this version meanwhile.
    #[error("{stream_key} has an event of version {version} already")]
    VersionTaken { stream_key: String, version: i64 },
    #[error("append to the event log")]
    Database(#[source] sqlx::Error),
}

impl From<AppendError> for runtime::AppError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::VersionTaken { .. } => {
                Self::new(runtime::Code::Stale, "It changed meanwhile. Please look again.")
                    .caused_by(error)
            }
            AppendError::Database(error) => error.into(),
        }
    }
}

/// Writes the event on a connection that is in a transaction; wake the numberer
/// after its commit. To save a round trip, put the same insert into the
/// statement that changes the state; the columns are a contract:
///
/// ```sql
/// with changed as (update orders set … where id = $1 returning id)
/// insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
/// select $2, $3, $4, $5, $6, $7, $8 from changed
/// ```
pub async fn append(connection: &mut PgConnection, event: &NewEvent) -> Result<(), AppendError> {
    let NewEvent { event_id, stream_key, version, kind, payload, traceparent, at } = event;
    let written = sqlx::query(
        "insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(event_id.uuid())
    .bind(stream_key)
    .bind(version)
    .bind(kind)
    .bind(payload)
    .bind(traceparent)
    .bind(at)
    .execute(connection);
    match runtime::postgres::timed("event_log.append", written).await {
        Ok(_) => Ok(()),
        Err(error)
            if runtime::postgres::constraint(&error) == Some("one_event_per_key_and_version") =>
        {
            let (stream_key, version) = (stream_key.clone(), *version);
            Err(AppendError::VersionTaken { stream_key, version })
        }
        Err(error) => Err(AppendError::Database(error)),
    }
}
