//! `/v1/orders`

pub mod accept;
pub mod acknowledge;
pub mod again;
pub mod amend;
pub mod approvals;
pub mod approve;
pub mod cancel;
pub mod decline;
pub mod forgive;
pub mod hand_over;
pub mod list;
pub mod pick_up;
pub mod place;
pub mod ready;
pub mod recall;
pub mod refuse;
pub mod release;
pub mod replace;
pub mod show;
pub mod strike;
pub mod tick;

use axum::Json;
use types::OrderId;
use utoipa::IntoParams;
use wire::order::v1 as pb;

use crate::{
    api::dto::order::{CommandBody, CommandDone},
    extract::IfMatch,
    problem::Problem,
};

/// What the path and head of every command have; for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what the extractors read")]
pub(super) struct OfOrder {
    /// The order's id.
    #[param(example = "ord_01h455vb4pex5vsknk084sn02q")]
    id: String,
}

/// The same for commands.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what the extractors read")]
pub(super) struct Seen {
    /// The version that the sender saw, in quotes; as good as `version` in the body.
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
}

/// The same for what is about one line.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what the extractors read")]
pub(super) struct OfLine {
    /// The order's id.
    #[param(example = "ord_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// `line` of one of its items.
    #[param(minimum = 1)]
    line: u16,
}

/// A command of path, `If-Match` and body.
fn command(id: OrderId, seen: IfMatch, body: CommandBody) -> Result<pb::CommandRequest, Problem> {
    let CommandBody { version, reason } = body;
    let (version, reason) = (seen.or(version)?, reason.unwrap_or_default());
    Ok(pb::CommandRequest { id: id.to_string(), version, reason })
}

/// The answer of a command.
fn done(response: tonic::Response<pb::CommandResponse>) -> Result<Json<CommandDone>, Problem> {
    response.into_inner().try_into().map(Json)
}
