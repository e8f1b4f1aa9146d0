//! Shared devices and PINs in JSON.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{customer::v1 as pb, order::v1 as order};

use super::{bar::Bar, nonsense, order::OrderState, session::Tokens, some, time};
use crate::problem::Problem;

/// What a shared device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// Baristas switch by PIN.
    Counter,
    /// Shows who is next and what is ready.
    Display,
    /// Children order by picture PIN.
    Kiosk,
}

impl DeviceKind {
    pub(crate) fn of_wire(kind: pb::DeviceKind) -> Result<Self, Problem> {
        match kind {
            pb::DeviceKind::Counter => Ok(Self::Counter),
            pb::DeviceKind::Display => Ok(Self::Display),
            pb::DeviceKind::Kiosk => Ok(Self::Kiosk),
            pb::DeviceKind::Unspecified => Err(nonsense("a device of no kind")),
        }
    }

    pub(crate) const fn wire(self) -> pb::DeviceKind {
        match self {
            Self::Counter => pb::DeviceKind::Counter,
            Self::Display => pb::DeviceKind::Display,
            Self::Kiosk => pb::DeviceKind::Kiosk,
        }
    }
}

/// A device that asks to be paired.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPairing {
    /// What it says it is; an admin reads it before approving.
    #[serde(default)]
    #[schema(max_length = 300)]
    pub device: Option<String>,
}

/// What the device shows, and what it comes back with (RFC 8628).
#[derive(Serialize, ToSchema)]
pub struct PairingStarted {
    /// The device's secret, for `POST /v1/pairings/tokens`. Shown once.
    pub device_code: String,
    /// To show on the device, for an admin to type.
    #[schema(example = "WDJB-MJHT")]
    pub user_code: String,
    /// Where an admin types it.
    #[schema(example = "https://coffee.local/family/devices")]
    pub verification_url: String,
    /// The same with the code in it, for a QR code.
    pub verification_url_complete: String,
    pub expires_at: DateTime<Utc>,
    /// Ask not more often than this.
    pub interval_seconds: i32,
}

/// The device's secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PairingSecret {
    #[schema(value_type = String)]
    pub device_code: SecretString,
}

/// What became of a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PairingState {
    /// Nobody has decided yet: ask again after `interval_seconds`.
    Pending,
    Refused,
    /// Or used already, or never there: begin again.
    Expired,
    /// Approved; `tokens` and `device` come with this answer and not again.
    Paired,
}

/// What a device hears that comes back.
#[derive(Serialize, ToSchema)]
pub struct PairingOutcome {
    pub state: PairingState,
    /// While it is pending; longer when it was asked too soon.
    pub interval_seconds: Option<i32>,
    pub expires_at: Option<DateTime<Utc>>,
    /// The device's own, once.
    pub tokens: Option<Tokens>,
    pub device: Option<Device>,
}

impl TryFrom<pb::FinishPairingResponse> for PairingOutcome {
    type Error = Problem;

    fn try_from(answer: pb::FinishPairingResponse) -> Result<Self, Problem> {
        let pairing_state = match answer.state() {
            pb::PairingState::Pending => PairingState::Pending,
            pb::PairingState::Refused => PairingState::Refused,
            pb::PairingState::Expired => PairingState::Expired,
            pb::PairingState::Paired => PairingState::Paired,
            pb::PairingState::Unspecified => return Err(nonsense("a pairing in no state")),
        };
        let pb::FinishPairingResponse {
            state: _,
            user_code: _,
            expires_at,
            interval_seconds,
            tokens,
            device,
        } = answer;
        Ok(Self {
            state: pairing_state,
            interval_seconds: (interval_seconds > 0).then_some(interval_seconds),
            expires_at: expires_at.and_then(time),
            tokens: tokens.map(Tokens::try_from).transpose()?,
            device: device.map(Device::try_from).transpose()?,
        })
    }
}

/// What asks under a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pairing {
    #[schema(example = "WDJB-MJHT")]
    pub user_code: String,
    /// What the device says it is.
    pub device: String,
    pub asked_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<pb::Pairing> for Pairing {
    fn from(pairing: pb::Pairing) -> Self {
        let pb::Pairing { user_code, device, asked_at, expires_at } = pairing;
        let (asked_at, expires_at) = (asked_at.and_then(time), expires_at.and_then(time));
        Self { user_code, device, asked_at, expires_at }
    }
}

/// What an admin makes of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    #[schema(max_length = 60, example = "Kitchen counter")]
    pub name: String,
    pub kind: DeviceKind,
}

/// Nothing more is said to a device that is refused.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {}

/// A paired device.
#[derive(Debug, Serialize, ToSchema)]
pub struct Device {
    #[schema(example = "dev_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    pub name: String,
    pub kind: DeviceKind,
    /// What it said it is.
    pub says: String,
    /// The admin who approved it.
    pub paired_by: String,
    pub paired_at: Option<DateTime<Utc>>,
    /// To some 15 minutes; null: it has not fetched its tokens yet, or lost them.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Who is signed in at it.
    pub member: Option<String>,
}

impl TryFrom<pb::Device> for Device {
    type Error = Problem;

    fn try_from(device: pb::Device) -> Result<Self, Problem> {
        let kind = DeviceKind::of_wire(device.kind())?;
        let pb::Device { id, name, kind: _, says, paired_by, paired_at, last_used_at, member_id } =
            device;
        let (paired_at, last_used_at) = (paired_at.and_then(time), last_used_at.and_then(time));
        Ok(Self {
            id,
            name,
            kind,
            says,
            paired_by,
            paired_at,
            last_used_at,
            member: some(member_id),
        })
    }
}

/// The house's devices, paired first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Devices {
    pub devices: Vec<Device>,
}

impl TryFrom<pb::ListDevicesResponse> for Devices {
    type Error = Problem;

    fn try_from(list: pb::ListDevicesResponse) -> Result<Self, Problem> {
        let pb::ListDevicesResponse { devices } = list;
        let devices = devices.into_iter().map(Device::try_from).collect::<Result<_, _>>()?;
        Ok(Self { devices })
    }
}

/// The device that asks, and the family as it may show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThisDevice {
    pub device: Device,
    /// By name.
    pub faces: Vec<Face>,
}

/// As much of a member as a screen that everybody looks at may show.
#[derive(Debug, Serialize, ToSchema)]
pub struct Face {
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    pub name: String,
    pub emoji: String,
    pub colour: String,
    /// Here, by a PIN.
    pub may_sign_in: bool,
}

impl TryFrom<pb::GetDeviceResponse> for ThisDevice {
    type Error = Problem;

    fn try_from(answer: pb::GetDeviceResponse) -> Result<Self, Problem> {
        let pb::GetDeviceResponse { device, faces } = answer;
        let device = device.ok_or_else(|| nonsense("no device"))?.try_into()?;
        let faces = faces
            .into_iter()
            .map(|pb::Face { id, name, emoji, colour, may_sign_in }| Face {
                id,
                name,
                emoji,
                colour,
                may_sign_in,
            })
            .collect();
        Ok(Self { device, faces })
    }
}

/// Who somebody is, and their PIN.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinSignIn {
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub member: String,
    /// Digits; at a kiosk the places of the pictures, "1" to "9".
    #[schema(value_type = String)]
    pub pin: SecretString,
}

/// Where a PIN is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PinKind {
    /// 4 to 6 digits, at the counter.
    Digits,
    /// 4 of 9 pictures, at the kiosk.
    Pictures,
}

impl PinKind {
    pub(crate) const fn wire(self) -> pb::PinKind {
        match self {
            Self::Digits => pb::PinKind::Digits,
            Self::Pictures => pb::PinKind::Pictures,
        }
    }
}

/// A new PIN.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPin {
    /// 4 to 6 digits, nothing that everybody tries first; of pictures the four
    /// places, "1" to "9".
    #[schema(value_type = String, example = "7310")]
    pub pin: SecretString,
}

/// That somebody has a PIN; what it is nobody is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pin {
    pub kind: PinKind,
    pub set_at: Option<DateTime<Utc>>,
}

/// The PINs of a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pins {
    pub pins: Vec<Pin>,
}

impl TryFrom<pb::ListPinsResponse> for Pins {
    type Error = Problem;

    fn try_from(list: pb::ListPinsResponse) -> Result<Self, Problem> {
        let pb::ListPinsResponse { pins } = list;
        let pins = pins.into_iter().map(|pin| {
            let kind = match pin.kind() {
                pb::PinKind::Digits => PinKind::Digits,
                pb::PinKind::Pictures => PinKind::Pictures,
                pb::PinKind::Unspecified => return Err(nonsense("a PIN of no kind")),
            };
            Ok(Pin { kind, set_at: pin.set_at.and_then(time) })
        });
        Ok(Self { pins: pins.collect::<Result<_, _>>()? })
    }
}

/// What a screen for everybody shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Display {
    /// Longest waiting first.
    pub orders: Vec<DisplayedOrder>,
    pub bar: Bar,
    /// For `?after=` of the live updates.
    pub position: String,
}

/// An order on such a screen.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisplayedOrder {
    /// As it is called out.
    pub number: i32,
    /// `queued`, `preparing` or `ready`.
    pub state: OrderState,
    /// For whom its items are.
    pub members: Vec<String>,
    pub guests: Vec<String>,
}

impl TryFrom<order::Display> for Display {
    type Error = Problem;

    fn try_from(display: order::Display) -> Result<Self, Problem> {
        let order::Display { orders, bar, position } = display;
        let orders = orders.into_iter().map(|order| {
            let order::DisplayedOrder { number, state, member_ids, guests } = order;
            let state = OrderState::of_wire(state)?;
            Ok(DisplayedOrder { number, state, members: member_ids, guests })
        });
        let orders = orders.collect::<Result<_, Problem>>()?;
        Ok(Self { orders, bar: bar.unwrap_or_default().try_into()?, position })
    }
}
