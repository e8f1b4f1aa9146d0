//! The menu, one drink's form, and the bar, as pages show them.

use std::collections::BTreeMap;

use types::Timestamp;
use wire::order::v1 as pb;

use super::{
    Clock, Errors, Person,
    clock::{about, machine, moment},
    count,
};

/// One row of the menu.
#[derive(Debug, Clone)]
pub(crate) struct Drink {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) emoji: String,
    pub(crate) category: String,
    /// Beans for the smallest, without anything.
    pub(crate) price: i64,
    /// Does another size cost something else? Then "from".
    pub(crate) from: bool,
    /// Milligrams.
    pub(crate) caffeine_mg: i32,
    pub(crate) allergens: Vec<String>,
    pub(crate) sold_out: bool,
    /// When it comes back, for scripts; empty: it is there, or nobody knows.
    pub(crate) until: String,
}

impl Drink {
    pub(crate) fn new(item: &pb::MenuItem, sold_out: &[pb::SoldOut]) -> Self {
        let first = item.sizes.first();
        let cheapest = item.sizes.iter().map(|size| size.price_beans).min().unwrap_or(0);
        let dearest = item.sizes.iter().map(|size| size.price_beans).max().unwrap_or(0);
        Self {
            slug: item.slug.clone(),
            name: item.name.clone(),
            description: item.description.clone(),
            emoji: or_cup(&item.emoji),
            category: item.category.clone(),
            price: item.price_beans + cheapest,
            from: dearest > cheapest,
            caffeine_mg: item.caffeine_mg * first.map_or(100, |size| size.caffeine_percent) / 100,
            allergens: allergens(item),
            sold_out: item.sold_out,
            until: comes_back(&item.slug, sold_out),
        }
    }
}

/// When something that is sold out comes back, by a machine's clock.
fn comes_back(slug: &str, sold_out: &[pb::SoldOut]) -> String {
    let entry = sold_out.iter().find(|entry| entry.slug == slug);
    entry.and_then(|entry| said(entry.until.as_ref())).map(machine).unwrap_or_default()
}

fn said(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| moment(at.seconds, at.nanos))
}

/// The item's own and those of the milk it comes with.
fn allergens(item: &pb::MenuItem) -> Vec<String> {
    let mut all = item.allergens.clone();
    for allergen in item.milks.first().map(|milk| milk.allergens.as_slice()).unwrap_or_default() {
        if !all.contains(allergen) {
            all.push(allergen.clone());
        }
    }
    all
}

fn or_cup(emoji: &str) -> String {
    if emoji.is_empty() { "☕".to_owned() } else { emoji.to_owned() }
}

/// A heading of the menu with its drinks.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    /// For `#links`.
    pub(crate) anchor: String,
    pub(crate) drinks: Vec<Drink>,
}

/// The menu, or what a search found of it.
#[derive(Debug, Clone)]
pub(crate) struct MenuView {
    /// What was searched for; empty: the whole menu.
    pub(crate) query: String,
    pub(crate) sections: Vec<Section>,
}

impl MenuView {
    /// By category, in the menu's own order.
    pub(crate) fn whole(menu: &pb::Menu) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        for drink in menu.items.iter().map(|item| Drink::new(item, &menu.sold_out)) {
            match sections.iter_mut().find(|section| section.anchor == anchor(&drink.category)) {
                Some(section) => section.drinks.push(drink),
                None => sections.push(Section {
                    anchor: anchor(&drink.category),
                    name: capital(&drink.category),
                    drinks: vec![drink],
                }),
            }
        }
        Self { query: String::new(), sections }
    }

    /// What a search found, best first.
    pub(crate) fn found(query: &str, items: &[pb::MenuItem], sold_out: &[pb::SoldOut]) -> Self {
        let drinks: Vec<_> = items.iter().map(|item| Drink::new(item, sold_out)).collect();
        let sections = if drinks.is_empty() {
            Vec::new()
        } else {
            vec![Section { name: "Found".to_owned(), anchor: "found".to_owned(), drinks }]
        };
        Self { query: query.to_owned(), sections }
    }
}

impl MenuView {
    /// "3 drinks found", for who does not see the list.
    pub(crate) fn says(&self) -> String {
        let drinks: usize = self.sections.iter().map(|section| section.drinks.len()).sum();
        format!("{} found", count(drinks, "drink", "drinks"))
    }
}

fn anchor(category: &str) -> String {
    let letters = category.to_lowercase();
    let words = letters.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// "oat milk" → "Oat milk".
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters.as_str().chars()).collect()
}

/// Emoji by slug: orders carry none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Emoji(BTreeMap<String, String>);

impl Emoji {
    pub(crate) fn of_menu(items: &[pb::MenuItem]) -> Self {
        Self(items.iter().map(|item| (item.slug.clone(), or_cup(&item.emoji))).collect())
    }

    pub(crate) fn get(&self, slug: &str) -> String {
        self.0.get(slug).cloned().unwrap_or_else(|| "☕".to_owned())
    }
}

/// A size, milk or extra that may be picked.
#[derive(Debug, Clone)]
pub(crate) struct Pick {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// Beans on top of the drink's price.
    pub(crate) price: i64,
    /// Milligrams on top; for a size, percent of the drink's.
    pub(crate) caffeine: i32,
    pub(crate) allergens: Vec<String>,
    pub(crate) sold_out: bool,
    pub(crate) picked: bool,
}

/// What somebody has chosen of one drink so far; slugs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) drink: String,
    pub(crate) size: String,
    pub(crate) milk: String,
    pub(crate) extras: Vec<String>,
    pub(crate) note: String,
    /// Member id, or "guest"; empty: who orders.
    pub(crate) whom: String,
    /// The visitor's name, where `whom` is "guest".
    pub(crate) guest: String,
}

/// The form for one drink.
#[derive(Debug, Clone)]
pub(crate) struct DrinkForm {
    pub(crate) drink: Drink,
    /// Beans before size, milk and extras.
    pub(crate) base_price: i64,
    /// Milligrams before them.
    pub(crate) base_caffeine: i32,
    pub(crate) sizes: Vec<Pick>,
    pub(crate) milks: Vec<Pick>,
    pub(crate) extras: Vec<Pick>,
    pub(crate) note: String,
    pub(crate) guest: String,
    pub(crate) for_guest: bool,
    /// The family, who orders first.
    pub(crate) people: Vec<(Person, bool)>,
    pub(crate) errors: Errors,
    /// Idempotency key of ordering just this.
    pub(crate) key: String,
}

impl DrinkForm {
    pub(crate) fn new(
        item: &pb::MenuItem,
        chosen: &Chosen,
        people: Vec<Person>,
        errors: Errors,
        key: String,
    ) -> Self {
        let size = pick_one(&chosen.size, item.sizes.iter().map(|size| (&size.slug, false)));
        let milk =
            pick_one(&chosen.milk, item.milks.iter().map(|milk| (&milk.slug, milk.sold_out)));
        let me = people.first().map(|me| me.id.clone()).unwrap_or_default();
        let whom = if chosen.whom.is_empty() { me } else { chosen.whom.clone() };
        Self {
            drink: Drink::new(item, &[]),
            base_price: item.price_beans,
            base_caffeine: item.caffeine_mg,
            sizes: item
                .sizes
                .iter()
                .map(|entry| Pick {
                    slug: entry.slug.clone(),
                    name: capital(&entry.name),
                    price: entry.price_beans,
                    caffeine: entry.caffeine_percent,
                    allergens: Vec::new(),
                    sold_out: false,
                    picked: entry.slug == size,
                })
                .collect(),
            milks: item.milks.iter().map(|entry| pick(entry, entry.slug == milk)).collect(),
            extras: item
                .extras
                .iter()
                .map(|entry| pick(entry, chosen.extras.contains(&entry.slug)))
                .collect(),
            note: chosen.note.clone(),
            guest: chosen.guest.clone(),
            for_guest: whom == "guest",
            people: people
                .into_iter()
                .map(|person| {
                    let picked = person.id == whom;
                    (person, picked)
                })
                .collect(),
            errors,
            key,
        }
    }

    /// Beans as chosen now.
    pub(crate) fn price(&self) -> i64 {
        let picked = |picks: &[Pick]| -> i64 {
            picks.iter().filter(|pick| pick.picked).map(|pick| pick.price).sum()
        };
        self.base_price + picked(&self.sizes) + picked(&self.milks) + picked(&self.extras)
    }
}

fn pick(entry: &pb::Choice, picked: bool) -> Pick {
    Pick {
        slug: entry.slug.clone(),
        name: capital(&entry.name),
        price: entry.price_beans,
        caffeine: entry.caffeine_mg,
        allergens: entry.allergens.clone(),
        sold_out: entry.sold_out,
        picked: picked && !entry.sold_out,
    }
}

/// The chosen one, or else the first that is there.
fn pick_one<'a>(chosen: &str, all: impl Iterator<Item = (&'a String, bool)>) -> String {
    let mut first = None;
    for (slug, sold_out) in all {
        if slug == chosen {
            return slug.clone();
        }
        if !sold_out && first.is_none() {
            first = Some(slug.clone());
        }
    }
    first.unwrap_or_default()
}

/// Is somebody making coffee, and how long does it take now?
#[derive(Debug, Clone)]
pub(crate) struct BarView {
    /// "open", "paused" or "closed"; also its class in the stylesheet.
    pub(crate) state: &'static str,
    /// "14:30", when paused or closed and known.
    pub(crate) until: Option<String>,
    /// The same for scripts: no event tells that a pause ends by the clock.
    pub(crate) until_machine: String,
    /// Orders before one that is placed now.
    pub(crate) ahead: i32,
    /// "about 6 min", learned from past orders.
    pub(crate) estimate: Option<String>,
}

impl BarView {
    pub(crate) fn new(bar: &pb::Bar, clock: &Clock) -> Self {
        let state = match bar.state() {
            pb::BarState::Open => "open",
            pb::BarState::Paused => "paused",
            pb::BarState::Closed | pb::BarState::Unspecified => "closed",
        };
        let until = said(bar.until.as_ref());
        Self {
            state,
            until: until.map(|until| clock.say(until)),
            until_machine: until.map(machine).unwrap_or_default(),
            ahead: bar.queued + bar.preparing,
            estimate: bar.estimate_seconds.map(|seconds| about(seconds.into())),
        }
    }

    pub(crate) fn open(&self) -> bool {
        self.state == "open"
    }
}

/// Something that can be taken off the menu for today.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) emoji: String,
    pub(crate) off: bool,
    /// When it comes back, for scripts; empty: it is there, or nobody knows.
    pub(crate) until: String,
}

/// What can be sold out, under its headings: the menu, then all milks and extras, each once.
pub(crate) fn offered(menu: &pb::Menu) -> Vec<(&'static str, Vec<Offered>)> {
    let pb::Menu { etag: _, items, sold_out } = menu;
    let drinks = items.iter().map(|item| Offered {
        slug: item.slug.clone(),
        name: item.name.clone(),
        emoji: or_cup(&item.emoji),
        off: item.sold_out,
        until: comes_back(&item.slug, sold_out),
    });
    vec![
        ("On the menu", drinks.collect()),
        ("Milks", choices(items.iter().flat_map(|item| &item.milks), sold_out, "🥛")),
        ("Extras", choices(items.iter().flat_map(|item| &item.extras), sold_out, "✨")),
    ]
}

fn choices<'a>(
    all: impl Iterator<Item = &'a pb::Choice>,
    sold_out: &[pb::SoldOut],
    emoji: &str,
) -> Vec<Offered> {
    let mut each: Vec<Offered> = Vec::new();
    for choice in all {
        if each.iter().all(|known| known.slug != choice.slug) {
            each.push(Offered {
                slug: choice.slug.clone(),
                name: capital(&choice.name),
                emoji: emoji.to_owned(),
                off: choice.sold_out,
                until: comes_back(&choice.slug, sold_out),
            });
        }
    }
    each
}
