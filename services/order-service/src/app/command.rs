//! Commands on orders: lock, let the domain decide, write state and event, commit.

use order_domain::{
    Actor, Command, DrinkRequest, Invalid, Order, Outcome, Recipient, Rejection, What, Wish,
    check_diets,
};
use types::{MemberId, OrderId, Timestamp};

use super::{
    App, CommandError, may_see,
    serving::{self, Limits, Serving},
};
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
        self.command_serving(id, command, actor, version, None).await
    }

    /// The same for a command that brings items: they must be within what their
    /// children's limits leave. Two or four statements more for each child.
    async fn command_serving(
        &self,
        id: OrderId,
        command: &Command,
        actor: &Actor,
        version: u64,
        serving: Option<Serving>,
    ) -> Result<Done, CommandError> {
        // On the heap: whoever waits for it carries it about.
        let trying = Box::pin(self.try_command(id, command, actor, version, serving));
        let result = trying.await;
        self.0.meters.commanded(command.kind(), &result);
        result
    }

    async fn try_command(
        &self,
        id: OrderId,
        command: &Command,
        actor: &Actor,
        version: u64,
        serving: Option<Serving>,
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
        if let Some(serving) = &serving
            && let Some(bitten) = self.serve(&mut tx, serving, &order, &next).await?
        {
            return Err(CommandError::Limited(Box::new(bitten)));
        }
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
        // What a guardian said yes to stays approved.
        let limits = if order.approved_by.is_some() { Limits::Overruled } else { Limits::Count };
        let sorry = match self.wished_again(&order, now, limits).await? {
            Ok((wishes, serving)) => {
                let command = Command::ComeDue { wishes };
                let system = &Actor::System;
                match self.command_serving(id, &command, system, version, Some(serving)).await {
                    Err(CommandError::Limited(bitten)) => sorry([bitten.why().as_str()]),
                    done => return done,
                }
            }
            Err(Not::Shut(shut)) => format!("Sorry, {shut}."),
            Err(Not::Valid(wrong)) => sorry(wrong.iter().map(|wrong| wrong.message.as_str())),
        };
        self.command(id, &Command::Decline { reason: sorry }, &Actor::System, version).await
    }

    /// A guardian says yes: it is placed at today's prices, or held for its time. What
    /// cannot be had now says so, and goes on waiting.
    pub async fn approve(
        &self,
        id: OrderId,
        actor: &Actor,
        version: u64,
    ) -> Result<Done, CommandError> {
        let order = self.visible(id, actor).await?;
        if order.approval().is_none() {
            // So already, or never asked: the table knows.
            let command = Command::Approve { wishes: order.live_wishes() };
            return self.command(id, &command, actor, version).await;
        }
        let now = self.now();
        let made_at = order.held_until().map_or(now, |until| until.max(now));
        match self.wished_again(&order, made_at, Limits::Overruled).await? {
            Ok((wishes, serving)) => {
                let command = Command::Approve { wishes };
                self.command_serving(id, &command, actor, version, Some(serving)).await
            }
            Err(Not::Shut(shut)) => Err(convert::rejection::shut(shut).into()),
            Err(Not::Valid(wrong)) => Err(convert::rejection::invalid(wrong).into()),
        }
    }

    /// What an order holds, on the menu and by the diets of the moment it is made.
    async fn wished_again(
        &self,
        order: &Order,
        made_at: Timestamp,
        limits: Limits,
    ) -> Result<Result<(Vec<Wish>, Serving), Not>, CommandError> {
        let house = self.fresh_house().await?;
        let requests: Vec<DrinkRequest> =
            order.live_items().map(|item| item.wish().request()).collect();
        let eaters = serving::eaters(&requests, order.placed_by);
        let diners = self.diners_of(eaters).await?;
        if let Err(shut) = house.bar.accepts(made_at) {
            return Ok(Err(Not::Shut(shut)));
        }
        let wishes = serving::wishes(&house.menu, &requests, order.placed_by, made_at, &diners);
        let menu = house.menu.clone();
        Ok(wishes
            .map(|wishes| (wishes, Serving { diners, made_at, menu, limits }))
            .map_err(Not::Valid))
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
        let diners = self.diners_of(serving::eaters(requests, order.placed_by)).await?;
        let now = self.now();
        let made_at = order.held_until().map_or(now, |until| until.max(now));
        let house = self.fresh_house().await?;
        let wishes = serving::wishes(&house.menu, requests, order.placed_by, made_at, &diners)
            .map_err(convert::rejection::invalid)?;
        // What waits for a guardian anyhow may be more than the limits.
        let limits = if order.approval().is_some() { Limits::Overruled } else { Limits::Count };
        let serving = Serving { diners, made_at, menu: house.menu.clone(), limits };
        let command = Command::Amend { wishes };
        self.command_serving(id, &command, actor, version, Some(serving)).await
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
        let eaters = order.recipients().into_iter().chain(match request.recipient {
            Some(Recipient::Member(member)) => Some(member),
            Some(Recipient::Guest(_)) | None => None,
        });
        let diners = self.diners_of(eaters).await?;
        let (house, now) = (self.fresh_house().await?, self.now());
        let wrong = |wrong: Vec<Invalid>| {
            let of_item = |wrong: Invalid| {
                let path = wrong.path.strip_prefix("items[0].").unwrap_or(&wrong.path);
                Invalid { path: format!("item.{path}"), ..wrong }
            };
            convert::rejection::invalid(wrong.into_iter().map(of_item).collect())
        };
        let mut wish = Wish::parse(&house.menu, &request, order.placed_by, now).map_err(&wrong)?;
        let diet = check_diets(&house.menu, std::slice::from_ref(&wish), |it| diners.get(&it));
        if !diet.is_empty() {
            return Err(wrong(diet).into());
        }
        wish.warnings = serving::warnings(&wish, &diners);
        let limits = match order.approved_by {
            Some(_) => Limits::Overruled,
            None => Limits::CountFor(line),
        };
        let serving = Serving { diners, made_at: now, menu: house.menu.clone(), limits };
        let command = Command::Replace { line, wish, reason };
        self.command_serving(id, &command, actor, version, Some(serving)).await
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

/// Why an order cannot be placed now.
enum Not {
    Shut(order_domain::BarShut),
    Valid(Vec<Invalid>),
}

fn sorry<'a>(messages: impl IntoIterator<Item = &'a str>) -> String {
    let mut reason = "Sorry, ".to_owned();
    for (at, message) in messages.into_iter().enumerate() {
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
