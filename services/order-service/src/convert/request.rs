//! What callers ask for, from the wire.

use std::str::FromStr;

use order_domain::{DrinkRequest, Recipient, limits};
use runtime::AppError;
use types::{MemberId, OrderId, Timestamp};
use wire::order::v1 as pb;

use super::time;

/// The longest slug or id that is looked at.
const LONGEST_NAME: usize = 64;

/// An id in its printed form; of another kind, or nonsense, is a field error.
pub(crate) fn id<T: FromStr>(path: &str, text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::invalid(path, "malformed-id", "this is not such an id"))
}

/// The order that a request is about. An id that cannot be one is of no order.
pub(crate) fn order_id(text: &str) -> Result<OrderId, AppError> {
    text.parse().map_err(|_| AppError::not_found("order"))
}

/// A moment that must make sense if it is there.
pub(crate) fn moment(
    path: &str,
    wire: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, AppError> {
    wire.map(|wire| {
        time::from_wire(wire)
            .ok_or_else(|| AppError::invalid(path, "malformed-time", "there is no such moment"))
    })
    .transpose()
}

/// A line of an order.
pub(crate) fn line(line: i32) -> Result<u32, AppError> {
    u32::try_from(line).map_err(|_| AppError::invalid("line", "out-of-range", "lines count from 1"))
}

/// How many of something; 0 is the default.
pub(crate) fn page(limit: i32, default: i64, most: i64) -> Result<i64, AppError> {
    match i64::from(limit) {
        0 => Ok(default),
        limit if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(AppError::invalid("limit", "out-of-range", format!("from 1 to {most}"))),
    }
}

/// A text that is not too long and that a person can read.
pub(crate) fn text<'a>(path: &str, text: &'a str, most: usize) -> Result<&'a str, AppError> {
    if text.chars().count() > most {
        let message = format!("at most {most} characters");
        return Err(AppError::invalid(path, "too-long", message));
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        let message = "it holds a control character";
        return Err(AppError::invalid(path, "unreadable", message));
    }
    Ok(text)
}

/// The items that somebody asks for. Only what cannot be read is refused here;
/// what it means, the menu says.
pub(crate) fn items(wire: Vec<pb::ItemRequest>) -> Result<Vec<DrinkRequest>, AppError> {
    some_items(wire, limits::ITEMS)
}

/// At most so many items.
pub(crate) fn some_items(
    wire: Vec<pb::ItemRequest>,
    most: usize,
) -> Result<Vec<DrinkRequest>, AppError> {
    if wire.len() > most {
        let message = format!("at most {most} items");
        return Err(AppError::invalid("items", "too-many", message));
    }
    wire.into_iter().enumerate().map(|(at, it)| item(&format!("items[{at}]"), it)).collect()
}

/// One item that somebody asks for.
pub(crate) fn item(path: &str, wire: pb::ItemRequest) -> Result<DrinkRequest, AppError> {
    let pb::ItemRequest { menu_item, size, milk, extras, note, recipient } = wire;
    for (name, value) in [("menu_item", &menu_item), ("size", &size), ("milk", &milk)] {
        text(&format!("{path}.{name}"), value, LONGEST_NAME)?;
    }
    if menu_item.is_empty() {
        let message = "say what it shall be";
        return Err(AppError::invalid(format!("{path}.menu_item"), "required", message));
    }
    if extras.len() > limits::EXTRAS {
        let message = format!("at most {} extras", limits::EXTRAS);
        return Err(AppError::invalid(format!("{path}.extras"), "too-many", message));
    }
    for (at, extra) in extras.iter().enumerate() {
        text(&format!("{path}.extras[{at}]"), extra, LONGEST_NAME)?;
    }
    let recipient = match recipient {
        None => None,
        Some(pb::item_request::Recipient::MemberId(member)) => {
            let path = format!("{path}.member_id");
            Some(Recipient::Member(id::<MemberId>(&path, &member)?))
        }
        Some(pb::item_request::Recipient::Guest(name)) => Some(Recipient::Guest(name)),
    };
    Ok(DrinkRequest { menu_item, size, milk, extras, note, recipient })
}
