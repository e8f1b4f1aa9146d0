//! Orders, the menu and the bar, decided without any input or output: time,
//! choices and what the outer world knows are arguments.
//!
//! `Order::decide` says what a command does to an order, `Order::apply` does
//! it, `Order::due` says what the process manager must do next.

mod allowed;
mod apply;
mod bar;
mod command;
mod decide;
mod diner;
mod drink;
mod due;
mod estimate;
mod event;
mod forget;
mod item;
mod kept;
mod menu;
mod offers;
mod order;
mod rejection;
mod state;
pub mod table;
mod waits;
mod who;

#[cfg(test)]
mod tests;

pub use bar::{Bar, BarShut};
pub use command::{Command, CommandKind};
pub use diner::{Age, Bite, DayLimits, Diet, Diner, Had, check_diets, check_guests};
pub use drink::{Drink, DrinkRequest, Invalid, Wish, parse_hold, parse_wishes};
pub use due::{Due, Labels, Notice, NoticeKind, Step};
pub use estimate::{FEWEST_SAMPLES, Sample, estimate};
pub use event::{Event, What};
pub use forget::REMOVED;
pub use item::{Item, Recipient};
pub use kept::{Otherwise, check_as_agreed};
pub use menu::{Choice, Menu, MenuItem, Size, SoldOut};
pub use offers::{Within, in_words};
pub use order::{Acknowledged, Ask, NewOrder, Order, Permission};
pub use rejection::{Outcome, Rejection};
pub use state::{Approval, Because, By, State, StateKind};
pub use waits::Waits;
pub use who::{Actor, Reader, Wards};

/// What one order may hold. A family's counter, not a warehouse.
pub mod limits {
    /// Items in one order.
    pub const ITEMS: usize = 12;
    /// Drinks that are looked up at once.
    pub const CHECKED: usize = 32;
    /// Extras of one item.
    pub const EXTRAS: usize = 6;
    /// Characters of an item's note.
    pub const NOTE: usize = 200;
    /// Characters of a guest's name.
    pub const GUEST: usize = 40;
    /// Characters of a reason.
    pub const REASON: usize = 200;
    /// Days that an order may be held in advance.
    pub const HOLD_DAYS: i64 = 7;
}
