//! The house's one name. Passkeys and pushes are bound to it, so it is kept in
//! the data folder and changed only by who says so.

use std::{fmt, str::FromStr};

use anyhow::{Context, Result};

use crate::{data::Data, paths::write_private};

/// A host name of at least two labels, lower case; never an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether multicast DNS is how it is found (RFC 6762, 3).
    pub(crate) fn is_local(&self) -> bool {
        self.0.ends_with(".local")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let labels = || name.split('.');
        if name.len() > 253 || !labels().all(label) {
            return Err("not a host name: letters a to z, digits, hyphens and dots".to_owned());
        }
        // An address would bind passkeys to nothing; browsers refuse it there.
        if labels().next_back().is_some_and(|last| last.bytes().all(|it| it.is_ascii_digit())) {
            return Err("an address is no name: choose one like coffee.local".to_owned());
        }
        if labels().count() < 2 || name.ends_with(".localhost") {
            return Err(format!("phones do not find {name:?}: choose one like coffee.local"));
        }
        Ok(Self(name))
    }
}

/// What the name is, and what it was if that is another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) name: Name,
    pub(crate) before: Option<Name>,
}

/// The name that was asked for; else the kept one; else the one that a given
/// certificate is for; else the usual one.
pub(crate) fn choose(asked: Option<Name>, kept: Option<Name>, certified: &[String]) -> Chosen {
    let certified = || certified.iter().find_map(|name| name.parse().ok());
    let name = asked.or_else(|| kept.clone()).or_else(certified);
    let name = name.unwrap_or_else(|| Name("coffee.local".to_owned()));
    let before = kept.filter(|kept| *kept != name);
    Chosen { name, before }
}

const FILE: &str = "name";

/// The name of the last start.
pub(crate) fn kept(data: &Data) -> Result<Option<Name>> {
    let path = super::folder(data).join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(name) => Ok(Some(name)),
            Err(error) => anyhow::bail!("{}: {error}", path.display()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

pub(crate) fn keep(data: &Data, name: &Name) -> Result<()> {
    write_private(&super::folder(data).join(FILE), format!("{name}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_one_that_phones_can_look_up() {
        assert_eq!(name("Coffee.Local.").as_str(), "coffee.local");
        assert_eq!(name("box.tail1234.ts.net").as_str(), "box.tail1234.ts.net");
        assert!(name("coffee.local").is_local() && !name("coffee.fritz.box").is_local());
        for wrong in [
            "coffee",
            "localhost",
            "a.localhost",
            "192.168.1.20",
            "",
            ".",
            "coffee..local",
            "-coffee.local",
            "coffee_bar.local",
            "../coffee.local",
            "kaffee\u{e9}.local",
            "*.example.com",
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_name_stays_unless_somebody_asks_for_another() {
        let chosen = |asked: Option<&str>, kept: Option<&str>, certified: &[&str]| {
            let certified: Vec<String> = certified.iter().map(|it| (*it).to_owned()).collect();
            let chosen = choose(asked.map(name), kept.map(name), &certified);
            (chosen.name.to_string(), chosen.before.map(|it| it.to_string()))
        };
        let (tea, same) = ("tea.local", |name: &str| (name.to_owned(), None));
        assert_eq!(chosen(None, None, &[]), same("coffee.local"));
        assert_eq!(chosen(None, None, &["*.ts.net", "box.ts.net"]), same("box.ts.net"));
        assert_eq!(chosen(None, Some(tea), &["box.ts.net"]), same(tea));
        assert_eq!(chosen(Some(tea), Some(tea), &[]), same(tea));
        let changed = chosen(Some(tea), Some("coffee.local"), &[]);
        assert_eq!(changed, (tea.to_owned(), Some("coffee.local".to_owned())));
    }
}
