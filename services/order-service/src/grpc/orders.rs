//! Placing and reading orders.

use std::time::Duration;

use order_domain::{Reader, StateKind};
use prost::Message as _;
use runtime::{AppError, Code, Person};
use sha2::{Digest as _, Sha256};
use types::{MemberId, Role, Scope};
use wire::order::v1::{self as pb, item_request::Recipient};

use super::{Handlers, menu};
use crate::{
    app::{self, Ask, Placed, WhereLimited},
    convert::{self, cursor, request},
    store,
};

/// The longest idempotency key, in characters.
const LONGEST_KEY: usize = 200;
/// The longest that placing waits for `queued` or `rejected`, in ms.
const LONGEST_WAIT: i32 = 10_000;
/// What is left of a request's time for the answer itself.
const FOR_THE_ANSWER: Duration = Duration::from_millis(400);
/// Orders on a page.
const PAGE: i64 = 20;
const LARGEST_PAGE: i64 = 100;

impl Handlers {
    /// See [`app::App::place`]: one statement, one round trip, one commit.
    pub(super) async fn place(
        &self,
        reader: Reader,
        request: pb::PlaceOrderRequest,
    ) -> Result<pb::PlaceOrderResponse, AppError> {
        let hash = hash_of(&request);
        let pb::PlaceOrderRequest { idempotency_key, items, not_before, wait_ms, ask_guardian } =
            request;
        check_orders(&reader)?;
        let idempotency_key = key(idempotency_key)?;
        let wait = wait(wait_ms)?;
        let ask = Ask {
            member: reader.member,
            idempotency_key,
            hash,
            items: request::items(items)?,
            agreed: None,
            not_before: request::moment("not_before", not_before)?,
            wait,
            where_limited: where_limited(ask_guardian),
        };
        let Placed { order, repeated } = self.app.place(ask).await?;
        let order = self.shown(&order, &reader).await;
        Ok(pb::PlaceOrderResponse { order: Some(order), repeated_request: repeated })
    }

    /// One query.
    pub(super) async fn get(
        &self,
        reader: Reader,
        request: pb::GetOrderRequest,
    ) -> Result<pb::Order, AppError> {
        let pb::GetOrderRequest { id } = request;
        let order = self.app.order_for(request::order_id(&id)?, &reader).await?;
        Ok(self.shown(&order, &reader).await)
    }

    /// One query.
    pub(super) async fn list(
        &self,
        reader: Reader,
        request: pb::ListOrdersRequest,
    ) -> Result<pb::ListOrdersResponse, AppError> {
        let pb::ListOrdersRequest { member_id, cursor, limit, open_only } = request;
        let member = match member_id.as_str() {
            "" => reader.member,
            id => request::id::<MemberId>("member_id", id)?,
        };
        let theirs = member == reader.member || reader.guards(member);
        if !theirs && !reader.works_the_counter() {
            return Err(AppError::new(Code::Forbidden, "These are somebody else's orders."));
        }
        let before = match cursor.as_str() {
            "" => None,
            text => Some(cursor::parse(text).ok_or_else(|| {
                AppError::new(Code::InvalidCursor, "This is no page of ours.").field(
                    "cursor",
                    "invalid-cursor",
                    "begin again without it",
                )
            })?),
        };
        let limit = request::page(limit, PAGE, LARGEST_PAGE)?;
        // What is read afterwards is at least as new as this.
        let position = self.log.position().to_string();
        let open = open_only.then_some(());
        let mut orders =
            store::orders::of_member(self.app.pool(), member, before, open, limit + 1).await?;
        let is_more = i64::try_from(orders.len()).is_ok_and(|count| count > limit);
        orders.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = orders.last().filter(|_| is_more);
        let next_cursor = last.map(|order| cursor::after(order.id)).unwrap_or_default();
        let mut shown = Vec::with_capacity(orders.len());
        for order in &orders {
            shown.push(self.shown(order, &reader).await);
        }
        Ok(pb::ListOrdersResponse { orders: shown, next_cursor, position })
    }

    /// One query, two now and then. `None`: a device shows it, and nobody acts.
    pub(super) async fn queue(&self, reader: Option<Reader>) -> Result<pb::Queue, AppError> {
        let position = self.log.position().to_string();
        let orders = store::orders::on_screen(self.app.pool()).await?;
        let counter = self.app.counter_of(&orders).await?;
        let now = self.app.now();
        let shown = |order: &order_domain::Order| {
            convert::order::order(order, reader.as_ref(), now, counter.ready_at(order))
        };
        debug_assert!(orders.iter().all(|order| order.state.kind() != StateKind::Placed));
        Ok(pb::Queue {
            orders: orders.iter().map(shown).collect(),
            bar: Some(self.bar_beside(&counter).await?),
            position,
        })
    }

    /// The same, as a screen for everybody shows it.
    pub(super) async fn display(&self) -> Result<pb::Display, AppError> {
        let position = self.log.position().to_string();
        let orders = store::orders::on_screen(self.app.pool()).await?;
        let counter = self.app.counter_of(&orders).await?;
        Ok(pb::Display {
            orders: orders.iter().map(convert::order::displayed).collect(),
            bar: Some(self.bar_beside(&counter).await?),
            position,
        })
    }

    async fn bar_beside(&self, counter: &app::Counter) -> Result<pb::Bar, AppError> {
        let house = self.app.house().await?;
        Ok(menu::bar(app::Bar {
            state: house.bar.at(self.app.now()),
            queued: counter.queued,
            preparing: counter.preparing,
            estimate: counter.estimate_of_one(),
        }))
    }
}

/// Only who is in the family orders.
pub(super) fn check_orders(reader: &Reader) -> Result<(), AppError> {
    if reader.roles.contains(Role::Member) {
        Ok(())
    } else {
        Err(AppError::new(Code::NotAllowed, "Only members order."))
    }
}

/// Guests, and whoever stands at a kiosk, order for themselves.
pub(super) fn check_for_oneself(
    person: &Person,
    items: &[pb::ItemRequest],
) -> Result<(), AppError> {
    for (at, item) in items.iter().enumerate() {
        let whom = match &item.recipient {
            None => "",
            Some(Recipient::MemberId(id)) => id,
            Some(Recipient::Guest(name)) => name,
        };
        check_oneself(person, &format!("items[{at}].member_id"), whom)?;
    }
    Ok(())
}

/// The same of one person who is asked about; nobody is oneself.
pub(super) fn check_oneself(person: &Person, path: &str, whom: &str) -> Result<(), AppError> {
    if whom.is_empty() || whom == person.member.to_string() {
        return Ok(());
    }
    match person.scope {
        Scope::Guest | Scope::Kiosk => {
            Err(AppError::invalid(path, "for-oneself", "here everybody orders for themselves"))
        }
        Scope::Full
        | Scope::Counter
        | Scope::Display
        | Scope::Usual
        | Scope::ReadOrders
        | Scope::Reports => Ok(()),
    }
}

/// An idempotency key, which must be there.
pub(super) fn key(key: String) -> Result<String, AppError> {
    if key.is_empty() {
        return Err(AppError::new(Code::IdempotencyKeyMissing, "An order needs a key.").field(
            "idempotency_key",
            "required",
            "it must not be empty",
        ));
    }
    request::text("idempotency_key", &key, LONGEST_KEY)?;
    Ok(key)
}

/// What becomes of an order that a child's limits say no to.
pub(super) const fn where_limited(ask_guardian: bool) -> WhereLimited {
    if ask_guardian { WhereLimited::AskGuardian } else { WhereLimited::Refuse }
}

/// How long to wait for `queued` or `rejected`, within what the request has left.
pub(super) fn wait(wait_ms: i32) -> Result<Duration, AppError> {
    if !(0..=LONGEST_WAIT).contains(&wait_ms) {
        let message = format!("from 0 to {LONGEST_WAIT}");
        return Err(AppError::invalid("wait_ms", "out-of-range", message));
    }
    let wait = Duration::from_millis(u64::from(wait_ms.unsigned_abs()));
    let left = runtime::deadline::remaining();
    Ok(left.map_or(wait, |left| wait.min(left.saturating_sub(FOR_THE_ANSWER))))
}

/// What makes two requests the same: everything but the key itself and how long
/// its sender would wait.
fn hash_of(request: &pb::PlaceOrderRequest) -> Vec<u8> {
    let same =
        pb::PlaceOrderRequest { idempotency_key: String::new(), wait_ms: 0, ..request.clone() };
    Sha256::digest(same.encode_to_vec()).to_vec()
}
