//! Who gives a command, and what that lets them do.

use types::{MemberId, Role, Roles};

use crate::{Order, Rejection, drink::parse_reason, state::By};

/// A signed-in person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    pub member: MemberId,
    pub roles: Roles,
}

impl Reader {
    /// Works the counter: a barista, or an admin.
    pub const fn works_the_counter(&self) -> bool {
        self.roles.contains(Role::Barista) || self.roles.contains(Role::Admin)
    }

    pub const fn is_admin(&self) -> bool {
        self.roles.contains(Role::Admin)
    }

    /// Whether an order is any of this person's business: who placed it, for
    /// whom an item is, and everybody who works the counter.
    pub fn may_see(&self, order: &Order) -> bool {
        self.works_the_counter()
            || order.placed_by == self.member
            || order.recipients().contains(&self.member)
    }
}

/// Who gives a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Person(Reader),
    /// The order service itself: its workflow and its fast path.
    System,
}

impl Actor {
    /// As it is recorded.
    pub const fn by(&self) -> By {
        match self {
            Self::Person(reader) => By::Member(reader.member),
            Self::System => By::System,
        }
    }

    fn person(&self) -> Result<&Reader, Rejection> {
        match self {
            Self::Person(reader) => Ok(reader),
            Self::System => Err(Rejection::NotAllowed),
        }
    }

    pub(crate) fn system(&self) -> Result<(), Rejection> {
        match self {
            Self::System => Ok(()),
            Self::Person(_) => Err(Rejection::NotAllowed),
        }
    }

    /// Somebody who works the counter.
    pub(crate) fn barista(&self) -> Result<MemberId, Rejection> {
        let reader = self.person()?;
        if reader.works_the_counter() { Ok(reader.member) } else { Err(Rejection::NotAllowed) }
    }

    pub(crate) fn admin(&self) -> Result<MemberId, Rejection> {
        let reader = self.person()?;
        if reader.is_admin() { Ok(reader.member) } else { Err(Rejection::NotAllowed) }
    }

    /// The barista who has the order, or an admin.
    pub(crate) fn holder(&self, barista: MemberId) -> Result<MemberId, Rejection> {
        let member = self.barista()?;
        if member == barista || self.admin().is_ok() {
            Ok(member)
        } else {
            Err(Rejection::TakenBy { barista })
        }
    }

    pub(crate) fn placer(&self, order: &Order) -> Result<MemberId, Rejection> {
        let reader = self.person()?;
        if reader.member == order.placed_by { Ok(reader.member) } else { Err(Rejection::NotYours) }
    }

    /// Who placed it, or somebody at the counter.
    pub(crate) fn placer_or_barista(&self, order: &Order) -> Result<MemberId, Rejection> {
        self.placer(order).or_else(|refused| self.barista().map_err(|_| refused))
    }

    /// Before anybody accepts: who placed it may cancel as they like, the
    /// counter with a reason.
    pub(crate) fn cancels_early(&self, order: &Order, reason: &str) -> Result<String, Rejection> {
        if self.placer(order).is_ok() && reason.trim().is_empty() {
            return Ok(String::new());
        }
        self.placer_or_barista(order)?;
        parse_reason(reason)
    }

    /// While it is made: the counter with a reason, or the clock.
    pub(crate) fn cancels_late(
        &self,
        order: &Order,
        barista: MemberId,
        reason: &str,
    ) -> Result<String, Rejection> {
        if self.system().is_err() && self.barista().is_err() {
            self.placer(order)?;
            return Err(Rejection::TakenBy { barista });
        }
        parse_reason(reason)
    }
}
