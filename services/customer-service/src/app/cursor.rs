//! Page cursors: opaque to their bearer, and refused when they are not ours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use runtime::{AppError, Code};
use types::{NotificationId, Timestamp};

const DEFAULT_LIMIT: i64 = 50;
const LARGEST_LIMIT: i64 = 200;

/// How many rows a page has: 0 asks for the default.
pub fn limit(asked: i32) -> Result<i64, AppError> {
    match i64::from(asked) {
        0 => Ok(DEFAULT_LIMIT),
        limit if (1..=LARGEST_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(AppError::invalid(
            "limit",
            "out-of-range",
            format!("a page has 1 to {LARGEST_LIMIT} lines"),
        )),
    }
}

/// After this ledger entry's number.
pub fn of_entry(number: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("led {number}"))
}

/// The number of an entry to go on below; the first page has no cursor.
pub fn entry(cursor: &str) -> Result<i64, AppError> {
    if cursor.is_empty() {
        return Ok(i64::MAX);
    }
    read(cursor)
        .and_then(|text| text.strip_prefix("led ")?.parse().ok())
        .filter(|number| *number > 0)
        .ok_or_else(refuse)
}

/// After this notification.
pub fn of_notification(at: Timestamp, id: NotificationId) -> String {
    URL_SAFE_NO_PAD.encode(format!("ntf {} {id}", at.timestamp_micros()))
}

/// The notification to go on behind; the first page has no cursor.
pub fn notification(cursor: &str) -> Result<Option<(Timestamp, NotificationId)>, AppError> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let read = || {
        let text = read(cursor)?;
        let (micros, id) = text.strip_prefix("ntf ")?.split_once(' ')?;
        Some((Timestamp::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
    };
    read().map(Some).ok_or_else(refuse)
}

fn read(cursor: &str) -> Option<String> {
    if cursor.len() > 200 {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

fn refuse() -> AppError {
    AppError::new(Code::InvalidCursor, "This page cursor is not one of ours.").field(
        "cursor",
        "invalid",
        "not a cursor of ours",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_are_refused() {
        assert_eq!(entry(&of_entry(17)).unwrap(), 17);
        assert_eq!(entry("").unwrap(), i64::MAX);
        let (at, id) = (Timestamp::UNIX_EPOCH, NotificationId::new());
        assert_eq!(notification(&of_notification(at, id)).unwrap(), Some((at, id)));
        let zero = URL_SAFE_NO_PAD.encode("led 0");
        for wrong in ["x", "!!", zero.as_str(), &of_notification(at, id), &"A".repeat(300)] {
            assert_eq!(entry(wrong).unwrap_err().code, Code::InvalidCursor, "{wrong}");
        }
        assert!(notification(&of_entry(17)).is_err());
    }

    #[test]
    fn a_page_is_bounded() {
        assert_eq!(limit(0).unwrap(), DEFAULT_LIMIT);
        assert_eq!(limit(200).unwrap(), 200);
        assert!(limit(201).is_err() && limit(-1).is_err());
    }
}
