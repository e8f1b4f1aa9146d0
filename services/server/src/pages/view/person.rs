//! A member or guest as pages show them: name, emoji, colour.

use std::collections::{BTreeMap, BTreeSet};

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

    /// Somebody whose name nobody knows any more.
    fn left(id: &str) -> Self {
        Self::new(id, "Somebody who left", "🍂", "#9a8c7c")
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
pub(crate) struct People {
    here: BTreeMap<String, Person>,
    left: BTreeSet<String>,
}

impl People {
    pub(crate) fn get(&self, id: &str) -> Person {
        match self.here.get(id) {
            Some(person) => person.clone(),
            None if self.left.contains(id) => Person::left(id),
            None => Person::unknown(id),
        }
    }

    /// And these, who were of the family, and are nobody's choice any more.
    pub(crate) fn and_left(self, left: &[String]) -> Self {
        Self { left: left.iter().cloned().collect(), ..self }
    }

    /// Everybody, by name.
    pub(crate) fn all(&self) -> Vec<Person> {
        let mut all: Vec<_> = self.here.values().cloned().collect();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }
}

impl FromIterator<Person> for People {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        let here = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        Self { here, left: BTreeSet::new() }
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
    fn who_left_has_no_name_and_can_not_be_chosen() {
        let people: People = [Person::new("mem_1", "Mia", "", "")].into_iter().collect();
        let people = people.and_left(&["mem_2".to_owned()]);
        let name = |id: &str| people.get(id).name;
        assert_eq!(name("mem_1"), "Mia");
        assert_eq!(name("mem_2"), "Somebody who left");
        assert_eq!(name("mem_3"), "Somebody");
        assert_eq!(people.all().len(), 1);
    }

    #[test]
    fn somebody_without_an_emoji_shows_an_initial() {
        assert_eq!(Person::new("", "änne", "", "").emoji, "Ä");
    }
}
