//! Favourites and the usual.

use customer_domain::favourites::{LONGEST_NAME, LONGEST_NOTE, Now};
use runtime::{AppError, Caller};
use types::{FavouriteId, Timestamp};
use wire::{customer::v1 as pb, order::v1::ItemRequest};

use super::{member, short};
use crate::{
    app::{
        App,
        favourites::{self, Keep, Told},
    },
    events::wire_time,
    store::favourites::{Favourite, Kept, Usual},
};

/// Characters of a slug or id.
const LONGEST_SLUG: usize = 64;
/// More than a drink has.
const MOST_EXTRAS: usize = 6;

pub(super) async fn keep(
    app: &App,
    caller: &Caller,
    request: pb::KeepFavouriteRequest,
    now: Timestamp,
) -> Result<pb::Favourite, AppError> {
    let pb::KeepFavouriteRequest { name, menu_item, size, milk, extras, note, usual } = request;
    if menu_item.is_empty() {
        return Err(AppError::invalid("menu_item", "required", "say which drink it is"));
    }
    if extras.len() > MOST_EXTRAS {
        let message = format!("at most {MOST_EXTRAS} extras");
        return Err(AppError::invalid("extras", "too-many", message));
    }
    let slug = |field: &str, text: &str| short(field, text, LONGEST_SLUG);
    let extras = extras.iter().enumerate();
    let item = ItemRequest {
        menu_item: slug("menu_item", &menu_item)?,
        size: slug("size", &size)?,
        milk: slug("milk", &milk)?,
        extras: extras
            .map(|(at, it)| slug(&format!("extras[{at}]"), it))
            .collect::<Result<_, _>>()?,
        note: short("note", &note, LONGEST_NOTE)?,
        recipient: None,
    };
    let name = short("name", &name, LONGEST_NAME)?;
    let usual = if usual { Usual::Yes } else { Usual::No };
    let kept =
        favourites::keep(app, caller.person()?.member, Keep { name, item, usual }, now).await?;
    Ok(favourite(kept, Some(Told { now: Now::AsKept, says: String::new() })))
}

pub(super) async fn list(
    app: &App,
    caller: &Caller,
    request: pb::ListFavouritesRequest,
) -> Result<pb::ListFavouritesResponse, AppError> {
    let pb::ListFavouritesRequest {} = request;
    let all = favourites::list(app, caller.person()?.member).await?;
    let favourites = all.into_iter().map(|(kept, told)| favourite(kept, told)).collect();
    Ok(pb::ListFavouritesResponse { favourites })
}

pub(super) async fn remove(
    app: &App,
    caller: &Caller,
    request: pb::RemoveFavouriteRequest,
) -> Result<pb::RemoveFavouriteResponse, AppError> {
    let pb::RemoveFavouriteRequest { favourite_id } = request;
    let removed = favourites::remove(app, caller.person()?.member, id(&favourite_id)?).await?;
    Ok(pb::RemoveFavouriteResponse { already_so: !removed })
}

pub(super) async fn set_usual(
    app: &App,
    caller: &Caller,
    request: pb::SetUsualRequest,
) -> Result<pb::SetUsualResponse, AppError> {
    let pb::SetUsualRequest { favourite_id } = request;
    favourites::set_usual(app, caller.person()?.member, id_or_none(&favourite_id)?).await?;
    Ok(pb::SetUsualResponse {})
}

pub(super) async fn get(
    app: &App,
    request: pb::GetFavouriteRequest,
) -> Result<pb::Favourite, AppError> {
    let pb::GetFavouriteRequest { member_id, favourite_id } = request;
    let member = member("member_id", &member_id)?;
    let found = favourites::get(app, member, id_or_none(&favourite_id)?).await?;
    Ok(favourite(found, None))
}

/// What cannot be a favourite's id is none's.
fn id(text: &str) -> Result<FavouriteId, AppError> {
    text.parse().map_err(|_| AppError::not_found("favourite"))
}

fn id_or_none(text: &str) -> Result<Option<FavouriteId>, AppError> {
    if text.is_empty() { Ok(None) } else { id(text).map(Some) }
}

fn favourite(favourite: Favourite, told: Option<Told>) -> pb::Favourite {
    let Favourite { id, name, kept, usual } = favourite;
    let Kept { menu_item, slug, drink, size, milk, extras, summary, note, price, at } = kept;
    pb::Favourite {
        id: id.to_string(),
        name,
        menu_item_id: menu_item.to_string(),
        slug,
        drink,
        size,
        milk,
        extras,
        summary,
        note,
        price_beans: price.count(),
        kept_at: Some(wire_time(at)),
        usual: usual == Usual::Yes,
        now: told.map(|Told { now, says }| pb::FavouriteNow {
            state: state(now).into(),
            says,
            price_beans: match now {
                Now::AsKept => Some(price.count()),
                Now::PriceChanged { now } => Some(now.count()),
                Now::SoldOut | Now::ChoicesChanged | Now::NotOnTheMenu => None,
            },
        }),
    }
}

const fn state(now: Now) -> pb::FavouriteState {
    match now {
        Now::AsKept => pb::FavouriteState::AsKept,
        Now::PriceChanged { .. } => pb::FavouriteState::PriceChanged,
        Now::SoldOut => pb::FavouriteState::SoldOut,
        Now::ChoicesChanged => pb::FavouriteState::ChoicesChanged,
        Now::NotOnTheMenu => pb::FavouriteState::NotOnTheMenu,
    }
}
