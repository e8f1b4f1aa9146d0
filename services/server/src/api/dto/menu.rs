//! The menu in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::order::v1 as pb;

use super::{some, time};

/// What the bar can make, and what is off today.
#[derive(Debug, Serialize, ToSchema)]
pub struct Menu {
    pub items: Vec<MenuItem>,
    /// Items, milks and extras that are off today.
    pub sold_out: Vec<SoldOut>,
}

/// Something on the menu.
#[derive(Debug, Serialize, ToSchema)]
pub struct MenuItem {
    #[schema(example = "itm_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    #[schema(example = "flat-white")]
    pub slug: String,
    pub name: String,
    pub description: String,
    pub category: String,
    pub emoji: String,
    /// Whole beans, of the first size.
    pub price_beans: i64,
    /// Milligrams, of the first size.
    pub caffeine_mg: i32,
    pub allergens: Vec<String>,
    /// The first is what one gets without saying.
    pub sizes: Vec<Size>,
    /// Empty: it takes no milk. The first is what one gets without saying.
    pub milks: Vec<Choice>,
    pub extras: Vec<Choice>,
    pub sold_out: bool,
}

/// A size that an item comes in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Size {
    pub slug: String,
    pub name: String,
    /// Added to the item's price.
    pub price_beans: i64,
    /// Of the item's caffeine.
    pub caffeine_percent: i32,
}

/// A milk or an extra.
#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    pub slug: String,
    pub name: String,
    /// Added to the item's price.
    pub price_beans: i64,
    pub caffeine_mg: i32,
    pub allergens: Vec<String>,
    pub sold_out: bool,
}

/// Something that is off today.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoldOut {
    pub slug: String,
    pub name: String,
    pub until: Option<DateTime<Utc>>,
}

/// Items that match a search, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    pub items: Vec<MenuItem>,
}

/// Takes something off the menu, or puts it back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    pub available: bool,
    /// When it comes back; without, the next morning.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
}

impl From<pb::Menu> for Menu {
    fn from(menu: pb::Menu) -> Self {
        let pb::Menu { etag: _, items, sold_out } = menu;
        Self {
            items: items.into_iter().map(Into::into).collect(),
            sold_out: sold_out.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<pb::MenuItem> for MenuItem {
    fn from(item: pb::MenuItem) -> Self {
        let pb::MenuItem {
            id,
            slug,
            name,
            description,
            category,
            emoji,
            price_beans,
            caffeine_mg,
            allergens,
            sizes,
            milks,
            extras,
            sold_out,
        } = item;
        Self {
            id,
            slug,
            name,
            description,
            category,
            emoji,
            price_beans,
            caffeine_mg,
            allergens,
            sizes: sizes.into_iter().map(Into::into).collect(),
            milks: milks.into_iter().map(Into::into).collect(),
            extras: extras.into_iter().map(Into::into).collect(),
            sold_out,
        }
    }
}

impl From<pb::Size> for Size {
    fn from(size: pb::Size) -> Self {
        let pb::Size { slug, name, price_beans, caffeine_percent } = size;
        Self { slug, name, price_beans, caffeine_percent }
    }
}

impl From<pb::Choice> for Choice {
    fn from(choice: pb::Choice) -> Self {
        let pb::Choice { slug, name, price_beans, caffeine_mg, allergens, sold_out } = choice;
        Self { slug, name, price_beans, caffeine_mg, allergens, sold_out }
    }
}

impl From<pb::SoldOut> for SoldOut {
    fn from(sold_out: pb::SoldOut) -> Self {
        let pb::SoldOut { slug, name, until } = sold_out;
        let name = some(name).unwrap_or_else(|| slug.clone());
        Self { slug, name, until: until.and_then(time) }
    }
}
