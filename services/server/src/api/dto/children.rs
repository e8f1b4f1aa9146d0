//! Children's limits and their guardians' approval in JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wire::order::v1 as pb;

use super::{diner::clock, order::Order, time};
use crate::problem::Problem;

/// What a held order waits for beside its time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Approval {
    /// Whose limits it passes.
    pub child_ids: Vec<String>,
    /// Whom it asks.
    pub guardian_ids: Vec<String>,
    #[schema(example = "2 drinks a day are allowed, and there were 2 today")]
    pub why: String,
    /// It is held until then once somebody said yes.
    pub then_at: Option<DateTime<Utc>>,
}

/// Who has read what must not be in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acknowledged {
    pub by: String,
    pub at: Option<DateTime<Utc>>,
}

/// Held orders that wait for the caller's yes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Approvals {
    /// Longest waiting first.
    pub orders: Vec<Order>,
    /// What this shows: the `after` of `/v1/events`.
    pub position: String,
}

/// What somebody had today, and what their limits leave.
#[derive(Debug, Serialize, ToSchema)]
pub struct Day {
    pub drinks: i32,
    pub caffeine_mg: i32,
    /// Absent: no limit.
    pub most_drinks: Option<i32>,
    /// Absent: no limit.
    pub most_caffeine_mg: Option<i32>,
    /// By the family's clock; after it no caffeine.
    #[schema(example = "15:00")]
    pub decaf_after: Option<String>,
}

impl From<pb::Approval> for Approval {
    fn from(approval: pb::Approval) -> Self {
        let pb::Approval { child_ids, guardian_ids, why, then_at } = approval;
        Self { child_ids, guardian_ids, why, then_at: then_at.and_then(time) }
    }
}

impl From<pb::Acknowledged> for Acknowledged {
    fn from(acknowledged: pb::Acknowledged) -> Self {
        let pb::Acknowledged { by, at } = acknowledged;
        Self { by, at: at.and_then(time) }
    }
}

impl TryFrom<pb::ListApprovalsResponse> for Approvals {
    type Error = Problem;

    fn try_from(list: pb::ListApprovalsResponse) -> Result<Self, Problem> {
        let pb::ListApprovalsResponse { orders, position } = list;
        let orders = orders.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Self { orders, position })
    }
}

impl From<pb::Day> for Day {
    fn from(day: pb::Day) -> Self {
        let pb::Day { drinks, caffeine_mg, most_drinks, most_caffeine_mg, decaf_after, child: _ } =
            day;
        let decaf_after = decaf_after.map(clock);
        Self { drinks, caffeine_mg, most_drinks, most_caffeine_mg, decaf_after }
    }
}
