//! From what was asked for to what will be made: parsed once, at the edge.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use types::{Beans, MemberId, MenuItemId, Timestamp};

use crate::{
    Recipient, Rejection, limits,
    menu::{Choice, Menu},
};

/// A drink of the menu with its choices, price and contents as they were when asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drink {
    pub menu_item: MenuItemId,
    pub slug: String,
    pub name: String,
    /// Slug of the size.
    pub size: String,
    /// Slug of the milk; none where the item takes none.
    pub milk: Option<String>,
    /// Slugs of the extras, in the menu's order.
    pub extras: Vec<String>,
    /// The choices in words, "large, oat milk, extra shot".
    pub summary: String,
    pub price: Beans,
    pub caffeine_mg: u32,
    pub allergens: Vec<String>,
    /// Eaten, so no drink.
    #[serde(default)]
    pub bite: bool,
}

/// What somebody asked for, as it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrinkRequest {
    /// Id or slug.
    pub menu_item: String,
    /// Slug; empty: the item's first.
    pub size: String,
    /// Slug; empty: the item's first, where it takes milk.
    pub milk: String,
    /// Slugs.
    pub extras: Vec<String>,
    pub note: String,
    /// Absent: for who asks.
    pub recipient: Option<Recipient>,
}

/// A drink for somebody, with a note: what an item of an order is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub drink: Drink,
    pub note: String,
    pub recipient: Recipient,
    /// What whoever makes it must know, "no nuts".
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A field that cannot be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Where, "items[0].milk"; empty for the whole.
    pub path: String,
    /// A stable code, "sold-out".
    pub code: &'static str,
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), code, message: message.into() }
    }

    pub(crate) fn under(mut self, parent: &str) -> Self {
        self.path = match (parent.is_empty(), self.path.is_empty()) {
            (true, _) => self.path,
            (false, true) => parent.to_owned(),
            (false, false) => format!("{parent}.{}", self.path),
        };
        self
    }
}

impl Drink {
    /// What this request means on this menu at this moment, or each field that is wrong.
    pub fn parse(
        menu: &Menu,
        request: &DrinkRequest,
        now: Timestamp,
    ) -> Result<Self, Vec<Invalid>> {
        let Some(item) = menu.find(&request.menu_item) else {
            return Err(vec![Invalid::new(
                "menu_item",
                "unknown-menu-item",
                "this is not on the menu",
            )]);
        };
        let mut wrong = Vec::new();
        let off = |path: &str, slug: &str, name: &str| {
            menu.sold_out_until(slug, now)
                .map(|_| Invalid::new(path, "sold-out", format!("{name} is sold out today")))
        };
        wrong.extend(off("menu_item", &item.slug, &item.name));

        let size = if request.size.is_empty() {
            item.sizes.first()
        } else {
            item.sizes.iter().find(|size| size.slug == request.size)
        };
        if size.is_none() {
            wrong.push(Invalid::new("size", "unknown-size", "it does not come in this size"));
        }

        let milk = if request.milk.is_empty() {
            item.milks.first()
        } else {
            let milk = item.milks.iter().find(|milk| milk.slug == request.milk);
            if milk.is_none() {
                wrong.push(Invalid::new("milk", "unknown-milk", "it does not go with this milk"));
            }
            milk
        };
        wrong.extend(milk.and_then(|milk| off("milk", &milk.slug, &milk.name)));

        if request.extras.len() > limits::EXTRAS {
            let message = format!("more than {} extras do not fit", limits::EXTRAS);
            wrong.push(Invalid::new("extras", "too-many", message));
        }
        for (at, slug) in request.extras.iter().enumerate().take(limits::EXTRAS) {
            let path = format!("extras[{at}]");
            match item.extras.iter().find(|extra| extra.slug == *slug) {
                None => wrong.push(Invalid::new(path, "unknown-extra", "there is no such extra")),
                Some(_) if request.extras[..at].contains(slug) => {
                    wrong.push(Invalid::new(path, "twice", "the extra is there already"));
                }
                Some(extra) => wrong.extend(off(&path, slug, &extra.name)),
            }
        }
        // In the menu's order, so that the same drink always reads the same.
        let extras: Vec<&Choice> =
            item.extras.iter().filter(|extra| request.extras.contains(&extra.slug)).collect();

        let Some(size) = size.filter(|_| wrong.is_empty()) else { return Err(wrong) };
        let choices = || milk.into_iter().chain(extras.iter().copied());
        let mut allergens = item.allergens.clone();
        for allergen in choices().flat_map(|choice| &choice.allergens) {
            if !allergens.contains(allergen) {
                allergens.push(allergen.clone());
            }
        }
        let price = item.price + size.price + choices().map(|choice| choice.price).sum::<Beans>();
        let own = item.caffeine_mg.saturating_mul(size.caffeine_percent) / 100;
        let added = choices().map(|choice| choice.caffeine_mg).fold(0, i32::saturating_add);
        let mut words = Vec::new();
        // What everybody gets need not be said, unless there is a choice.
        if item.sizes.len() > 1 {
            words.push(size.name.to_lowercase());
        }
        words.extend(choices().map(|choice| choice.name.to_lowercase()));
        Ok(Self {
            menu_item: item.id,
            slug: item.slug.clone(),
            name: item.name.clone(),
            size: size.slug.clone(),
            milk: milk.map(|milk| milk.slug.clone()),
            extras: extras.iter().map(|extra| extra.slug.clone()).collect(),
            summary: words.join(", "),
            price,
            caffeine_mg: own.saturating_add_signed(added),
            allergens,
            bite: item.is_bite(),
        })
    }

    /// The same choices, whatever they cost.
    pub fn is_same(&self, other: &Self) -> bool {
        self.menu_item == other.menu_item
            && self.size == other.size
            && self.milk == other.milk
            && self.extras == other.extras
    }
}

impl Wish {
    /// What this request means when `asker` gives it, or each field that is wrong.
    pub fn parse(
        menu: &Menu,
        request: &DrinkRequest,
        asker: MemberId,
        now: Timestamp,
    ) -> Result<Self, Vec<Invalid>> {
        let drink = Drink::parse(menu, request, now);
        let mut wrong = Vec::new();
        let note = request.note.trim().to_owned();
        wrong.extend(text_fault("note", &note, limits::NOTE));
        let recipient = match &request.recipient {
            None => Recipient::Member(asker),
            Some(Recipient::Member(member)) => Recipient::Member(*member),
            Some(Recipient::Guest(name)) => {
                let name = name.trim().to_owned();
                if name.is_empty() {
                    wrong.push(Invalid::new("guest", "required", "say what the guest is called"));
                }
                wrong.extend(text_fault("guest", &name, limits::GUEST));
                Recipient::Guest(name)
            }
        };
        match drink {
            Ok(drink) if wrong.is_empty() => {
                Ok(Self { drink, note, recipient, warnings: Vec::new() })
            }
            Ok(_) => Err(wrong),
            Err(mut all) => {
                all.append(&mut wrong);
                Err(all)
            }
        }
    }

    /// The request that would ask for the same again: how a held order is
    /// checked and priced when its time has come.
    pub fn request(&self) -> DrinkRequest {
        DrinkRequest {
            menu_item: self.drink.menu_item.to_string(),
            size: self.drink.size.clone(),
            milk: self.drink.milk.clone().unwrap_or_default(),
            extras: self.drink.extras.clone(),
            note: self.note.clone(),
            recipient: Some(self.recipient.clone()),
        }
    }
}

/// All items of a request; paths begin with `items[0]`.
pub fn parse_wishes(
    menu: &Menu,
    requests: &[DrinkRequest],
    asker: MemberId,
    now: Timestamp,
) -> Result<Vec<Wish>, Vec<Invalid>> {
    if requests.is_empty() {
        return Err(vec![Invalid::new("items", "required", "order at least one item")]);
    }
    if requests.len() > limits::ITEMS {
        let message = format!("at most {} items in one order", limits::ITEMS);
        return Err(vec![Invalid::new("items", "too-many", message)]);
    }
    let mut wishes = Vec::new();
    let mut wrong = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        match Wish::parse(menu, request, asker, now) {
            Ok(wish) => wishes.push(wish),
            Err(faults) => {
                let parent = format!("items[{at}]");
                wrong.extend(faults.into_iter().map(|fault| fault.under(&parent)));
            }
        }
    }
    if wrong.is_empty() { Ok(wishes) } else { Err(wrong) }
}

/// Until when an order is to be held: none for a time that has come already.
pub fn parse_hold(
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Invalid> {
    let Some(until) = not_before.filter(|until| *until > now) else { return Ok(None) };
    if until - now > TimeDelta::days(limits::HOLD_DAYS) {
        let message = format!("at most {} days ahead", limits::HOLD_DAYS);
        return Err(Invalid::new("not_before", "too-far", message));
    }
    Ok(Some(until))
}

/// A reason that somebody will read.
pub(crate) fn parse_reason(reason: &str) -> Result<String, Rejection> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Rejection::ReasonMissing);
    }
    if reason.chars().count() > limits::REASON {
        return Err(Rejection::ReasonTooLong { most: limits::REASON });
    }
    Ok(reason.to_owned())
}

fn text_fault(path: &str, text: &str, most: usize) -> Option<Invalid> {
    if text.chars().count() > most {
        return Some(Invalid::new(path, "too-long", format!("at most {most} characters")));
    }
    // PostgreSQL keeps no NUL, and nobody can read the others.
    text.chars()
        .any(|letter| letter.is_control() && letter != '\n')
        .then(|| Invalid::new(path, "unreadable", "it holds a control character"))
}
