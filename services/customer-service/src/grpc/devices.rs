//! Shared devices, and PINs.

use customer_domain::{
    devices::{self as rules, DeviceKind},
    pins::PinKind,
};
use runtime::{AppError, Caller, Code, grpc::Device as Holder};
use secrecy::ExposeSecret;
use types::{DeviceId, MemberId, Timestamp};
use wire::customer::v1 as pb;

use super::{
    identity::{device_of, pair},
    member,
};
use crate::{
    app::{App, diners},
    events::wire_time,
    identity::{
        devices::{self, Came, Started, Verdict},
        pins,
    },
    store::{devices::Device, pins::Face},
};

pub(super) async fn start_pairing(
    app: &App,
    request: pb::StartPairingRequest,
    now: Timestamp,
) -> Result<pb::StartPairingResponse, AppError> {
    let pb::StartPairingRequest { device } = request;
    let says = device_of(&device)?;
    let Started { secret, code, expires_at } = devices::start(&app.identity, &says, now).await?;
    Ok(pb::StartPairingResponse {
        device_code: secret.expose_secret().to_owned(),
        user_code: code.to_string(),
        expires_at: Some(wire_time(expires_at)),
        interval_seconds: seconds(rules::FIRST_INTERVAL),
    })
}

fn seconds(span: chrono::TimeDelta) -> i32 {
    i32::try_from(span.num_seconds()).unwrap_or(i32::MAX)
}

pub(super) async fn finish_pairing(
    app: &App,
    request: pb::FinishPairingRequest,
    now: Timestamp,
) -> Result<pb::FinishPairingResponse, AppError> {
    let pb::FinishPairingRequest { device_code } = request;
    let state = |state: pb::PairingState| pb::FinishPairingResponse {
        state: state.into(),
        ..pb::FinishPairingResponse::default()
    };
    Ok(match devices::finish(&app.identity, &device_code, now).await? {
        Came::Waits { asking, interval } => pb::FinishPairingResponse {
            user_code: spaced(&asking.code),
            expires_at: Some(wire_time(asking.pairing.expires_at)),
            interval_seconds: seconds(interval),
            ..state(pb::PairingState::Pending)
        },
        Came::Refused => state(pb::PairingState::Refused),
        Came::Expired => state(pb::PairingState::Expired),
        Came::Paired(paired) => {
            let (device, issued) = *paired;
            pb::FinishPairingResponse {
                tokens: Some(pair(&issued)),
                device: Some(wire(&device)),
                ..state(pb::PairingState::Paired)
            }
        }
    })
}

/// A stored code as people read it.
fn spaced(code: &str) -> String {
    rules::UserCode::parse(code).map(|code| code.to_string()).unwrap_or_default()
}

pub(super) async fn get_pairing(
    app: &App,
    request: pb::GetPairingRequest,
    now: Timestamp,
) -> Result<pb::Pairing, AppError> {
    let pb::GetPairingRequest { user_code } = request;
    let (code, asking) = devices::look_up(&app.identity, &user_code, now).await?;
    Ok(pb::Pairing {
        user_code: code.to_string(),
        device: asking.says,
        asked_at: Some(wire_time(asking.started_at)),
        expires_at: Some(wire_time(asking.pairing.expires_at)),
    })
}

pub(super) async fn decide_pairing(
    app: &App,
    caller: &Caller,
    request: pb::DecidePairingRequest,
    now: Timestamp,
) -> Result<pb::DecidePairingResponse, AppError> {
    use pb::decide_pairing_request::Decision;
    let pb::DecidePairingRequest { user_code, decision } = request;
    let verdict = match decision {
        Some(Decision::Approve(pb::ApprovedDevice { name, kind })) => {
            let name = rules::name(&name)
                .map_err(|error| AppError::invalid("name", "malformed", error.to_string()))?;
            Verdict::Approve { name, kind: kind_of(kind)? }
        }
        Some(Decision::Refuse(pb::Refused {})) => Verdict::Refuse,
        None => return Err(AppError::invalid("decision", "missing", "approve or refuse it")),
    };
    let by = caller.person()?;
    let device = devices::decide(&app.identity, &user_code, verdict, by, now).await?;
    Ok(pb::DecidePairingResponse { device: device.as_ref().map(wire) })
}

pub(super) async fn list_devices(
    app: &App,
    request: pb::ListDevicesRequest,
    now: Timestamp,
) -> Result<pb::ListDevicesResponse, AppError> {
    let pb::ListDevicesRequest {} = request;
    let devices = devices::list(&app.identity, now).await?;
    Ok(pb::ListDevicesResponse { devices: devices.iter().map(wire).collect() })
}

pub(super) async fn end_device(
    app: &App,
    caller: &Caller,
    request: pb::EndDeviceRequest,
    now: Timestamp,
) -> Result<pb::EndDeviceResponse, AppError> {
    let pb::EndDeviceRequest { device_id } = request;
    let device: DeviceId = device_id.parse().map_err(|error: types::ParseIdError| {
        AppError::invalid("device_id", "malformed", error.to_string())
    })?;
    let ended = devices::end(&app.identity, device, caller.person()?, now).await?;
    Ok(pb::EndDeviceResponse { already_so: !ended })
}

pub(super) async fn get_device(
    app: &App,
    caller: &Caller,
    request: pb::GetDeviceRequest,
    now: Timestamp,
) -> Result<pb::GetDeviceResponse, AppError> {
    let pb::GetDeviceRequest {} = request;
    let (device, faces) = devices::of_itself(&app.identity, holder(caller)?, now).await?;
    let faces = faces
        .into_iter()
        .map(|Face { id, name, emoji, colour, roles, has_pin }| pb::Face {
            id: id.to_string(),
            name,
            emoji,
            colour,
            may_sign_in: has_pin && pins::may_sign_in(device.kind, roles),
        })
        .collect();
    Ok(pb::GetDeviceResponse { device: Some(wire(&device)), faces })
}

pub(super) async fn sign_in(
    app: &App,
    caller: &Caller,
    request: pb::SignInAtDeviceRequest,
    now: Timestamp,
) -> Result<pb::TokenPair, AppError> {
    let pb::SignInAtDeviceRequest { member_id, pin } = request;
    let member = member("member_id", &member_id)?;
    Ok(pair(&pins::sign_in(&app.identity, holder(caller)?, member, &pin, now).await?))
}

/// The device that asks; the door lets nobody else in.
fn holder(caller: &Caller) -> Result<&Holder, AppError> {
    let holder = caller.device.as_ref();
    holder.ok_or_else(|| AppError::new(Code::Forbidden, "Only a paired device asks this."))
}

pub(super) async fn list_pins(
    app: &App,
    caller: &Caller,
    request: pb::ListPinsRequest,
) -> Result<pb::ListPinsResponse, AppError> {
    let pb::ListPinsRequest { member_id } = request;
    // Who may set the one kind may know of all.
    let of = whose(app, caller, &member_id, PinKind::Pictures).await?;
    let pins = pins::list(&app.identity, of).await?;
    let pins = pins
        .into_iter()
        .map(|(kind, at)| pb::StoredPin {
            kind: wire_pin(kind).into(),
            set_at: Some(wire_time(at)),
        })
        .collect();
    Ok(pb::ListPinsResponse { pins })
}

pub(super) async fn set_pin(
    app: &App,
    caller: &Caller,
    request: pb::SetPinRequest,
    now: Timestamp,
) -> Result<pb::SetPinResponse, AppError> {
    let pb::SetPinRequest { member_id, kind, pin } = request;
    let kind = pin_kind(kind)?;
    let member = whose(app, caller, &member_id, kind).await?;
    pins::set(&app.identity, member, kind, &pin, caller.person()?, now).await?;
    Ok(pb::SetPinResponse {})
}

pub(super) async fn remove_pin(
    app: &App,
    caller: &Caller,
    request: pb::RemovePinRequest,
    now: Timestamp,
) -> Result<pb::RemovePinResponse, AppError> {
    let pb::RemovePinRequest { member_id, kind } = request;
    let kind = pin_kind(kind)?;
    let member = whose(app, caller, &member_id, kind).await?;
    let removed = pins::remove(&app.identity, member, kind, caller.person()?, now).await?;
    Ok(pb::RemovePinResponse { already_so: !removed })
}

/// Of whom such a PIN is; refused where it is not the caller's business.
async fn whose(
    app: &App,
    caller: &Caller,
    member_id: &str,
    kind: PinKind,
) -> Result<MemberId, AppError> {
    let by = caller.person()?;
    let of = if member_id.is_empty() { by.member } else { member("member_id", member_id)? };
    if of != by.member {
        diners::check_pin(app, of, kind, by).await?;
    }
    Ok(of)
}

fn wire(device: &Device) -> pb::Device {
    let Device { id, name, kind, says, paired_by, paired_at, last_used_at, member } = device;
    pb::Device {
        id: id.to_string(),
        name: name.clone(),
        kind: match kind {
            DeviceKind::Counter => pb::DeviceKind::Counter,
            DeviceKind::Display => pb::DeviceKind::Display,
            DeviceKind::Kiosk => pb::DeviceKind::Kiosk,
        }
        .into(),
        says: says.clone(),
        paired_by: paired_by.to_string(),
        paired_at: Some(wire_time(*paired_at)),
        last_used_at: last_used_at.map(wire_time),
        member_id: member.map(|member| member.to_string()).unwrap_or_default(),
    }
}

fn kind_of(kind: i32) -> Result<DeviceKind, AppError> {
    match pb::DeviceKind::try_from(kind) {
        Ok(pb::DeviceKind::Counter) => Ok(DeviceKind::Counter),
        Ok(pb::DeviceKind::Display) => Ok(DeviceKind::Display),
        Ok(pb::DeviceKind::Kiosk) => Ok(DeviceKind::Kiosk),
        Ok(pb::DeviceKind::Unspecified) | Err(_) => {
            Err(AppError::invalid("kind", "unknown-value", "counter, display or kiosk"))
        }
    }
}

fn wire_pin(kind: PinKind) -> pb::PinKind {
    match kind {
        PinKind::Digits => pb::PinKind::Digits,
        PinKind::Pictures => pb::PinKind::Pictures,
    }
}

fn pin_kind(kind: i32) -> Result<PinKind, AppError> {
    match pb::PinKind::try_from(kind) {
        Ok(pb::PinKind::Digits) => Ok(PinKind::Digits),
        Ok(pb::PinKind::Pictures) => Ok(PinKind::Pictures),
        Ok(pb::PinKind::Unspecified) | Err(_) => {
            Err(AppError::invalid("kind", "unknown-value", "digits or pictures"))
        }
    }
}
