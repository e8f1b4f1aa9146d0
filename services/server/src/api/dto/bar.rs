//! The bar's state in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::order::v1 as pb;

use super::{nonsense, time};
use crate::problem::Problem;

/// Whether new orders are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BarState {
    Open,
    Paused,
    Closed,
}

/// The bar now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bar {
    pub state: BarState,
    /// When it takes orders again, where that is known.
    pub until: Option<DateTime<Utc>>,
    /// Orders that wait for a barista.
    pub queued: i32,
    /// Orders in the making.
    pub preparing: i32,
    /// How long an order placed now is likely to take; absent while nothing is known.
    pub estimate_seconds: Option<i32>,
}

/// Opens, pauses or closes the bar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBar {
    pub state: BarState,
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
}

impl TryFrom<pb::Bar> for Bar {
    type Error = Problem;

    fn try_from(bar: pb::Bar) -> Result<Self, Problem> {
        let pb::Bar { state, until, queued, preparing, estimate_seconds } = bar;
        let state = match pb::BarState::try_from(state) {
            Ok(pb::BarState::Open) => BarState::Open,
            Ok(pb::BarState::Paused) => BarState::Paused,
            Ok(pb::BarState::Closed) => BarState::Closed,
            Ok(pb::BarState::Unspecified) | Err(_) => return Err(nonsense("bar state")),
        };
        Ok(Self { state, until: until.and_then(time), queued, preparing, estimate_seconds })
    }
}

impl From<BarState> for pb::BarState {
    fn from(state: BarState) -> Self {
        match state {
            BarState::Open => Self::Open,
            BarState::Paused => Self::Paused,
            BarState::Closed => Self::Closed,
        }
    }
}
