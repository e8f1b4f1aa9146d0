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

/// "Kim, Jo and Leo"; nobody: nothing.
pub(crate) fn names(people: &[Person]) -> String {
    match people {
        [] => String::new(),
        [one] => one.name.clone(),
        [all @ .., last] => {
            let all: Vec<_> = all.iter().map(|person| person.name.as_str()).collect();
            format!("{} and {}", all.join(", "), last.name)
        }
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

/// The family and its guests, by member id.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    here: BTreeMap<String, Person>,
    left: BTreeSet<String>,
    /// Who of those who are here is a guest, and whose.
    hosts: BTreeMap<String, String>,
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

    /// And these are guests, each with their host: shown where they order, and
    /// nobody's choice either.
    pub(crate) fn and_guests(self, hosts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { hosts: hosts.into_iter().collect(), ..self }
    }

    /// Whose guest somebody is; none: nobody's, or it is not known now.
    pub(crate) fn host_of(&self, guest: &str) -> Option<Person> {
        self.hosts.get(guest).map(|host| self.get(host))
    }

    /// The whole family, by name.
    pub(crate) fn all(&self) -> Vec<Person> {
        let family = self.here.values().filter(|person| !self.hosts.contains_key(&person.id));
        let mut all: Vec<_> = family.cloned().collect();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }
}

impl FromIterator<Person> for People {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        let here = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        Self { here, left: BTreeSet::new(), hosts: BTreeMap::new() }
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
    fn a_guest_has_a_name_and_a_host_and_can_not_be_chosen() {
        let person = |id, name| Person::new(id, name, "", "");
        let people: People = [person("mem_1", "Mia"), person("mem_2", "Kim")].into_iter().collect();
        let people = people.and_guests([("mem_2".to_owned(), "mem_1".to_owned())]);
        assert_eq!(people.get("mem_2").name, "Kim");
        assert_eq!(people.host_of("mem_2").map(|host| host.name).as_deref(), Some("Mia"));
        assert_eq!(people.host_of("mem_1"), None);
        let all: Vec<_> = people.all().into_iter().map(|person| person.name).collect();
        assert_eq!(all, ["Mia"]);
    }

    #[test]
    fn somebody_without_an_emoji_shows_an_initial() {
        assert_eq!(Person::new("", "änne", "", "").emoji, "Ä");
    }
}
