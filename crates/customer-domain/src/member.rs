//! What makes a member's card: a name, an emoji and a colour.

/// A card that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub name: String,
    pub emoji: String,
    /// "#a0522d"
    pub colour: String,
}

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 60;
/// An emoji may be a family of several code points; in bytes.
pub const LONGEST_EMOJI: usize = 40;

const DEFAULT_EMOJI: &str = "☕";
const DEFAULT_COLOUR: &str = "#a0522d";

/// Why a card is not one; each names its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    #[error("a name has 1 to {LONGEST_NAME} characters")]
    Name,
    #[error("an emoji is one sign")]
    Emoji,
    #[error("a colour looks like #a0522d")]
    Colour,
}

impl CardError {
    /// The field of the request that is wrong.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Emoji => "emoji",
            Self::Colour => "colour",
        }
    }
}

impl Card {
    /// Checks what somebody typed; an empty emoji or colour gets the house's.
    pub fn parse(name: &str, emoji: &str, colour: &str) -> Result<Self, CardError> {
        let name = name.trim();
        let length = name.chars().count();
        if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(CardError::Name);
        }
        let emoji = if emoji.is_empty() { DEFAULT_EMOJI } else { emoji };
        if emoji.len() > LONGEST_EMOJI || emoji.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err(CardError::Emoji);
        }
        let colour = if colour.is_empty() { DEFAULT_COLOUR } else { colour };
        let digits = colour.strip_prefix('#').ok_or(CardError::Colour)?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(CardError::Colour);
        }
        Ok(Self {
            name: name.to_owned(),
            emoji: emoji.to_owned(),
            colour: colour.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_trimmed_and_checked() {
        let card = Card::parse(" Mia ", "🦊", "#FF8800").unwrap();
        assert_eq!((card.name.as_str(), card.colour.as_str()), ("Mia", "#ff8800"));
        assert_eq!(Card::parse("Mia", "", "").unwrap().emoji, DEFAULT_EMOJI);
        assert_eq!(Card::parse("  ", "", ""), Err(CardError::Name));
        assert_eq!(Card::parse(&"x".repeat(61), "", ""), Err(CardError::Name));
        assert_eq!(Card::parse("a\nb", "", ""), Err(CardError::Name));
        assert_eq!(Card::parse("Mia", &"🦊".repeat(20), ""), Err(CardError::Emoji));
        for colour in ["red", "#12345", "#12345g", "#1234567", "#ääa"] {
            assert_eq!(Card::parse("Mia", "", colour), Err(CardError::Colour), "{colour}");
        }
    }
}
