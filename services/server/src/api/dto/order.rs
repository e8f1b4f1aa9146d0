//! Orders in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use types::MemberId;
use utoipa::ToSchema;
use wire::order::v1 as pb;

use super::{
    bar::Bar,
    children::{Acknowledged, Approval},
    nonsense, some, time,
};
use crate::problem::Problem;

macro_rules! wire_names {
    ($(#[$doc:meta])* $name:ident of $wire:ty { $($variant:ident),* $(,)? } else $unspecified:pat) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($variant,)* }

        impl $name {
            /// From its number on the wire.
            pub(crate) fn of_wire(number: i32) -> Result<Self, Problem> {
                match <$wire>::try_from(number) {
                    $(Ok(<$wire>::$variant) => Ok(Self::$variant),)*
                    $unspecified | Err(_) => Err(nonsense(stringify!($name))),
                }
            }
        }
    };
}

wire_names! {
    /// Where an order is in its life.
    OrderState of pb::OrderState {
        Held, Placed, Queued, Preparing, Ready, Completed, Rejected, Declined, Cancelled, Expired,
        Uncollected,
    } else Ok(pb::OrderState::Unspecified)
}

wire_names! {
    /// What somebody may ask of an order: the last part of the command's path.
    OrderCommand of pb::OrderCommand {
        Accept, Ready, Release, HandOver, Recall, PickUp, Cancel, Decline, Forgive, Amend, Tick,
        Strike, Replace, Approve, Refuse, Acknowledge,
    } else Ok(pb::OrderCommand::Unspecified)
}

/// An order as its reader may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Order {
    #[schema(example = "ord_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The day's, for calling out.
    pub number: i32,
    /// Who placed it, and pays.
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub placed_by: String,
    pub state: OrderState,
    /// Rises with each change; send it with a command, to be refused when it is old.
    pub version: u64,
    pub items: Vec<Item>,
    /// Whole beans, of what is not struck.
    pub price_beans: i64,
    /// Whole beans, in this state.
    pub owed_beans: i64,
    /// Whose hands it is in, or was last.
    pub barista: Option<String>,
    /// Of a decline, rejection or cancellation.
    pub reason: Option<String>,
    pub placed_at: Option<DateTime<Utc>>,
    pub state_since: Option<DateTime<Utc>>,
    /// When the clock moves it on.
    pub deadline: Option<DateTime<Utc>>,
    pub held_until: Option<DateTime<Utc>>,
    /// Learned from past orders; absent while nothing is known.
    pub estimated_ready_at: Option<DateTime<Utc>>,
    /// The commands that its reader may give next.
    pub allowed: Vec<OrderCommand>,
    /// The admin who forgave its price.
    pub forgiven_by: Option<String>,
    /// It is held until a guardian says yes.
    pub approval: Option<Approval>,
    /// The guardian who said yes to what passes a child's limits.
    pub approved_by: Option<String>,
    /// Somebody at the counter has read the warnings of its items.
    pub acknowledged: Option<Acknowledged>,
}

/// One line of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item {
    /// 1 for the first; never used again within an order.
    pub line: i32,
    pub menu_item_id: String,
    #[schema(example = "flat-white")]
    pub slug: String,
    pub name: String,
    pub size: Option<String>,
    pub milk: Option<String>,
    pub extras: Vec<String>,
    #[schema(example = "large, oat milk, extra shot")]
    pub summary: String,
    pub note: Option<String>,
    /// Whom it is for; absent for a guest.
    pub member: Option<String>,
    /// A visitor's name.
    pub guest: Option<String>,
    pub price_beans: i64,
    pub caffeine_mg: i32,
    pub allergens: Vec<String>,
    /// The barista has made it.
    pub ticked: bool,
    /// Why it was struck from the order; absent while it was not.
    pub struck_reason: Option<String>,
    /// Why it is something else than was ordered; absent while it is not.
    pub replaced_reason: Option<String>,
    /// What whoever makes it must know.
    #[schema(example = json!(["no nuts"]))]
    pub warnings: Vec<String>,
}

/// One page of orders, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderList {
    pub orders: Vec<Order>,
    /// For the next page; absent on the last.
    pub next_cursor: Option<String>,
    /// What this shows: the `after` of `/v1/events`.
    pub position: String,
}

/// The counter's view.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queue {
    /// Queued, in the making and ready; longest waiting first.
    pub orders: Vec<Order>,
    pub bar: Bar,
    /// What this shows: the `after` of `/v1/events`.
    pub position: String,
}

/// What a command led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandDone {
    pub order: Order,
    /// It was so before: the command changed nothing.
    pub already_so: bool,
}

/// A new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    #[schema(min_items = 1)]
    pub items: Vec<NewItem>,
    /// Hold it until then.
    #[serde(default)]
    pub not_before: Option<DateTime<Utc>>,
    /// Where a child's limits say no, hold it and ask the guardian; a guardian's own
    /// order is a yes.
    #[serde(default)]
    pub ask_guardian: bool,
}

/// One thing to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// Its id or slug.
    #[schema(example = "flat-white")]
    pub menu_item: String,
    /// Its slug; without, the item's first.
    #[serde(default)]
    pub size: Option<String>,
    /// Its slug; without, the item's first, where it takes milk.
    #[serde(default)]
    pub milk: Option<String>,
    #[serde(default)]
    pub extras: Vec<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// Whom it is for; without, whoever places the order.
    #[serde(default, rename = "for")]
    pub recipient: Option<Recipient>,
}

/// Whom a drink is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recipient {
    /// A member of the family, by id.
    #[schema(value_type = String)]
    Member(MemberId),
    /// A visitor, by name.
    Guest(String),
}

/// A command, with the version that its sender saw.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandBody {
    /// Without (and without `If-Match`): whatever it is now.
    #[serde(default)]
    pub version: Option<u64>,
    /// Of a decline or cancellation: the customer reads it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Gives an order to another barista.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverBody {
    #[serde(default)]
    pub version: Option<u64>,
    #[schema(value_type = String, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub barista: MemberId,
}

/// Replaces everything that is in an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendBody {
    #[serde(default)]
    pub version: Option<u64>,
    pub items: Vec<NewItem>,
}

/// Ticks a line off.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TickBody {
    #[serde(default)]
    pub version: Option<u64>,
    /// `false` takes the tick away; without, `true`.
    #[serde(default)]
    pub ticked: Option<bool>,
}

/// Strikes a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StrikeBody {
    #[serde(default)]
    pub version: Option<u64>,
    /// The customer reads it.
    pub reason: String,
}

/// Makes something else of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceBody {
    #[serde(default)]
    pub version: Option<u64>,
    pub item: NewItem,
    /// The customer reads it.
    pub reason: String,
}

impl TryFrom<pb::Order> for Order {
    type Error = Problem;

    fn try_from(order: pb::Order) -> Result<Self, Problem> {
        let pb::Order {
            id,
            number,
            placed_by,
            state,
            version,
            revision: _,
            items,
            price_beans,
            owed_beans,
            barista,
            reason,
            placed_at,
            state_since,
            deadline,
            held_until,
            estimated_ready_at,
            allowed,
            forgiven_by,
            approval,
            approved_by,
            acknowledged,
        } = order;
        Ok(Self {
            id,
            number,
            placed_by,
            state: OrderState::of_wire(state)?,
            version,
            items: items.into_iter().map(Into::into).collect(),
            price_beans,
            owed_beans,
            barista: some(barista),
            reason: some(reason),
            placed_at: placed_at.and_then(time),
            state_since: state_since.and_then(time),
            deadline: deadline.and_then(time),
            held_until: held_until.and_then(time),
            estimated_ready_at: estimated_ready_at.and_then(time),
            allowed: allowed.into_iter().map(OrderCommand::of_wire).collect::<Result<_, _>>()?,
            forgiven_by: some(forgiven_by),
            approval: approval.map(Into::into),
            approved_by: some(approved_by),
            acknowledged: acknowledged.map(Into::into),
        })
    }
}

impl From<pb::Item> for Item {
    fn from(item: pb::Item) -> Self {
        let pb::Item {
            line,
            menu_item_id,
            slug,
            name,
            size,
            milk,
            extras,
            summary,
            note,
            member_id,
            guest,
            price_beans,
            caffeine_mg,
            allergens,
            ticked,
            struck_reason,
            replaced_reason,
            warnings,
        } = item;
        Self {
            line,
            menu_item_id,
            slug,
            name,
            size: some(size),
            milk: some(milk),
            extras,
            summary,
            note: some(note),
            member: some(member_id),
            guest: some(guest),
            price_beans,
            caffeine_mg,
            allergens,
            ticked,
            struck_reason: some(struck_reason),
            replaced_reason: some(replaced_reason),
            warnings,
        }
    }
}

impl TryFrom<pb::ListOrdersResponse> for OrderList {
    type Error = Problem;

    fn try_from(list: pb::ListOrdersResponse) -> Result<Self, Problem> {
        let pb::ListOrdersResponse { orders, next_cursor, position } = list;
        let orders = orders.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Self { orders, next_cursor: some(next_cursor), position })
    }
}

impl TryFrom<pb::Queue> for Queue {
    type Error = Problem;

    fn try_from(queue: pb::Queue) -> Result<Self, Problem> {
        let pb::Queue { orders, bar, position } = queue;
        let orders = orders.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let bar = bar.ok_or_else(|| nonsense("queue without bar"))?.try_into()?;
        Ok(Self { orders, bar, position })
    }
}

impl TryFrom<pb::CommandResponse> for CommandDone {
    type Error = Problem;

    fn try_from(response: pb::CommandResponse) -> Result<Self, Problem> {
        let pb::CommandResponse { order, already_so } = response;
        let order = order.ok_or_else(|| nonsense("command without order"))?.try_into()?;
        Ok(Self { order, already_so })
    }
}

impl From<NewItem> for pb::ItemRequest {
    fn from(item: NewItem) -> Self {
        let NewItem { menu_item, size, milk, extras, note, recipient } = item;
        Self {
            menu_item,
            size: size.unwrap_or_default(),
            milk: milk.unwrap_or_default(),
            extras,
            note: note.unwrap_or_default(),
            recipient: recipient.map(|recipient| match recipient {
                Recipient::Member(id) => pb::item_request::Recipient::MemberId(id.to_string()),
                Recipient::Guest(name) => pb::item_request::Recipient::Guest(name),
            }),
        }
    }
}
