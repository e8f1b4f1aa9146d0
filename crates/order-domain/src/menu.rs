//! What the family serves.

use serde::{Deserialize, Serialize};
use types::{Beans, MenuItemId, Timestamp};

/// The menu as it stands, with what is off at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Menu {
    pub items: Vec<MenuItem>,
    pub sold_out: Vec<SoldOut>,
}

/// The category of what is eaten; it is no drink.
const BITES: &str = "bites";

/// Something that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuItem {
    pub id: MenuItemId,
    /// Its name in paths and events; one namespace with milks and extras.
    pub slug: String,
    pub name: String,
    pub description: String,
    pub category: String,
    pub emoji: String,
    pub price: Beans,
    pub caffeine_mg: u32,
    pub allergens: Vec<String>,
    /// The first is what one gets without asking; never empty.
    pub sizes: Vec<Size>,
    /// Empty: takes no milk. The first is what one gets without asking.
    pub milks: Vec<Choice>,
    pub extras: Vec<Choice>,
}

/// A size, with what it adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub slug: String,
    pub name: String,
    /// Added to the item's price.
    pub price: Beans,
    /// Of the item's caffeine, in percent.
    pub caffeine_percent: u32,
}

/// A milk or an extra, with what it adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub slug: String,
    pub name: String,
    pub price: Beans,
    /// Negative where it takes caffeine away (decaf); a drink never has less than none.
    pub caffeine_mg: i32,
    pub allergens: Vec<String>,
}

/// An item, milk or extra that is off, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldOut {
    pub slug: String,
    pub until: Timestamp,
}

impl MenuItem {
    /// Whether it is eaten.
    pub fn is_bite(&self) -> bool {
        self.category == BITES
    }
}

impl Menu {
    /// An item by its id (`itm_…`) or slug.
    pub fn find(&self, id_or_slug: &str) -> Option<&MenuItem> {
        let id = id_or_slug.parse::<MenuItemId>().ok();
        self.items.iter().find(|item| item.slug == id_or_slug || Some(item.id) == id)
    }

    /// Until when an item, a milk or an extra is off.
    pub fn sold_out_until(&self, slug: &str, now: Timestamp) -> Option<Timestamp> {
        let entry = self.sold_out.iter().find(|entry| entry.slug == slug)?;
        (entry.until > now).then_some(entry.until)
    }

    /// The name of an item, a milk or an extra, if the menu knows the slug.
    pub fn name_of(&self, slug: &str) -> Option<&str> {
        self.items.iter().find_map(|item| {
            if item.slug == slug {
                return Some(item.name.as_str());
            }
            let mut choices = item.milks.iter().chain(&item.extras);
            choices.find(|choice| choice.slug == slug).map(|choice| choice.name.as_str())
        })
    }

    /// Takes something off until a time, in place of what was said before.
    pub fn take_off(&mut self, slug: &str, until: Timestamp) {
        self.put_back(slug);
        self.sold_out.push(SoldOut { slug: slug.to_owned(), until });
    }

    /// It is there again.
    pub fn put_back(&mut self, slug: &str) {
        self.sold_out.retain(|entry| entry.slug != slug);
    }
}
