//! How long an order may stay in each state.

use chrono::TimeDelta;
use types::Timestamp;

use crate::State;

/// The waits of an order's life. All are configuration, so that tests and
/// demonstrations can shorten them; the defaults are the family's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// In `placed` until it is rejected.
    pub placed: TimeDelta,
    /// In `queued` until it expires.
    pub queued: TimeDelta,
    /// In `preparing` until barista and admin are reminded.
    pub preparing_remind: TimeDelta,
    /// In `preparing` until it is cancelled.
    pub preparing: TimeDelta,
    /// In `ready` until it is uncollected.
    pub ready: TimeDelta,
    /// In `held` for a guardian's approval until it is declined.
    pub approval: TimeDelta,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            placed: TimeDelta::minutes(2),
            queued: TimeDelta::minutes(5),
            preparing_remind: TimeDelta::minutes(15),
            preparing: TimeDelta::minutes(60),
            ready: TimeDelta::minutes(30),
            approval: TimeDelta::hours(2),
        }
    }
}

impl Waits {
    /// When the clock moves an order on that entered this state at `at`.
    pub fn deadline(&self, state: &State, at: Timestamp) -> Option<Timestamp> {
        match state {
            State::Held { until, approval: _ } => Some(*until),
            State::Placed => at.checked_add_signed(self.placed),
            State::Queued => at.checked_add_signed(self.queued),
            State::Preparing { .. } => at.checked_add_signed(self.preparing),
            State::Ready { .. } => at.checked_add_signed(self.ready),
            State::Completed { .. }
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired
            | State::Uncollected { .. } => None,
        }
    }

    /// Until when an order that is asked for at `at` waits for a guardian: not
    /// longer than until it is to be made.
    pub fn approval_until(&self, at: Timestamp, then_at: Option<Timestamp>) -> Timestamp {
        let longest = at.checked_add_signed(self.approval).unwrap_or(at);
        then_at.map_or(longest, |then_at| then_at.min(longest))
    }

    /// When somebody is reminded of an order that entered this state at `at`.
    pub fn remind_at(&self, state: &State, at: Timestamp) -> Option<Timestamp> {
        match state {
            State::Preparing { .. } => at.checked_add_signed(self.preparing_remind),
            State::Held { .. }
            | State::Placed
            | State::Queued
            | State::Ready { .. }
            | State::Completed { .. }
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired
            | State::Uncollected { .. } => None,
        }
    }
}
