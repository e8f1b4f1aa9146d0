//! What a notification says. The words are made when it is shown, from its kind
//! and numbers, so that a better wording reaches old rows too.

use types::Beans;

/// A title and a body, plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub body: String,
}

/// Longest kind, in bytes: kinds are short words such as "item-struck".
pub const LONGEST_KIND: usize = 40;

/// Whether a text can be a kind: lower-case words with hyphens.
pub fn is_kind(kind: &str) -> bool {
    !kind.is_empty()
        && kind.len() <= LONGEST_KIND
        && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// The words for a notification about order `number`. A kind of a newer
/// order-service, which this table does not know, gets a plain sentence.
pub fn text(kind: &str, number: i32, reason: &str) -> Text {
    let (title, body) = match kind {
        "approval" => ("May they have it?", "A child asks for more than its limits."),
        "queued" => ("New order", "It waits at the counter for somebody to accept it."),
        "accepted" => ("Somebody is on it", "Your order is being made."),
        "ready" => ("Your order is ready", "Come and get it while it is hot."),
        "remind" => ("Still being made", "This order has been in the making for a while."),
        "released" => {
            ("Back in the queue", "The barista gave it back; somebody else will make it.")
        }
        "handed-over" => ("Another barista took over", "Your order is in other hands."),
        "recalled" => ("A moment more", "Your order went back to the counter."),
        "completed" => ("Enjoy", "Your order was picked up."),
        "rejected" => {
            ("Sorry, this did not work", "Your order could not be taken. It costs nothing.")
        }
        "declined" => ("Sorry, not today", "The barista declined your order. It costs nothing."),
        "cancelled" => ("Cancelled", "The order was cancelled. It costs nothing."),
        "expired" => {
            ("Sorry, nobody was there", "Nobody accepted your order in time. It costs nothing.")
        }
        "uncollected" => ("Not picked up", "Your order was made and left standing."),
        "amended" => ("Order changed", "What was ordered has changed."),
        "item-struck" => ("Something is missing", "An item was struck from your order."),
        "item-replaced" => ("Something else instead", "An item of your order was replaced."),
        "forgiven" => ("It is on the house", "Your beans are back."),
        _ => ("News of an order", "Have a look at it."),
    };
    let title = match number {
        number if number > 0 => format!("#{number} · {title}"),
        _ => title.to_owned(),
    };
    let body = match reason.trim() {
        "" => body.to_owned(),
        reason => format!("{body} “{reason}”"),
    };
    Text { title, body }
}

/// The words for a gift of beans.
pub fn gift_text(giver: &str, beans: Beans, message: &str) -> Text {
    let giver = if giver.is_empty() { "Somebody who left" } else { giver };
    let body = match message.trim() {
        "" => "They are yours to spend.".to_owned(),
        message => format!("“{message}”"),
    };
    Text { title: format!("{giver} gave you {beans}"), body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_number_and_the_reason() {
        let ready = text("ready", 12, "");
        assert_eq!(ready.title, "#12 · Your order is ready");
        assert!(!ready.body.contains('“'));
        let declined = text("declined", 3, "no milk left");
        assert!(declined.body.ends_with("“no milk left”"), "{}", declined.body);
    }

    #[test]
    fn a_gift_tells_whose_and_what_was_said() {
        let gift = gift_text("Oma", Beans::new(5), "for the dishes");
        assert_eq!(
            (gift.title.as_str(), gift.body.as_str()),
            ("Oma gave you 5 beans", "“for the dishes”")
        );
        assert_eq!(gift_text("Oma", Beans::new(1), "").title, "Oma gave you 1 bean");
    }

    #[test]
    fn a_kind_of_tomorrow_still_says_something() {
        assert_eq!(text("levitating", 0, "").title, "News of an order");
    }

    #[test]
    fn kinds_are_short_words() {
        assert!(is_kind("item-struck"));
        for wrong in ["", "Ready", "it is", "x1", &"x".repeat(41)] {
            assert!(!is_kind(wrong), "{wrong}");
        }
    }
}
