//! Favourites in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use types::FavouriteId;
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{nonsense, some, time};
use crate::problem::Problem;

/// A drink with its choices, as it was when it was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct Favourite {
    #[schema(example = "fav_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    #[schema(example = "Morning")]
    pub name: String,
    pub menu_item_id: String,
    #[schema(example = "flat-white")]
    pub slug: String,
    /// What the menu called it.
    #[schema(example = "Flat white")]
    pub drink: String,
    pub size: Option<String>,
    pub milk: Option<String>,
    pub extras: Vec<String>,
    #[schema(example = "large, oat milk, extra shot")]
    pub summary: String,
    pub note: Option<String>,
    /// Whole beans, when it was kept.
    pub price_beans: i64,
    pub kept_at: Option<DateTime<Utc>>,
    /// What one tap orders.
    pub usual: bool,
    /// What it is now; absent while nobody can say.
    pub now: Option<FavouriteNow>,
}

/// What became of a favourite.
#[derive(Debug, Serialize, ToSchema)]
pub struct FavouriteNow {
    pub state: FavouriteState,
    /// For people; absent: it is as it was kept.
    #[schema(example = "It costs 5 now, and not 4.")]
    pub says: Option<String>,
    /// Whole beans; absent: it cannot be had.
    pub price_beans: Option<i64>,
}

/// Whether a favourite is what it was.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FavouriteState {
    AsKept,
    /// Order it with the `price_beans` that it costs now.
    PriceChanged,
    /// Or one of its choices is.
    SoldOut,
    /// One is gone from the menu, or is to be made now.
    ChoicesChanged,
    NotOnTheMenu,
}

/// All of one's favourites.
#[derive(Debug, Serialize, ToSchema)]
pub struct Favourites {
    /// The usual first, then by name.
    pub favourites: Vec<Favourite>,
}

/// A drink to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFavourite {
    /// Unique among one's own; without, the drink's.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub name: Option<String>,
    /// Its id or slug.
    #[schema(example = "flat-white")]
    pub menu_item: String,
    /// Its slug; without, the item's first.
    #[serde(default)]
    pub size: Option<String>,
    /// Its slug; without, the item's first, where it takes milk.
    #[serde(default)]
    pub milk: Option<String>,
    #[serde(default)]
    pub extras: Vec<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// And make it the usual.
    #[serde(default)]
    pub usual: bool,
}

/// Which favourite is the usual.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsualBody {
    /// `null`: none.
    #[schema(value_type = Option<String>, example = "fav_01h455vb4pex5vsknk084sn02q")]
    pub favourite: Option<FavouriteId>,
}

/// What its sender agrees to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgainBody {
    /// Whole beans that it may cost now; without, what it cost before. At any
    /// other price it is refused with `price-changed`.
    #[serde(default)]
    pub price_beans: Option<i64>,
    /// Where a child's limits say no, hold the order and ask the guardian.
    #[serde(default)]
    pub ask_guardian: bool,
}

impl From<NewFavourite> for pb::KeepFavouriteRequest {
    fn from(new: NewFavourite) -> Self {
        let NewFavourite { name, menu_item, size, milk, extras, note, usual } = new;
        Self {
            name: name.unwrap_or_default(),
            menu_item,
            size: size.unwrap_or_default(),
            milk: milk.unwrap_or_default(),
            extras,
            note: note.unwrap_or_default(),
            usual,
        }
    }
}

impl TryFrom<pb::Favourite> for Favourite {
    type Error = Problem;

    fn try_from(favourite: pb::Favourite) -> Result<Self, Problem> {
        let pb::Favourite {
            id,
            name,
            menu_item_id,
            slug,
            drink,
            size,
            milk,
            extras,
            summary,
            note,
            price_beans,
            kept_at,
            usual,
            now,
        } = favourite;
        Ok(Self {
            id,
            name,
            menu_item_id,
            slug,
            drink,
            size: some(size),
            milk: some(milk),
            extras,
            summary,
            note: some(note),
            price_beans,
            kept_at: kept_at.and_then(time),
            usual,
            now: now.map(TryInto::try_into).transpose()?,
        })
    }
}

impl TryFrom<pb::FavouriteNow> for FavouriteNow {
    type Error = Problem;

    fn try_from(now: pb::FavouriteNow) -> Result<Self, Problem> {
        let pb::FavouriteNow { state, says, price_beans } = now;
        let state = match pb::FavouriteState::try_from(state) {
            Ok(pb::FavouriteState::AsKept) => FavouriteState::AsKept,
            Ok(pb::FavouriteState::PriceChanged) => FavouriteState::PriceChanged,
            Ok(pb::FavouriteState::SoldOut) => FavouriteState::SoldOut,
            Ok(pb::FavouriteState::ChoicesChanged) => FavouriteState::ChoicesChanged,
            Ok(pb::FavouriteState::NotOnTheMenu) => FavouriteState::NotOnTheMenu,
            Ok(pb::FavouriteState::Unspecified) | Err(_) => {
                return Err(nonsense("FavouriteState"));
            }
        };
        Ok(Self { state, says: some(says), price_beans })
    }
}

impl TryFrom<pb::ListFavouritesResponse> for Favourites {
    type Error = Problem;

    fn try_from(list: pb::ListFavouritesResponse) -> Result<Self, Problem> {
        let pb::ListFavouritesResponse { favourites } = list;
        let favourites = favourites.into_iter().map(TryInto::try_into);
        Ok(Self { favourites: favourites.collect::<Result<_, _>>()? })
    }
}
