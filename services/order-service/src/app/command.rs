//! Commands on orders: lock, let the domain decide, write state and event, commit.

use order_domain::{Actor, Command, DrinkRequest, Invalid, Order, Outcome, Rejection, What, Wish};
use types::{MemberId, OrderId};

use super::{App, CommandError, may_see};
use crate::{convert, store};

/// What a command came to: the order as it is now.
#[derive(Debug, Clone)]
pub struct Done {
    pub order: Order,
    /// It was so before; nothing was written.
    pub already_so: bool,
}

impl App {
    /// Gives an order a command; `version` is the one its giver saw, 0 for
    /// whatever it is now. One transaction, four round trips: begin; lock and
    /// read; one statement for state and event; commit. When it was so already, or
    /// is refused, nothing is written: begin, lock, roll back.
    pub async fn command(
        &self,
        id: OrderId,
        command: &Command,
        actor: &Actor,
        version: u64,
    ) -> Result<Done, CommandError> {
        let result = self.try_command(id, command, actor, version).await;
        self.0.meters.commanded(command.kind(), &result);
        result
    }

    async fn try_command(
        &self,
        id: OrderId,
        command: &Command,
        actor: &Actor,
        version: u64,
    ) -> Result<Done, CommandError> {
        // Asked for before the transaction takes its connection.
        let base = match command {
            Command::ComeDue { .. } => Some(self.number_base(self.now()).await?),
            _ => None,
        };
        let mut tx = self.pool().begin().await?;
        let order = store::orders::lock(&mut tx, id).await?;
        let order = order.filter(|order| may_see(actor, order)).ok_or(CommandError::NoSuchOrder)?;
        let now = self.now();
        let Outcome::Changed(event) = order.decide(command, actor, version, now, &self.0.waits)?
        else {
            return Ok(Done { order, already_so: true });
        };
        let mut next = order.clone();
        next.apply(&event);
        if let (What::Placed { .. }, Some(base)) = (&event.what, base) {
            // Held until now: it is called out by a number of the day it is made.
            next.number = store::orders::next_number(&mut tx, base).await?;
        }
        let new = convert::event::of(&next, &event, runtime::telemetry::traceparent());
        store::orders::record(&mut *tx, order.version, &next, &new).await?;
        tx.commit().await?;
        self.0.meters.happened(&order, &next, &event);
        self.changed(&next);
        Ok(Done { order: next, already_so: false })
    }

    /// The same for an order that the caller has just read: one statement and
    /// no lock, and only if nobody changed it since; otherwise as [`App::command`],
    /// where a revision guards what has one, and the version that was read the rest.
    /// One round trip, one commit.
    pub(super) async fn command_read(
        &self,
        order: &Order,
        command: &Command,
    ) -> Result<Done, CommandError> {
        let now = self.now();
        let decided = order.decide(command, &Actor::System, order.version, now, &self.0.waits);
        if let Ok(Outcome::Changed(event)) = decided {
            let mut next = order.clone();
            next.apply(&event);
            let new = convert::event::of(&next, &event, runtime::telemetry::traceparent());
            if store::orders::record(self.pool(), order.version, &next, &new).await? {
                self.0.meters.happened(order, &next, &event);
                self.changed(&next);
                return Ok(Done { order: next, already_so: false });
            }
        }
        let version = match command {
            Command::Queue { .. } | Command::Settled { .. } => 0,
            _ => order.version,
        };
        self.command(order.id, command, &Actor::System, version).await
    }

    /// A held order's time has come: places it at today's prices, or declines it
    /// with the reason. Reads the house (in memory), then as [`App::command`]
    /// and one query for the number.
    pub async fn come_due(&self, id: OrderId, version: u64) -> Result<Done, CommandError> {
        let order = self.order(id).await?;
        let now = self.now();
        let house = self.fresh_house().await?;
        let wishes: Vec<DrinkRequest> =
            order.live_items().map(|item| item.wish().request()).collect();
        let parsed = order_domain::parse_wishes(&house.menu, &wishes, order.placed_by, now);
        let command = match (house.bar.accepts(now), parsed) {
            (Ok(()), Ok(wishes)) => Command::ComeDue { wishes },
            (Err(shut), _) => Command::Decline { reason: format!("Sorry, {shut}.") },
            (_, Err(wrong)) => Command::Decline { reason: sorry(&wrong) },
        };
        self.command(id, &command, &Actor::System, version).await
    }

    /// Other items instead: for the same people as who placed it would mean, from
    /// the menu as it will be when they are made.
    pub async fn amend(
        &self,
        id: OrderId,
        requests: &[DrinkRequest],
        actor: &Actor,
        version: u64,
    ) -> Result<Done, CommandError> {
        let order = self.visible(id, actor).await?;
        self.check_recipients(requests, order.placed_by).await?;
        let now = self.now();
        let made_at = order.held_until().map_or(now, |until| until.max(now));
        let house = self.fresh_house().await?;
        let wishes = order_domain::parse_wishes(&house.menu, requests, order.placed_by, made_at)
            .map_err(convert::rejection::invalid)?;
        self.command(id, &Command::Amend { wishes }, actor, version).await
    }

    /// Another drink instead of one, for whom the first was.
    pub async fn replace(
        &self,
        id: OrderId,
        line: u32,
        request: DrinkRequest,
        reason: String,
        actor: &Actor,
        version: u64,
    ) -> Result<Done, CommandError> {
        let order = self.visible(id, actor).await?;
        let item = order.item(line).ok_or(Rejection::NoSuchItem { line })?;
        let recipient = request.recipient.or_else(|| Some(item.recipient.clone()));
        let request = DrinkRequest { recipient, ..request };
        self.check_recipient("item", &request, order.placed_by).await?;
        let house = self.fresh_house().await?;
        let wish = Wish::parse(&house.menu, &request, order.placed_by, self.now()).map_err(
            |mut wrong| {
                wrong.iter_mut().for_each(|wrong| wrong.path = format!("item.{}", wrong.path));
                convert::rejection::invalid(wrong)
            },
        )?;
        self.command(id, &Command::Replace { line, wish, reason }, actor, version).await
    }

    /// Gives an order to another barista, who must be one.
    pub async fn hand_over(
        &self,
        id: OrderId,
        to: MemberId,
        actor: &Actor,
        version: u64,
    ) -> Result<Done, CommandError> {
        self.visible(id, actor).await?;
        self.check_works_the_counter(to, actor).await?;
        self.command(id, &Command::HandOver { to }, actor, version).await
    }

    async fn visible(&self, id: OrderId, actor: &Actor) -> Result<Order, CommandError> {
        let order = self.order(id).await?;
        if may_see(actor, &order) { Ok(order) } else { Err(CommandError::NoSuchOrder) }
    }
}

fn sorry(wrong: &[Invalid]) -> String {
    let mut reason = "Sorry, ".to_owned();
    for (at, Invalid { path: _, code: _, message }) in wrong.iter().enumerate() {
        if at > 0 {
            reason.push_str("; ");
        }
        if reason.chars().count() + message.chars().count() >= order_domain::limits::REASON {
            break;
        }
        reason.push_str(message);
    }
    reason.push('.');
    reason
}
