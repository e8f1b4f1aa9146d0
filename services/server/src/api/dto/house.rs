//! The house's settings in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{some, time};

/// What holds for everybody in the house.
#[derive(Debug, Serialize, ToSchema)]
pub struct House {
    /// Nothing costs beans.
    pub free_bar: bool,
    /// The least balance that a new order or a gift may leave.
    pub floor_beans: i64,
    /// What each member gets every ISO week.
    pub weekly_allowance_beans: i64,
    /// Raised by each change; 0: nobody changed anything yet.
    pub version: u64,
    /// A member's id.
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
}

/// What is to hold from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHouse {
    pub free_bar: bool,
    #[schema(minimum = -1_000_000, maximum = 0)]
    pub floor_beans: i64,
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub weekly_allowance_beans: i64,
    /// The version that its sender saw; 0 or left out: whatever it is.
    #[serde(default)]
    pub version: u64,
}

impl From<pb::House> for House {
    fn from(house: pb::House) -> Self {
        let pb::House {
            free_bar,
            floor_beans,
            weekly_allowance_beans,
            version,
            changed_by,
            changed_at,
        } = house;
        Self {
            free_bar,
            floor_beans,
            weekly_allowance_beans,
            version,
            changed_by: some(changed_by),
            changed_at: changed_at.and_then(time),
        }
    }
}
