//! Doing what was decided. Total: an event that was decided can always be applied.

use crate::{Acknowledged, Event, Item, Order, State, What};

impl Order {
    /// Makes the order what it is after this event.
    pub fn apply(&mut self, event: &Event) {
        let owed = self.owed();
        let entered = self.entered;
        if let Some(state) = self.state_after(&event.what) {
            self.state = state;
            self.state_since = event.at;
            self.entered = event.version;
            self.deadline = event.deadline;
            self.remind_at = event.remind_at;
        }
        self.version = event.version;
        self.changed_at = event.at;
        match &event.what {
            What::Held { items, .. } | What::Placed { items } | What::Amended { items } => {
                self.take_items(items);
            }
            What::Approved { by, items, until: _ } => {
                self.take_items(items);
                self.approved_by = Some(*by);
            }
            What::Acknowledged { by } => {
                self.acknowledged = Some(Acknowledged { by: *by, at: event.at });
            }
            What::Queued { settled_revision } => {
                self.settled_revision = *settled_revision;
                self.queued_at.get_or_insert(event.at);
            }
            What::Accepted { .. } => self.accepted_at = Some(event.at),
            What::Ready { .. } => {
                self.accepted_at.get_or_insert(event.at);
                self.ready_at = Some(event.at);
            }
            What::Released => self.accepted_at = None,
            What::Recalled { .. } => self.ready_at = None,
            What::HandedOver { to, .. } => self.state = State::Preparing { barista: *to },
            What::ItemTicked { line, ticked } => self.change(*line, |item| item.ticked = *ticked),
            What::ItemStruck { line, reason } => {
                self.change(*line, |item| item.struck = Some(reason.clone()));
            }
            What::ItemReplaced { item: new } => {
                if !new.warnings.is_empty() {
                    self.acknowledged = None;
                }
                self.change(new.line, |item| *item = (**new).clone());
            }
            What::Forgiven { by } => self.forgiven_by = Some(*by),
            What::Settled { revision } => self.settled_revision = *revision,
            What::Completed { .. }
            | What::Rejected { .. }
            | What::Declined { .. }
            | What::Cancelled { .. }
            | What::Expired
            | What::Uncollected { .. } => {}
        }
        // Being placed, or placed anew, is always something to settle: also where
        // nothing costs beans, or other items cost the same.
        let placed = self.entered != entered && matches!(self.state, State::Placed);
        if placed || self.owed() != owed {
            self.revision += 1;
        }
    }

    /// The state that an event enters; none if the order stays where it is.
    pub(crate) fn state_after(&self, what: &What) -> Option<State> {
        match what {
            What::Held { until, approval, .. } => {
                Some(State::Held { until: *until, approval: approval.clone() })
            }
            What::Approved { until: Some(until), .. } => {
                Some(State::Held { until: *until, approval: None })
            }
            What::Approved { until: None, .. } => Some(State::Placed),
            What::Placed { .. } => Some(State::Placed),
            What::Amended { .. } => match self.state {
                State::Held { .. } => None,
                State::Placed
                | State::Queued
                | State::Preparing { .. }
                | State::Ready { .. }
                | State::Completed { .. }
                | State::Rejected { .. }
                | State::Declined { .. }
                | State::Cancelled { .. }
                | State::Expired
                | State::Uncollected { .. } => Some(State::Placed),
            },
            What::Queued { .. } | What::Released => Some(State::Queued),
            What::Accepted { barista } | What::Recalled { barista } => {
                Some(State::Preparing { barista: *barista })
            }
            What::Ready { barista } => Some(State::Ready { barista: *barista }),
            What::Completed { barista } => Some(State::Completed { barista: *barista }),
            What::Rejected { because } => Some(State::Rejected { because: *because }),
            What::Declined { by, reason } => {
                Some(State::Declined { by: *by, reason: reason.clone() })
            }
            What::Cancelled { by, reason } => {
                Some(State::Cancelled { by: *by, reason: reason.clone() })
            }
            What::Expired => Some(State::Expired),
            What::Uncollected { barista, pick_up_until } => {
                Some(State::Uncollected { barista: *barista, pick_up_until: *pick_up_until })
            }
            What::HandedOver { .. }
            | What::ItemTicked { .. }
            | What::ItemStruck { .. }
            | What::ItemReplaced { .. }
            | What::Forgiven { .. }
            | What::Settled { .. }
            | What::Acknowledged { .. } => None,
        }
    }

    fn take_items(&mut self, items: &[Item]) {
        // Other items have other warnings.
        self.acknowledged = None;
        self.items = items.to_vec();
        let last = items.iter().map(|item| item.line).max().unwrap_or(0);
        self.next_line = self.next_line.max(last + 1);
    }

    fn change(&mut self, line: u32, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.iter_mut().find(|item| item.line == line) {
            change(item);
        }
    }
}
