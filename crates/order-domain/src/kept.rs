//! What was agreed to once and is asked for again, a favourite or an earlier
//! order: whether it is still the same.

use types::Beans;

use crate::{Drink, DrinkRequest, Invalid, Wish};

/// Why it is not what was agreed to any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Otherwise {
    /// The item, or one of its choices.
    #[error("{0}")]
    SoldOut(String),
    #[error("this is not on the menu any more")]
    NotOnTheMenu,
    /// One is gone, or there is one to be made now that there was not.
    #[error("{0}")]
    Choices(String),
    #[error("it costs {} now, and not {}", .now.count(), .was.count())]
    Price { was: Beans, now: Beans },
}

impl Otherwise {
    /// What the menu's refusal means to somebody who knew the menu as it was;
    /// none if it is about something else.
    pub fn of(wrong: &[Invalid]) -> Option<Self> {
        let says = |code: fn(&str) -> bool| {
            let found = wrong.iter().filter(|invalid| code(invalid.code));
            let words: Vec<&str> = found.map(|invalid| invalid.message.as_str()).collect();
            (!words.is_empty()).then(|| words.join(", "))
        };
        if says(|code| code == "unknown-menu-item").is_some() {
            return Some(Self::NotOnTheMenu);
        }
        let gone = says(|code| matches!(code, "unknown-size" | "unknown-milk" | "unknown-extra"));
        gone.map(Self::Choices).or_else(|| says(|code| code == "sold-out").map(Self::SoldOut))
    }
}

impl Drink {
    /// Whether these are the choices that were named, and none was made for who asked.
    pub fn is_as_named(&self, request: &DrinkRequest) -> Result<(), Otherwise> {
        if request.milk.is_empty() && self.milk.is_some() {
            let message = format!("{} comes with milk now: choose one", self.name);
            return Err(Otherwise::Choices(message));
        }
        Ok(())
    }
}

/// Whether drinks that are asked for again are those that were agreed to, at that price.
pub fn check_as_agreed(
    wishes: &[Wish],
    requests: &[DrinkRequest],
    agreed: Beans,
) -> Result<(), Otherwise> {
    for (wish, request) in wishes.iter().zip(requests) {
        wish.drink.is_as_named(request)?;
    }
    let now = wishes.iter().map(|wish| wish.drink.price).sum();
    if now == agreed { Ok(()) } else { Err(Otherwise::Price { was: agreed, now }) }
}
