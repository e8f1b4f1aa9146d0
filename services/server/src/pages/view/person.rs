//! A member or guest as pages show them: name, emoji, colour.

use std::collections::BTreeMap;

/// Somebody with a face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Member id; empty for a guest.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) emoji: String,
    /// "#a0522d": an SVG fill, as the page allows no style attributes.
    pub(crate) colour: String,
}

impl Person {
    pub(crate) fn new(id: &str, name: &str, emoji: &str, colour: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            emoji: if emoji.is_empty() { initial(name) } else { emoji.to_owned() },
            colour: if is_colour(colour) { colour.to_owned() } else { "#b08968".to_owned() },
        }
    }

    pub(crate) fn guest(name: &str) -> Self {
        Self::new("", name, "🙋", "#9a8c7c")
    }

    /// Somebody whose name nobody knows now.
    pub(crate) fn unknown(id: &str) -> Self {
        Self::new(id, "Somebody", "☕", "#9a8c7c")
    }
}

fn initial(name: &str) -> String {
    name.chars().next().map_or_else(|| "☕".to_owned(), |first| first.to_uppercase().collect())
}

fn is_colour(text: &str) -> bool {
    text.len() == 7
        && text.starts_with('#')
        && text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
}

/// The family, by member id.
#[derive(Debug, Clone, Default)]
pub(crate) struct People(BTreeMap<String, Person>);

impl People {
    pub(crate) fn get(&self, id: &str) -> Person {
        self.0.get(id).cloned().unwrap_or_else(|| Person::unknown(id))
    }

    /// Everybody, by name.
    pub(crate) fn all(&self) -> Vec<Person> {
        let mut all: Vec<_> = self.0.values().cloned().collect();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }
}

impl FromIterator<Person> for People {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        Self(people.into_iter().map(|person| (person.id.clone(), person)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_colour_never_reaches_the_page() {
        assert_eq!(Person::new("", "Mia", "", "#12ab9f").colour, "#12ab9f");
        for wrong in ["red", "#12345", "\"/><script", "#zzzzzz"] {
            assert_eq!(Person::new("", "Mia", "", wrong).colour, "#b08968");
        }
    }

    #[test]
    fn somebody_without_an_emoji_shows_an_initial() {
        assert_eq!(Person::new("", "änne", "", "").emoji, "Ä");
    }
}
