//! What makes a member's card: a name, an emoji and a colour.

use unicode_segmentation::UnicodeSegmentation;

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
    #[error("a name has 1 to {LONGEST_NAME} characters, and something to see")]
    Name,
    #[error("an emoji is one sign that is no letter")]
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
        if !is_name(name) {
            return Err(CardError::Name);
        }
        let emoji = if emoji.is_empty() { DEFAULT_EMOJI } else { emoji };
        if !is_emoji(emoji) {
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

/// In any script, or an emoji; but something that can be seen, and nothing that
/// turns around the text beside it.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().count() <= LONGEST_NAME
        && text.chars().any(is_visible)
        && !text.chars().any(|c| c.is_control() || turns_text(c))
}

/// One sign as people count them, of whatever code points: a family, a flag, a
/// keycap. Letters and digits are none, unless they are told to look like one.
fn is_emoji(text: &str) -> bool {
    const LOOKS_LIKE_EMOJI: char = '\u{fe0f}';
    let Some(first) = text.chars().next() else { return false };
    text.len() <= LONGEST_EMOJI
        && text.graphemes(true).count() == 1
        && is_visible(first)
        && (text.contains(LOOKS_LIKE_EMOJI) || !(first.is_ascii() || first.is_alphanumeric()))
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_invisible(c)
}

/// Embeddings, overrides and isolates of the bidirectional algorithm. The plain
/// marks, which names in Arabic or Hebrew may need, are allowed.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's `Default_Ignorable_Code_Point`, and Braille's blank.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_of_any_script_but_can_be_seen_and_turns_nothing_around() {
        for name in [
            "Mia",
            "Zoë",
            "Ольга",
            "李",
            "ひかり",
            "نور",
            "می\u{200c}خواهم",
            "รินทร์",
            "नीता",
            "👩‍👧",
            "Opa 2",
            "\u{200f}דוד",
            "O'Neil <3",
            "ﷺ",
        ] {
            assert!(Card::parse(name, "", "").is_ok(), "{name:?}");
        }
        for name in [
            "\u{200b}",
            "\u{200d}\u{200c}",
            "\u{200f}\u{200e}",
            "\u{2066}\u{2069}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}",
            "\u{fe0f}",
            "\u{a0}",
            "Mia\u{202e}aiM",
            "\u{2067}Mia",
            "a\u{7f}",
        ] {
            assert_eq!(Card::parse(name, "", ""), Err(CardError::Name), "{name:?}");
        }
    }

    #[test]
    fn an_emoji_is_one_sign_and_no_text() {
        for emoji in ["☕", "🦊", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇩🇪", "❤️", "1️⃣", "©", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
        {
            assert_eq!(Card::parse("Mia", emoji, "").unwrap().emoji, emoji);
        }
        for emoji in
            ["<b>", "<", "A", "ä", "李", "7", "☕☕", "🦊 ", " ", "\u{200d}", "\u{fe0f}", "☕\n"]
        {
            assert_eq!(Card::parse("Mia", emoji, ""), Err(CardError::Emoji), "{emoji:?}");
        }
    }

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
