//! Whether new orders are taken.

use serde::{Deserialize, Serialize};
use types::Timestamp;

/// The counter's state. Open orders and their clocks go on in each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Bar {
    #[default]
    Open,
    /// Back at that time, or when somebody says so.
    Paused { until: Option<Timestamp> },
    /// Open again at that time, or when somebody says so.
    Closed { until: Option<Timestamp> },
}

/// Why no order is taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BarShut {
    #[error("the bar takes a break")]
    Paused { until: Option<Timestamp> },
    #[error("the bar is closed")]
    Closed { until: Option<Timestamp> },
}

impl BarShut {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paused { .. } => "bar-paused",
            Self::Closed { .. } => "bar-closed",
        }
    }

    /// When it takes orders again, if that is known.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Paused { until } | Self::Closed { until } => until,
        }
    }
}

impl Bar {
    /// The state at a moment: a pause whose time has passed is over.
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Paused { until: Some(until) } | Self::Closed { until: Some(until) }
                if until <= now =>
            {
                Self::Open
            }
            Self::Open | Self::Paused { .. } | Self::Closed { .. } => self,
        }
    }

    /// Whether it takes a new order now.
    pub fn accepts(self, now: Timestamp) -> Result<(), BarShut> {
        match self.at(now) {
            Self::Open => Ok(()),
            Self::Paused { until } => Err(BarShut::Paused { until }),
            Self::Closed { until } => Err(BarShut::Closed { until }),
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused { .. } => "paused",
            Self::Closed { .. } => "closed",
        }
    }

    /// When it opens again, if that is known.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Paused { until } | Self::Closed { until } => until,
        }
    }
}
