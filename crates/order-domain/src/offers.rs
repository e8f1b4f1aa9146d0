//! What is still possible where a limit says no: a smaller one, one without
//! caffeine, or something else of the menu.

use chrono::NaiveTime;
use types::Timestamp;

use crate::{DayLimits, Diet, Drink, DrinkRequest, Had, Menu, menu::MenuItem};

/// The most that are named.
const MOST: usize = 3;

/// A limit, the day it counts for, and when a drink would be made.
#[derive(Debug, Clone, Copy)]
pub struct Within<'a> {
    pub limits: &'a DayLimits,
    pub diet: &'a Diet,
    pub had: Had,
    /// By the family's clock.
    pub at: NaiveTime,
    pub now: Timestamp,
}

impl Within<'_> {
    /// Drinks that may be had instead of this one, the most alike first.
    pub fn offers(&self, menu: &Menu, instead_of: &Drink) -> Vec<Drink> {
        let same = menu.find(&instead_of.slug);
        let others = menu.items.iter().filter(|item| item.slug != instead_of.slug);
        let alike = same.into_iter().flat_map(|item| variants(item, instead_of));
        let plain = others.map(|item| DrinkRequest {
            milk: self.milk_of(item),
            ..DrinkRequest { menu_item: item.slug.clone(), ..DrinkRequest::default() }
        });
        let mut offers: Vec<Drink> = Vec::new();
        for request in alike.chain(plain) {
            let Ok(drink) = Drink::parse(menu, &request, self.now) else { continue };
            let may = !drink.bite
                && !drink.is_same(instead_of)
                && self.diet.forbids(&drink.allergens).is_none()
                && self.limits.check(self.had, [&drink], self.at).is_empty();
            if may && offers.iter().all(|known| known.slug != drink.slug) {
                offers.push(drink);
            }
            if offers.len() == MOST {
                break;
            }
        }
        offers
    }

    /// The first milk that may be in it.
    fn milk_of(&self, item: &MenuItem) -> String {
        let milk = item.milks.iter().find(|milk| self.diet.allows_choice(milk));
        milk.map(|milk| milk.slug.clone()).unwrap_or_default()
    }
}

/// The same drink in each size, as it was wished and without its caffeine.
fn variants<'a>(item: &'a MenuItem, like: &'a Drink) -> impl Iterator<Item = DrinkRequest> + 'a {
    let decaf = item.extras.iter().find(|extra| extra.caffeine_mg < 0);
    let kept = |extras: Vec<String>, size: String| DrinkRequest {
        menu_item: item.slug.clone(),
        size,
        milk: like.milk.clone().unwrap_or_default(),
        extras,
        ..DrinkRequest::default()
    };
    let smaller = item.sizes.iter().map(move |size| kept(like.extras.clone(), size.slug.clone()));
    let without = decaf.into_iter().map(move |decaf| {
        let calm = |slug: &&String| {
            let extra = item.extras.iter().find(|extra| extra.slug == **slug);
            extra.is_some_and(|extra| extra.caffeine_mg <= 0 && extra.slug != decaf.slug)
        };
        let mut extras: Vec<String> = like.extras.iter().filter(calm).cloned().collect();
        extras.push(decaf.slug.clone());
        kept(extras, like.size.clone())
    });
    smaller.chain(without)
}

/// "decaf flat white", for a sentence.
pub fn in_words(drink: &Drink) -> String {
    let name = drink.name.to_lowercase();
    if drink.summary.is_empty() { name } else { format!("{name} ({})", drink.summary) }
}
