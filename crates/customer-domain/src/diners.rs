//! What somebody may be served, as people say it: a child's limits of the day, and
//! what must not be in anybody's cup. order-service decides by it.

use std::collections::BTreeSet;

use types::{MemberId, Role, Roles};

use crate::kin::Kin;

/// The allergens of the EU's list (Regulation 1169/2011, Annex II), shortened as
/// the menu shortens them.
pub const ALLERGENS: [&str; 14] = [
    "gluten",
    "milk",
    "eggs",
    "nuts",
    "peanuts",
    "soya",
    "sesame",
    "celery",
    "mustard",
    "sulphites",
    "lupin",
    "fish",
    "crustaceans",
    "molluscs",
];

/// More than anybody drinks.
pub const MOST_DRINKS: u32 = 50;
/// More than anybody survives well, in mg.
pub const MOST_CAFFEINE: u32 = 2_000;
/// Items that may be named.
pub const MOST_ITEMS: usize = 200;
/// Characters of an item's slug.
const LONGEST_SLUG: usize = 64;
/// The last minute of a day.
const LAST_MINUTE: u32 = 24 * 60 - 1;

/// What a child may have on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    pub drinks: Option<u32>,
    pub caffeine_mg: Option<u32>,
    /// Minute of the family's day after which there is no caffeine.
    pub decaf_after: Option<u32>,
    /// Slugs of the only items that are allowed.
    pub only: Option<BTreeSet<String>>,
}

/// What must not be in somebody's cup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diet {
    pub avoids: BTreeSet<String>,
    pub vegan: bool,
}

/// A field that cannot be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Absurd {
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

impl Absurd {
    fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

impl Limits {
    /// Checks what somebody said, naming the first field that makes no sense.
    pub fn parse(self) -> Result<Self, Absurd> {
        let within = |field: &str, value: Option<u32>, most: u32| match value {
            Some(value) if value > most => {
                Err(Absurd::new(field, "out-of-range", format!("from 0 to {most}")))
            }
            _ => Ok(()),
        };
        within("limits.drinks", self.drinks, MOST_DRINKS)?;
        within("limits.caffeine_mg", self.caffeine_mg, MOST_CAFFEINE)?;
        within("limits.decaf_after", self.decaf_after, LAST_MINUTE)?;
        let only = self.only.iter().flatten();
        if only.clone().count() > MOST_ITEMS {
            let message = format!("at most {MOST_ITEMS} items");
            return Err(Absurd::new("limits.only", "too-many", message));
        }
        for slug in only {
            if !is_slug(slug) {
                let message = "name items by their slugs, \"hot-chocolate\"";
                return Err(Absurd::new("limits.only", "malformed", message));
            }
        }
        Ok(self)
    }
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_SLUG
        && text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

impl Diet {
    /// Checks that the allergens are some that a menu may name.
    pub fn parse(self) -> Result<Self, Absurd> {
        match self.avoids.iter().position(|it| !ALLERGENS.contains(&it.as_str())) {
            None => Ok(self),
            Some(at) => {
                let message = format!("one of {}", ALLERGENS.join(", "));
                Err(Absurd::new(format!("diet.avoids[{at}]"), "unknown-allergen", message))
            }
        }
    }
}

/// Why somebody may not say this about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotYours {
    #[error("this is somebody else's")]
    SomebodyElses,
    #[error("a guardian of the child says so, and nobody else")]
    NotGuardian,
    #[error("only a child has limits")]
    NoChild,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    pub member: MemberId,
    pub roles: Roles,
}

impl By {
    fn runs_the_family(self) -> bool {
        self.roles.contains(Role::Admin)
    }
}

/// Whether somebody may read what a member may be served.
pub fn may_read(of: MemberId, kin: &Kin, by: By) -> Result<(), NotYours> {
    let theirs = of == by.member || kin.has_guardian(by.member) || by.runs_the_family();
    if theirs { Ok(()) } else { Err(NotYours::SomebodyElses) }
}

/// Whether somebody may set a member's limits.
pub fn may_limit(of: MemberId, kin: &Kin, by: By) -> Result<(), NotYours> {
    may_read(of, kin, by)?;
    if !kin.is_child() {
        return Err(NotYours::NoChild);
    }
    if kin.has_guardian(by.member) || by.runs_the_family() {
        Ok(())
    } else {
        Err(NotYours::NotGuardian)
    }
}

/// Whether somebody may say what must not be in a member's cup: a child does not
/// take an allergy off itself.
pub fn may_set_diet(of: MemberId, kin: &Kin, by: By) -> Result<(), NotYours> {
    may_read(of, kin, by)?;
    if kin.is_child() { may_limit(of, kin, by) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(member: MemberId, role: Role) -> By {
        By { member, roles: [Role::Member, role].into() }
    }

    #[test]
    fn a_guardian_sets_limits_and_a_child_nothing() {
        let [mia, dan, ben, eve] = std::array::from_fn(|_| MemberId::new());
        let child = Kin::Child { guardians: [mia].into() };
        for (who, read, limit) in [
            (by(mia, Role::Member), Ok(()), Ok(())),
            (by(eve, Role::Admin), Ok(()), Ok(())),
            (by(dan, Role::Member), Ok(()), Err(NotYours::NotGuardian)),
            (by(ben, Role::Barista), Err(NotYours::SomebodyElses), Err(NotYours::SomebodyElses)),
        ] {
            assert_eq!(may_read(dan, &child, who), read);
            assert_eq!(may_limit(dan, &child, who), limit);
            assert_eq!(may_set_diet(dan, &child, who), limit);
        }
    }

    #[test]
    fn an_adult_says_what_must_not_be_in_their_own_cup_and_has_no_limits() {
        let (mia, ben) = (MemberId::new(), MemberId::new());
        let adult = Kin::Adult;
        assert_eq!(may_set_diet(mia, &adult, by(mia, Role::Member)), Ok(()));
        let other = by(ben, Role::Member);
        assert_eq!(may_set_diet(mia, &adult, other), Err(NotYours::SomebodyElses));
        assert_eq!(may_limit(mia, &adult, by(ben, Role::Admin)), Err(NotYours::NoChild));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let field = |limits: Limits| limits.parse().unwrap_err().field;
        let none = Limits::default();
        assert_eq!(none.clone().parse(), Ok(none.clone()));
        let drinks = Limits { drinks: Some(MOST_DRINKS + 1), ..none.clone() };
        assert_eq!(field(drinks), "limits.drinks");
        let caffeine = Limits { caffeine_mg: Some(MOST_CAFFEINE + 1), ..none.clone() };
        assert_eq!(field(caffeine), "limits.caffeine_mg");
        let late = Limits { decaf_after: Some(LAST_MINUTE + 1), ..none.clone() };
        assert_eq!(field(late), "limits.decaf_after");
        for slug in ["", "Latte", "a b", "<b>"] {
            let only = Limits { only: Some([slug.to_owned()].into()), ..none.clone() };
            assert_eq!(field(only), "limits.only", "{slug}");
        }
        let diet = Diet { avoids: ["cats".to_owned()].into(), vegan: false };
        assert_eq!(diet.parse().unwrap_err().field, "diet.avoids[0]");
    }
}
