//! What somebody may be served: what must not be in anybody's cup, and what a
//! child may have on one day.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use types::MemberId;

use crate::{
    Drink, Invalid, Menu, Order, Recipient, State, Wish,
    menu::{Choice, MenuItem},
};

/// What a vegan leaves, as far as allergens tell.
const OF_ANIMALS: [&str; 5] = ["milk", "eggs", "fish", "crustaceans", "molluscs"];

/// Somebody in the family, as far as ordering for them must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diner {
    pub member: MemberId,
    pub age: Age,
    #[serde(default)]
    pub diet: Diet,
}

/// Whether somebody is grown up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    Adult,
    Child {
        guardians: Vec<MemberId>,
        limits: DayLimits,
    },
    /// A visitor for an evening, whose host pays.
    Guest {
        host: MemberId,
    },
}

/// What a child may have on one day; without anything said, all it likes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DayLimits {
    pub drinks: Option<u32>,
    pub caffeine_mg: Option<u32>,
    /// From then on only drinks without caffeine.
    pub decaf_after: Option<NaiveTime>,
    /// Slugs of the only items that are allowed.
    pub only: Option<BTreeSet<String>>,
}

/// What must not be in somebody's cup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diet {
    /// Allergens, as the menu names them.
    pub avoids: BTreeSet<String>,
    pub vegan: bool,
}

impl Diner {
    /// Somebody grown up about whom nothing is said.
    pub fn adult(member: MemberId) -> Self {
        Self { member, age: Age::Adult, diet: Diet::default() }
    }

    pub const fn is_child(&self) -> bool {
        matches!(self.age, Age::Child { .. })
    }

    /// Who answers for them: a child's guardians, a guest's host; nobody for an adult.
    pub fn guardians(&self) -> &[MemberId] {
        match &self.age {
            Age::Adult => &[],
            Age::Child { guardians, .. } => guardians,
            Age::Guest { host } => std::slice::from_ref(host),
        }
    }

    /// A child's; nobody else has any.
    pub const fn limits(&self) -> Option<&DayLimits> {
        match &self.age {
            Age::Adult | Age::Guest { .. } => None,
            Age::Child { limits, .. } => Some(limits),
        }
    }
}

impl Diet {
    /// The first of these that must not be.
    pub fn forbids<'a>(&self, allergens: &'a [String]) -> Option<&'a str> {
        let animal = |it: &str| self.vegan && OF_ANIMALS.contains(&it);
        allergens.iter().map(String::as_str).find(|it| self.avoids.contains(*it) || animal(it))
    }

    /// What whoever makes a drink must know, "no nuts".
    pub fn warnings(&self) -> Vec<String> {
        let avoided = self.avoids.iter().map(|it| format!("no {it}"));
        avoided.chain(self.vegan.then(|| "vegan".to_owned())).collect()
    }

    /// Whether this item can be had at all, in some way.
    pub fn allows(&self, item: &MenuItem) -> bool {
        let own = self.forbids(&item.allergens).is_none();
        own && (item.milks.is_empty() || item.milks.iter().any(|milk| self.allows_choice(milk)))
    }

    pub fn allows_choice(&self, choice: &Choice) -> bool {
        self.forbids(&choice.allergens).is_none()
    }

    /// Each part of this drink that must not be, by its field.
    pub fn check(&self, menu: &Menu, drink: &Drink) -> Vec<Invalid> {
        // What the drink itself says counts, whatever the menu says by now.
        let Some(found) = self.forbids(&drink.allergens) else { return vec![] };
        let item = menu.find(&drink.slug);
        let milk = item
            .and_then(|it| it.milks.iter().find(|milk| Some(&milk.slug) == drink.milk.as_ref()));
        let mut wrong: Vec<Invalid> = Vec::new();
        let mut add = |path: &str, what: &str, allergens: &[String]| {
            if let Some(found) = self.forbids(allergens) {
                let message = format!("{what} holds {found}, which must not be in it");
                wrong.push(Invalid::new(path, "holds-allergen", message));
            }
        };
        if let Some(item) = item {
            add("menu_item", &item.name, &item.allergens);
            for extra in item.extras.iter().filter(|extra| drink.extras.contains(&extra.slug)) {
                add("extras", &extra.name, &extra.allergens);
            }
        }
        if let Some(milk) = milk {
            add("milk", &milk.name, &milk.allergens);
        }
        if wrong.is_empty() {
            let message = format!("{} holds {found}, which must not be in it", drink.name);
            wrong.push(Invalid::new("menu_item", "holds-allergen", message));
        }
        wrong
    }
}

impl Menu {
    /// What of it may be offered to somebody: without what must not be in their
    /// cup, and what they may not order at all.
    pub fn for_diner(&self, diner: &Diner) -> Self {
        let only = diner.limits().and_then(|limits| limits.only.as_ref());
        let offered = |item: &&MenuItem| {
            diner.diet.allows(item) && only.is_none_or(|only| only.contains(&item.slug))
        };
        let items = self.items.iter().filter(offered).cloned().map(|mut item| {
            item.milks.retain(|milk| diner.diet.allows_choice(milk));
            item.extras.retain(|extra| diner.diet.allows_choice(extra));
            item
        });
        Self { items: items.collect(), sold_out: self.sold_out.clone() }
    }
}

/// What somebody had on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Had {
    pub drinks: u32,
    pub caffeine_mg: u32,
}

impl Had {
    /// What these orders hold for a member: whatever was made or will be.
    pub fn of<'a>(orders: impl IntoIterator<Item = &'a Order>, member: MemberId) -> Self {
        let mut had = Self::default();
        for order in orders.into_iter().filter(|order| counts(&order.state)) {
            let theirs = |item: &&crate::Item| item.recipient == Recipient::Member(member);
            for item in order.live_items().filter(theirs) {
                had.take(&item.drink);
            }
        }
        had
    }

    fn take(&mut self, drink: &Drink) {
        self.drinks += u32::from(!drink.bite);
        self.caffeine_mg = self.caffeine_mg.saturating_add(drink.caffeine_mg);
    }
}

/// Whether what an order in this state holds is, or will be, had. What waits for
/// a guardian may never be, and must not stand in the way of what may.
const fn counts(state: &State) -> bool {
    match state {
        State::Held { approval, .. } => approval.is_none(),
        State::Placed
        | State::Queued
        | State::Preparing { .. }
        | State::Ready { .. }
        | State::Completed { .. }
        | State::Uncollected { .. } => true,
        State::Rejected { .. }
        | State::Declined { .. }
        | State::Cancelled { .. }
        | State::Expired => false,
    }
}

/// A limit that says no, with what it leaves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bite {
    #[error("{} a day {}, and there {} today", drinks(*.most), are(*.most, "allowed"), were(*.had))]
    Drinks { most: u32, had: u32 },
    #[error(
        "{most} mg of caffeine a day are allowed; {left} mg are left today, and this has {wanted} mg"
    )]
    Caffeine { most: u32, left: u32, wanted: u32 },
    #[error("after {} only drinks without caffeine are allowed", .after.format("%H:%M"))]
    TooLate { after: NaiveTime },
    #[error("{name} is not among what is allowed")]
    NotAllowed { name: String },
}

impl Bite {
    /// The stable code of the field.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Drinks { .. } => "too-many-drinks",
            Self::Caffeine { .. } => "too-much-caffeine",
            Self::TooLate { .. } => "too-late-for-caffeine",
            Self::NotAllowed { .. } => "not-allowed-item",
        }
    }
}

fn drinks(most: u32) -> String {
    match most {
        0 => "no drinks".to_owned(),
        1 => "1 drink".to_owned(),
        most => format!("{most} drinks"),
    }
}

fn are(most: u32, what: &str) -> String {
    if most == 1 { format!("is {what}") } else { format!("are {what}") }
}

fn were(had: u32) -> String {
    match had {
        0 => "was none".to_owned(),
        1 => "was 1".to_owned(),
        had => format!("were {had}"),
    }
}

impl DayLimits {
    /// Whether these drinks may be had at that time of a day on which so much was
    /// had: each that may not be, with its place.
    pub fn check<'a>(
        &self,
        had: Had,
        drinks: impl IntoIterator<Item = &'a Drink>,
        at: NaiveTime,
    ) -> Vec<(usize, Bite)> {
        let mut had = had;
        let mut bites = Vec::new();
        for (place, drink) in drinks.into_iter().enumerate() {
            match self.bite(had, drink, at) {
                Some(bite) => bites.push((place, bite)),
                None => had.take(drink),
            }
        }
        bites
    }

    /// The limit that says no to this drink, if one does.
    fn bite(&self, had: Had, drink: &Drink, at: NaiveTime) -> Option<Bite> {
        if let Some(only) = &self.only
            && !only.contains(&drink.slug)
        {
            return Some(Bite::NotAllowed { name: drink.name.clone() });
        }
        if let Some(after) = self.decaf_after
            && drink.caffeine_mg > 0
            && at >= after
        {
            return Some(Bite::TooLate { after });
        }
        if let Some(most) = self.drinks
            && !drink.bite
            && had.drinks >= most
        {
            return Some(Bite::Drinks { most, had: had.drinks });
        }
        if let Some(most) = self.caffeine_mg
            && drink.caffeine_mg > 0
            && had.caffeine_mg.saturating_add(drink.caffeine_mg) > most
        {
            let left = most.saturating_sub(had.caffeine_mg);
            return Some(Bite::Caffeine { most, left, wanted: drink.caffeine_mg });
        }
        None
    }
}

/// What a child orders counts for somebody: nothing is for a guest by name.
pub fn check_guests(wishes: &[Wish], asker: Option<&Diner>) -> Vec<Invalid> {
    if !asker.is_some_and(Diner::is_child) {
        return Vec::new();
    }
    let for_guest = |(at, wish): (usize, &Wish)| match wish.recipient {
        Recipient::Member(_) => None,
        Recipient::Guest(_) => {
            let path = format!("items[{at}].guest");
            Some(Invalid::new(path, "child", "a grown-up orders for a guest"))
        }
    };
    wishes.iter().enumerate().filter_map(for_guest).collect()
}

/// Each part of these wishes that must not be in the cup it is for; paths begin
/// with `items[0]`. For a guest nothing is known, and nothing asked.
pub fn check_diets<'a>(
    menu: &Menu,
    wishes: &[Wish],
    diner: impl Fn(MemberId) -> Option<&'a Diner>,
) -> Vec<Invalid> {
    let mut wrong = Vec::new();
    for (at, wish) in wishes.iter().enumerate() {
        if let Recipient::Member(member) = wish.recipient
            && let Some(diner) = diner(member)
        {
            let faults = diner.diet.check(menu, &wish.drink);
            let parent = format!("items[{at}]");
            wrong.extend(faults.into_iter().map(|fault| fault.under(&parent)));
        }
    }
    wrong
}
