//! What is stored about somebody, and leaving.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use runtime::{AppError, Caller};
use tonic::Status;
use types::Timestamp;
use wire::customer::v1 as pb;

use super::member;
use crate::app::{
    App,
    privacy::{self, Row},
};

pub(super) fn tell(
    app: &Arc<App>,
    caller: &Caller,
    request: pb::TellStoredRequest,
) -> Result<impl Stream<Item = Result<pb::StoredRow, Status>> + use<>, AppError> {
    let pb::TellStoredRequest {} = request;
    let rows = privacy::tell(app.clone(), caller.person()?.member);
    let row = |Row { table, row }| pb::StoredRow {
        table: table.to_owned(),
        json: serde_json::Value::Object(row).to_string(),
    };
    Ok(rows.map(move |told| told.map(row).map_err(Status::from)))
}

pub(super) async fn remove(
    app: &App,
    caller: &Caller,
    request: pb::RemoveMemberRequest,
    now: Timestamp,
) -> Result<pb::RemoveMemberResponse, AppError> {
    let pb::RemoveMemberRequest { member_id, name } = request;
    let id = member("member_id", &member_id)?;
    privacy::remove(app, id, &name, caller.person()?, now).await?;
    Ok(pb::RemoveMemberResponse {})
}
