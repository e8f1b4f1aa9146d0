//! Guests and their passes.

use runtime::{AppError, Caller};
use secrecy::ExposeSecret;
use types::{GuestPassId, Timestamp};
use wire::customer::v1 as pb;

use super::{
    identity::{device_of, pair},
    members::{Balance, card},
};
use crate::{
    app::{App, guests},
    events::wire_time,
    store::{guests::Good, members::Member},
};

pub(super) async fn create_pass(
    app: &App,
    caller: &Caller,
    request: pb::CreateGuestPassRequest,
    now: Timestamp,
) -> Result<pb::CreateGuestPassResponse, AppError> {
    let pb::CreateGuestPassRequest {} = request;
    let (secret, pass) = guests::create(app, caller.person()?.member, now).await?;
    let secret = secret.expose_secret().to_owned();
    Ok(pb::CreateGuestPassResponse { secret, pass: Some(wire(&pass, &[])) })
}

pub(super) async fn list_passes(
    app: &App,
    caller: &Caller,
    request: pb::ListGuestPassesRequest,
    now: Timestamp,
) -> Result<pb::ListGuestPassesResponse, AppError> {
    let pb::ListGuestPassesRequest {} = request;
    let passes = guests::list(app, caller.person()?.member, now).await?;
    let passes = passes.iter().map(|(pass, here)| wire(pass, here)).collect();
    Ok(pb::ListGuestPassesResponse { passes })
}

pub(super) async fn end_pass(
    app: &App,
    caller: &Caller,
    request: pb::EndGuestPassRequest,
    now: Timestamp,
) -> Result<pb::EndGuestPassResponse, AppError> {
    let pb::EndGuestPassRequest { id } = request;
    let id: GuestPassId = id.parse().map_err(|error: types::ParseIdError| {
        AppError::invalid("id", "malformed", error.to_string())
    })?;
    let ended = guests::end(app, id, caller.person()?, now).await?;
    Ok(pb::EndGuestPassResponse { already_so: !ended })
}

pub(super) async fn enter(
    app: &App,
    request: pb::EnterAsGuestRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::EnterAsGuestRequest { secret, name, device } = request;
    let device = device_of(&device)?;
    Ok(pair(&guests::enter(app, &secret, &name, &device, now).await?))
}

fn wire(pass: &Good, here: &[Member]) -> pb::GuestPass {
    let Good { id, created_at, ends_at } = *pass;
    pb::GuestPass {
        id: id.to_string(),
        created_at: Some(wire_time(created_at)),
        ends_at: Some(wire_time(ends_at)),
        guests: here.iter().map(|guest| card(guest, Balance::Hidden)).collect(),
    }
}
