//! The table of an order's life: every state with every command.

use types::{MemberId, Timestamp};

use crate::{
    Actor, Command as C, Event, Order,
    Outcome::{self, AlreadySo, Changed},
    Rejection, State as S, Waits, What, Wish,
    drink::parse_reason,
};

type Decision = Result<Outcome<What>, Rejection>;

impl Order {
    /// What a command does to this order now. `expected_version` is the version
    /// that its giver saw, 0 for whatever it is now. Repeating what was done is
    /// `AlreadySo` at any version; otherwise another version is `Stale`, except
    /// that a person is rather told what is wrong with the command itself.
    pub fn decide(
        &self,
        command: &C,
        actor: &Actor,
        expected_version: u64,
        now: Timestamp,
        waits: &Waits,
    ) -> Result<Outcome<Event>, Rejection> {
        let is_stale = expected_version != 0 && expected_version != self.version;
        let stale = Rejection::Stale { current: self.version };
        match (self.look_up(command, actor, now), actor) {
            (Ok(AlreadySo), _) => Ok(AlreadySo),
            (Ok(Changed(_)), _) if is_stale => Err(stale),
            (Err(_), Actor::System) if is_stale => Err(stale),
            (Err(rejection), _) => Err(rejection),
            (Ok(Changed(what)), _) => {
                let entered = self.state_after(&what);
                let entered = entered.as_ref();
                Ok(Changed(Event {
                    version: self.version + 1,
                    at: now,
                    deadline: entered.and_then(|state| waits.deadline(state, now)),
                    remind_at: entered.and_then(|state| waits.remind_at(state, now)),
                    what,
                }))
            }
        }
    }

    /// The table itself.
    fn look_up(&self, command: &C, actor: &Actor, now: Timestamp) -> Decision {
        match (&self.state, command) {
            // ---- held ----
            (S::Held { approval: None, .. }, C::ComeDue { wishes }) => {
                actor.system()?;
                Ok(Changed(What::Placed { items: self.new_lines(wishes)? }))
            }
            (S::Held { approval: Some(approval), .. }, C::Approve { wishes }) => {
                let by = actor.guardian(&approval.children)?;
                let until = approval.then_at.filter(|at| *at > now);
                Ok(Changed(What::Approved { by, until, items: self.new_lines(wishes)? }))
            }
            (S::Held { approval: Some(approval), .. }, C::Refuse { reason }) => {
                actor.guardian(&approval.children)?;
                let reason =
                    if reason.trim().is_empty() { String::new() } else { parse_reason(reason)? };
                Ok(Changed(What::Declined { by: actor.by(), reason }))
            }
            (
                S::Held { approval: None, .. }
                | S::Placed
                | S::Queued
                | S::Preparing { .. }
                | S::Ready { .. },
                C::Approve { .. },
            ) => self.approved_already(actor, command),
            (S::Held { .. }, C::Decline { reason }) => {
                actor.system()?;
                Ok(Changed(What::Declined { by: actor.by(), reason: parse_reason(reason)? }))
            }
            (S::Held { .. }, C::Cancel { reason }) => self.cancel_early(actor, reason),
            (S::Held { .. }, C::Amend { wishes }) => self.amend(actor, wishes),
            (
                S::Held { .. },
                C::Accept
                | C::Ready
                | C::Release
                | C::HandOver { .. }
                | C::Recall
                | C::PickUp
                | C::Forgive
                | C::Tick { .. }
                | C::Strike { .. }
                | C::Replace { .. }
                | C::Queue { .. }
                | C::Reject { .. }
                | C::Expire
                | C::Uncollect { .. }
                | C::Settled { .. }
                | C::Acknowledge,
            )
            | (S::Held { approval: Some(_), .. }, C::ComeDue { .. })
            | (S::Held { approval: None, .. }, C::Refuse { .. }) => self.not_now(command),

            // ---- placed ----
            (S::Placed, C::Queue { revision }) => {
                actor.system()?;
                if *revision == self.revision {
                    Ok(Changed(What::Queued { settled_revision: *revision }))
                } else {
                    Err(Rejection::Stale { current: self.version })
                }
            }
            (S::Placed, C::Reject { because }) => {
                actor.system()?;
                Ok(Changed(What::Rejected { because: *because }))
            }
            (S::Placed, C::Cancel { reason }) => self.cancel_early(actor, reason),
            (S::Placed, C::Amend { wishes }) => self.amend(actor, wishes),
            (S::Placed, C::ComeDue { .. }) => actor.system().map(|()| AlreadySo),
            (
                S::Placed,
                C::Accept
                | C::Ready
                | C::Release
                | C::HandOver { .. }
                | C::Recall
                | C::PickUp
                | C::Decline { .. }
                | C::Forgive
                | C::Tick { .. }
                | C::Strike { .. }
                | C::Replace { .. }
                | C::Expire
                | C::Uncollect { .. }
                | C::Settled { .. }
                | C::Refuse { .. }
                | C::Acknowledge,
            ) => self.not_now(command),

            // ---- queued ----
            (S::Queued, C::Accept) => {
                let barista = actor.barista()?;
                self.warnings_are_read()?;
                Ok(Changed(What::Accepted { barista }))
            }
            (S::Queued, C::Ready) => {
                let barista = actor.barista()?;
                self.warnings_are_read()?;
                Ok(Changed(What::Ready { barista }))
            }
            (S::Queued | S::Preparing { .. }, C::Acknowledge) => self.acknowledge(actor, command),
            (S::Queued, C::Release) => actor.barista().map(|_| AlreadySo),
            (S::Queued, C::Decline { reason }) => {
                actor.barista()?;
                Ok(Changed(What::Declined { by: actor.by(), reason: parse_reason(reason)? }))
            }
            (S::Queued, C::Cancel { reason }) => self.cancel_early(actor, reason),
            (S::Queued, C::Amend { wishes }) => self.amend(actor, wishes),
            (S::Queued, C::Strike { line, reason }) => {
                actor.barista()?;
                self.strike(*line, reason)
            }
            (S::Queued, C::Replace { line, wish, reason }) => {
                actor.barista()?;
                self.replace(*line, wish, reason)
            }
            (S::Queued, C::Expire) => {
                actor.system()?;
                Ok(Changed(What::Expired))
            }
            (S::Queued, C::Settled { revision }) => self.settled(actor, *revision),
            (S::Queued, C::ComeDue { .. } | C::Queue { .. }) => actor.system().map(|()| AlreadySo),
            (
                S::Queued,
                C::HandOver { .. }
                | C::Recall
                | C::PickUp
                | C::Forgive
                | C::Tick { .. }
                | C::Reject { .. }
                | C::Uncollect { .. }
                | C::Refuse { .. },
            ) => self.not_now(command),

            // ---- preparing ----
            (S::Preparing { barista }, C::Accept | C::Recall) => {
                if actor.barista()? == *barista {
                    Ok(AlreadySo)
                } else {
                    Err(Rejection::TakenBy { barista: *barista })
                }
            }
            (S::Preparing { barista }, C::Ready) => {
                actor.holder(*barista)?;
                self.warnings_are_read()?;
                Ok(Changed(What::Ready { barista: *barista }))
            }
            (S::Preparing { barista }, C::Release) => {
                actor.holder(*barista)?;
                Ok(Changed(What::Released))
            }
            (S::Preparing { barista }, C::HandOver { to }) => self.hand_over(actor, *barista, *to),
            (S::Preparing { barista }, C::Cancel { reason }) => {
                let reason = actor.cancels_late(self, *barista, reason)?;
                Ok(Changed(What::Cancelled { by: actor.by(), reason }))
            }
            (S::Preparing { barista }, C::Amend { .. }) => {
                actor.placer(self)?;
                Err(Rejection::TakenBy { barista: *barista })
            }
            (S::Preparing { barista }, C::Tick { line, ticked }) => {
                actor.holder(*barista)?;
                self.tick(*line, *ticked)
            }
            (S::Preparing { barista }, C::Strike { line, reason }) => {
                actor.holder(*barista)?;
                self.strike(*line, reason)
            }
            (S::Preparing { barista }, C::Replace { line, wish, reason }) => {
                actor.holder(*barista)?;
                self.replace(*line, wish, reason)
            }
            (S::Preparing { .. }, C::Settled { revision }) => self.settled(actor, *revision),
            (S::Preparing { .. }, C::ComeDue { .. } | C::Queue { .. }) => {
                actor.system().map(|()| AlreadySo)
            }
            (
                S::Preparing { .. },
                C::PickUp
                | C::Decline { .. }
                | C::Forgive
                | C::Reject { .. }
                | C::Expire
                | C::Uncollect { .. }
                | C::Refuse { .. },
            ) => self.not_now(command),

            // ---- ready ----
            (S::Ready { barista }, C::PickUp) => {
                actor.placer_or_barista(self)?;
                Ok(Changed(What::Completed { barista: *barista }))
            }
            (S::Ready { .. }, C::Recall) => {
                Ok(Changed(What::Recalled { barista: actor.barista()? }))
            }
            (S::Ready { barista }, C::Uncollect { pick_up_until }) => {
                actor.system()?;
                let (barista, pick_up_until) = (*barista, *pick_up_until);
                Ok(Changed(What::Uncollected { barista, pick_up_until }))
            }
            (S::Ready { .. }, C::Ready) => actor.barista().map(|_| AlreadySo),
            (S::Ready { .. }, C::Settled { revision }) => self.settled(actor, *revision),
            (S::Ready { .. }, C::ComeDue { .. } | C::Queue { .. }) => {
                actor.system().map(|()| AlreadySo)
            }
            (
                S::Ready { .. },
                C::Accept
                | C::Release
                | C::HandOver { .. }
                | C::Cancel { .. }
                | C::Decline { .. }
                | C::Forgive
                | C::Amend { .. }
                | C::Tick { .. }
                | C::Strike { .. }
                | C::Replace { .. }
                | C::Reject { .. }
                | C::Expire
                | C::Refuse { .. }
                | C::Acknowledge,
            ) => self.not_now(command),

            // ---- the final ones: what was done is so already, beans settle, an admin forgives ----
            (S::Uncollected { barista, pick_up_until }, C::PickUp) => {
                actor.placer_or_barista(self)?;
                if now <= *pick_up_until {
                    Ok(Changed(What::Completed { barista: *barista }))
                } else {
                    Err(Rejection::TooLate)
                }
            }
            (S::Completed { .. } | S::Uncollected { .. }, C::Forgive) => {
                let by = actor.admin()?;
                match self.forgiven_by {
                    Some(_) => Ok(AlreadySo),
                    None => Ok(Changed(What::Forgiven { by })),
                }
            }
            (S::Completed { .. }, C::PickUp) | (S::Cancelled { .. }, C::Cancel { .. }) => {
                match actor {
                    Actor::System => Ok(AlreadySo),
                    Actor::Person(_) => actor.placer_or_barista(self).map(|_| AlreadySo),
                }
            }
            (S::Declined { .. }, C::Decline { .. }) => match actor {
                Actor::System => Ok(AlreadySo),
                Actor::Person(_) => actor.barista().map(|_| AlreadySo),
            },
            (S::Declined { by, .. }, C::Refuse { .. }) => {
                if *by == actor.by() {
                    Ok(AlreadySo)
                } else {
                    self.not_now(command)
                }
            }
            (S::Rejected { .. }, C::Reject { .. })
            | (S::Expired, C::Expire)
            | (S::Uncollected { .. }, C::Uncollect { .. }) => actor.system().map(|()| AlreadySo),
            (
                S::Completed { .. }
                | S::Rejected { .. }
                | S::Declined { .. }
                | S::Cancelled { .. }
                | S::Expired
                | S::Uncollected { .. },
                C::Settled { revision },
            ) => self.settled(actor, *revision),
            (
                S::Completed { .. }
                | S::Rejected { .. }
                | S::Declined { .. }
                | S::Cancelled { .. }
                | S::Expired
                | S::Uncollected { .. },
                C::Accept
                | C::Ready
                | C::Release
                | C::HandOver { .. }
                | C::Recall
                | C::PickUp
                | C::Cancel { .. }
                | C::Decline { .. }
                | C::Forgive
                | C::Amend { .. }
                | C::Tick { .. }
                | C::Strike { .. }
                | C::Replace { .. }
                | C::ComeDue { .. }
                | C::Queue { .. }
                | C::Reject { .. }
                | C::Expire
                | C::Uncollect { .. }
                | C::Approve { .. }
                | C::Refuse { .. }
                | C::Acknowledge,
            ) => self.not_now(command),
        }
    }

    fn not_now(&self, command: &C) -> Decision {
        let state = self.state.kind();
        if state.is_final() {
            Err(Rejection::Closed { state })
        } else {
            Err(Rejection::NotNow { state, command: command.kind() })
        }
    }

    /// Whoever said yes says so again.
    fn approved_already(&self, actor: &Actor, command: &C) -> Decision {
        match (actor, self.approved_by) {
            (Actor::Person(reader), Some(by)) if reader.member == by => Ok(AlreadySo),
            (Actor::Person(_) | Actor::System, _) => self.not_now(command),
        }
    }

    fn acknowledge(&self, actor: &Actor, command: &C) -> Decision {
        let by = actor.barista()?;
        if !self.has_warnings() {
            return self.not_now(command);
        }
        match self.acknowledged {
            Some(_) => Ok(AlreadySo),
            None => Ok(Changed(What::Acknowledged { by })),
        }
    }

    /// Nothing is made before somebody has read what must not be in it.
    fn warnings_are_read(&self) -> Result<(), Rejection> {
        if self.has_unread_warnings() { Err(Rejection::WarningsUnread) } else { Ok(()) }
    }

    fn cancel_early(&self, actor: &Actor, reason: &str) -> Decision {
        let reason = actor.cancels_early(self, reason)?;
        Ok(Changed(What::Cancelled { by: actor.by(), reason }))
    }

    fn amend(&self, actor: &Actor, wishes: &[Wish]) -> Decision {
        actor.placer(self)?;
        let same = self.live_items().count() == wishes.len()
            && self.live_items().zip(wishes).all(|(item, wish)| item.is(wish));
        if same {
            return Ok(AlreadySo);
        }
        Ok(Changed(What::Amended { items: self.new_lines(wishes)? }))
    }

    /// From who has it (or an admin) to another, or taken over by another.
    fn hand_over(&self, actor: &Actor, from: MemberId, to: MemberId) -> Decision {
        let member = actor.barista()?;
        if from == to {
            return Ok(AlreadySo);
        }
        if member != to {
            actor.holder(from)?;
        }
        Ok(Changed(What::HandedOver { from, to }))
    }

    fn tick(&self, line: u32, ticked: bool) -> Decision {
        let item = self.item(line).filter(|item| item.is_live());
        let item = item.ok_or(Rejection::NoSuchItem { line })?;
        if item.ticked == ticked {
            return Ok(AlreadySo);
        }
        Ok(Changed(What::ItemTicked { line, ticked }))
    }

    fn strike(&self, line: u32, reason: &str) -> Decision {
        let item = self.item(line).ok_or(Rejection::NoSuchItem { line })?;
        let reason = parse_reason(reason)?;
        if !item.is_live() {
            return Ok(AlreadySo);
        }
        if self.live_items().count() == 1 {
            return Err(Rejection::LastItem);
        }
        Ok(Changed(What::ItemStruck { line, reason }))
    }

    /// The customer did not choose it: it never costs more than what they chose.
    fn replace(&self, line: u32, wish: &Wish, reason: &str) -> Decision {
        let old = self.item(line).filter(|item| item.is_live());
        let old = old.ok_or(Rejection::NoSuchItem { line })?;
        let reason = parse_reason(reason)?;
        if old.is(wish) {
            return Ok(AlreadySo);
        }
        let mut item = crate::Item::new(line, wish.clone());
        item.drink.price = item.drink.price.min(old.drink.price);
        item.replaced = Some(reason);
        Ok(Changed(What::ItemReplaced { item: Box::new(item) }))
    }

    fn settled(&self, actor: &Actor, revision: i64) -> Decision {
        actor.system()?;
        if revision <= self.settled_revision {
            Ok(AlreadySo)
        } else if revision == self.revision {
            Ok(Changed(What::Settled { revision }))
        } else {
            Err(Rejection::Stale { current: self.version })
        }
    }
}
