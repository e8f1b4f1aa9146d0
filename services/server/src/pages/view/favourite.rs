//! Favourites as pages show them.

use wire::customer::v1 as pb;

use super::menu::Emoji;

/// One favourite.
#[derive(Debug, Clone)]
pub(crate) struct FavouriteView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) emoji: String,
    /// "Flat white: large, oat milk".
    pub(crate) what: String,
    pub(crate) note: String,
    pub(crate) usual: bool,
    /// Beans that it is ordered for; `None`: it cannot be had just so.
    pub(crate) price: Option<i64>,
    /// It costs something else than when it was kept.
    pub(crate) repriced: bool,
    /// What is otherwise than it was; empty: nothing.
    pub(crate) says: String,
    /// To choose anew: the drink on the menu.
    pub(crate) slug: String,
    /// To keep it as it is now.
    pub(crate) size: String,
    pub(crate) milk: String,
    pub(crate) extras: Vec<String>,
}

impl FavouriteView {
    pub(crate) fn new(kept: &pb::Favourite, emoji: &Emoji) -> Self {
        let state = kept.now.as_ref().map(pb::FavouriteNow::state);
        let price = match &kept.now {
            Some(now) => now.price_beans,
            // Whether it still costs that is seen when it is ordered.
            None => Some(kept.price_beans),
        };
        let what = match kept.summary.as_str() {
            "" if kept.drink == kept.name => String::new(),
            "" => kept.drink.clone(),
            summary if kept.drink == kept.name => summary.to_owned(),
            summary => format!("{}: {summary}", kept.drink),
        };
        Self {
            id: kept.id.clone(),
            name: kept.name.clone(),
            emoji: emoji.get(&kept.slug),
            what,
            note: kept.note.clone(),
            usual: kept.usual,
            price,
            repriced: state == Some(pb::FavouriteState::PriceChanged),
            says: kept.now.as_ref().map(|now| now.says.clone()).unwrap_or_default(),
            slug: kept.slug.clone(),
            size: kept.size.clone(),
            milk: kept.milk.clone(),
            extras: kept.extras.clone(),
        }
    }
}

/// The card of one tap.
#[derive(Debug, Clone, Default)]
pub(crate) struct UsualView {
    pub(crate) one: Option<FavouriteView>,
    /// How many favourites there are, the usual among them.
    pub(crate) all: usize,
}

impl UsualView {
    pub(crate) fn new(all: &[pb::Favourite], emoji: &Emoji) -> Self {
        let usual = all.iter().find(|favourite| favourite.usual);
        Self { one: usual.map(|kept| FavouriteView::new(kept, emoji)), all: all.len() }
    }
}
