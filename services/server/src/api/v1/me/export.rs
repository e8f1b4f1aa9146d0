//! `GET /v1/me/export`

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream;
use http::header;
use tonic::{Status, Streaming};
use types::MemberId;
use utoipa::ToSchema;
use wire::{
    customer::v1::{StoredRow, TellStoredRequest},
    order::v1::{self as orders, TellOrdersRequest},
};

use crate::{App, api::dto::order::Order, auth::Viewer, problem::Problem};

/// Everything that is stored about somebody.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written piece by piece")]
pub struct Export {
    exported_at: DateTime<Utc>,
    #[schema(value_type = String, example = "mem_01h455vb4pex5vsknk084sn02q")]
    member_id: MemberId,
    /// The rows that name one, by table; secrets are left out.
    stored: BTreeMap<String, Vec<serde_json::Value>>,
    /// What one ordered, and of others' orders what is for oneself; oldest first.
    orders: Vec<Order>,
}

/// Everything that is stored about one, as one file
///
/// It is read piece by piece while it is sent; one that ends early has no end.
#[utoipa::path(
    get,
    path = "/v1/me/export",
    operation_id = "exportMe",
    tag = "family",
    responses((status = 200, body = Export)),
)]
pub async fn export(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    file(&app, &viewer).await
}

/// The file, once both services have begun to tell.
pub(crate) async fn file(app: &App, viewer: &Viewer) -> Result<Response, Problem> {
    let (mut customers, mut orders) = (app.customers(viewer), app.orders(viewer));
    let (stored, orders) = tokio::try_join!(
        customers.tell_stored(TellStoredRequest {}),
        orders.tell_orders(TellOrdersRequest {}),
    )?;
    let writer = Writer {
        stored: stored.into_inner(),
        orders: orders.into_inner(),
        part: Part::Head { at: app.now(), member: viewer.member },
    };
    let body = stream::try_unfold(writer, async |mut writer| {
        let piece = writer.next().await.inspect_err(|error| {
            tracing::warn!(%error, "what is stored about somebody could not be told to its end");
        })?;
        Ok::<_, Status>(piece.map(|piece| (Bytes::from(piece), writer)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"everything-{}.json\"", app.now().format("%Y-%m-%d")),
        ),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Writes the file, a piece at a time: nothing of it is kept here.
struct Writer {
    stored: Streaming<StoredRow>,
    orders: Streaming<orders::Order>,
    part: Part,
}

/// What comes next.
enum Part {
    Head {
        at: DateTime<Utc>,
        member: MemberId,
    },
    /// Rows; of this table so far.
    Stored {
        table: String,
    },
    /// Orders; what separates the next from what is before.
    Orders {
        separator: &'static str,
    },
    End,
}

impl Writer {
    async fn next(&mut self) -> Result<Option<String>, Status> {
        let (piece, part) = match &self.part {
            Part::Head { at, member } => {
                let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                let head =
                    format!("{{\"exported_at\":\"{at}\",\"member_id\":\"{member}\",\"stored\":{{");
                (head, Part::Stored { table: String::new() })
            }
            Part::Stored { table: before } => match self.stored.message().await? {
                Some(StoredRow { table, json }) => {
                    let start = match before.as_str() {
                        "" => format!("\"{table}\":["),
                        before if before == table => ",".to_owned(),
                        _ => format!("],\"{table}\":["),
                    };
                    (start + &json, Part::Stored { table })
                }
                None => {
                    let end = if before.is_empty() { "" } else { "]" };
                    (format!("{end}}},\"orders\":["), Part::Orders { separator: "" })
                }
            },
            Part::Orders { separator } => match self.orders.message().await? {
                Some(order) => {
                    (format!("{separator}{}", json(order)?), Part::Orders { separator: "," })
                }
                None => ("]}\n".to_owned(), Part::End),
            },
            Part::End => return Ok(None),
        };
        self.part = part;
        Ok(Some(piece))
    }
}

fn json(order: orders::Order) -> Result<String, Status> {
    let order = Order::try_from(order).map_err(|_| Status::internal("an order that cannot be"))?;
    serde_json::to_string(&order).map_err(|error| Status::internal(error.to_string()))
}
