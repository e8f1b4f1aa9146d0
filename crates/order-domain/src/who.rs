//! Who gives a command, and what that lets them do.

use std::sync::Arc;

use types::{MemberId, Role, Roles};

use crate::{Order, Rejection, drink::parse_reason, state::By};

/// The children whom somebody looks after.
pub type Wards = Arc<[MemberId]>;

/// A signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub member: MemberId,
    pub roles: Roles,
    pub wards: Wards,
}

impl Reader {
    /// Works the counter: a barista, or an admin.
    pub fn works_the_counter(&self) -> bool {
        self.roles.contains(Role::Barista) || self.roles.contains(Role::Admin)
    }

    pub fn is_admin(&self) -> bool {
        self.roles.contains(Role::Admin)
    }

    pub fn guards(&self, child: MemberId) -> bool {
        self.wards.contains(&child)
    }

    /// Whether an order is any of this person's business: who placed it, for
    /// whom an item is, their guardians, and everybody who works the counter.
    pub fn may_see(&self, order: &Order) -> bool {
        let is_mine = |member: MemberId| member == self.member || self.guards(member);
        self.works_the_counter()
            || is_mine(order.placed_by)
            || order.recipients().into_iter().any(is_mine)
    }
}

/// Who gives a command.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// Somebody who looks after all of these children, or an admin.
    pub(crate) fn guardian(&self, children: &[MemberId]) -> Result<MemberId, Rejection> {
        let reader = self.person()?;
        let guards = || children.iter().all(|child| reader.guards(*child));
        if reader.is_admin() || (!children.is_empty() && guards()) {
            Ok(reader.member)
        } else {
            Err(Rejection::NotGuardian)
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
