//! Favourites and the usual.
//!
//! Costs: keeping is one call to order-service and one statement, two with the
//! usual; listing is one statement and one call, without which the list is there
//! all the same; the others are one statement.

use customer_domain::favourites::{self as domain, LONGEST_NAME, MOST, Now};
use runtime::{AppError, Code, postgres::timed};
use types::{FavouriteId, MemberId, MenuItemId, Timestamp};
use wire::order::v1::{Item, ItemRequest};

use super::App;
use crate::{
    orders::Checked,
    store::favourites::{self, Favourite, Kept, Usual},
};

/// A drink that somebody wants to keep.
#[derive(Debug, Clone)]
pub struct Keep {
    /// Empty: the drink's.
    pub name: String,
    pub item: ItemRequest,
    pub usual: Usual,
}

/// What a favourite is now, and what a person is told of it.
#[derive(Debug, Clone)]
pub struct Told {
    pub now: Now,
    pub says: String,
}

/// Keeps a drink with its choices and what it costs now.
pub async fn keep(
    app: &App,
    member: MemberId,
    keep: Keep,
    now: Timestamp,
) -> Result<Favourite, AppError> {
    let Keep { name, item, usual } = keep;
    let note = item.note.clone();
    let checked = app.orders.check(vec![item]).await?.pop();
    let checked = checked.ok_or_else(|| AppError::internal("one drink was asked for"))?;
    let kept = as_it_is(checked, note, now)?;
    let name = if name.is_empty() { kept.drink.clone() } else { name };
    let name: String = name.chars().take(LONGEST_NAME).collect();
    timed("favourites.keep", async {
        let mut tx = app.pool.begin().await?;
        let id = favourites::keep(&mut *tx, member, &name, &kept, MOST).await?;
        let Some(id) = id else {
            // Nobody holds one connection while they wait for another.
            tx.rollback().await?;
            return Err(refuse(app, member, &name).await?);
        };
        if usual == Usual::Yes {
            favourites::set_usual(&mut *tx, member, id).await?;
        }
        let favourite = favourites::get(&mut *tx, member, Some(id)).await?;
        tx.commit().await?;
        favourite.ok_or_else(|| AppError::not_found("favourite"))
    })
    .await
}

async fn refuse(app: &App, member: MemberId, name: &str) -> Result<AppError, AppError> {
    if favourites::is_taken(&app.pool, member, name).await? {
        let message = format!("You keep another drink as “{name}”.");
        return Ok(
            AppError::new(Code::AlreadyExists, message.clone()).field("name", "taken", message)
        );
    }
    Ok(AppError::new(Code::TooMany, format!("You keep {MOST} favourites already.")))
}

fn as_it_is(checked: Checked, note: String, at: Timestamp) -> Result<Kept, AppError> {
    let Checked { item, became: _, says, code } = checked;
    let Some(item) = item else {
        return Err(AppError::new(code.unwrap_or(Code::NotOnTheMenu), says));
    };
    let Item { menu_item_id, slug, name: drink, size, milk, extras, summary, price_beans, .. } =
        item;
    let menu_item: MenuItemId = menu_item_id.parse().map_err(AppError::internal)?;
    let price = types::Beans::new(price_beans);
    Ok(Kept { menu_item, slug, drink, size, milk, extras, summary, note, price, at })
}

/// A member's favourites with what each is now, if order-service says so in time.
pub async fn list(app: &App, member: MemberId) -> Result<Vec<(Favourite, Option<Told>)>, AppError> {
    let all = timed("favourites.list", favourites::of_member(&app.pool, member)).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let items = all.iter().map(|favourite| request(&favourite.kept)).collect();
    match app.orders.check(items).await {
        Ok(checked) => {
            let told = checked.into_iter();
            Ok(all.into_iter().zip(told).map(|(one, checked)| tell(one, checked)).collect())
        }
        Err(error) => {
            tracing::debug!(cause = error.chain(), "could not ask what favourites are now");
            Ok(all.into_iter().map(|favourite| (favourite, None)).collect())
        }
    }
}

fn request(kept: &Kept) -> ItemRequest {
    ItemRequest {
        menu_item: kept.menu_item.to_string(),
        size: kept.size.clone(),
        milk: kept.milk.clone(),
        extras: kept.extras.clone(),
        note: String::new(),
        recipient: None,
    }
}

fn tell(favourite: Favourite, checked: Checked) -> (Favourite, Option<Told>) {
    let Checked { item: _, became, says, code: _ } = checked;
    let now = domain::now(favourite.kept.price, became);
    let says = match now {
        Now::PriceChanged { now } => {
            format!("It costs {} now, and not {}.", now.count(), favourite.kept.price.count())
        }
        Now::AsKept | Now::SoldOut | Now::ChoicesChanged | Now::NotOnTheMenu => says,
    };
    (favourite, Some(Told { now, says }))
}

/// One of a member's as it was kept; none: the usual.
pub async fn get(
    app: &App,
    member: MemberId,
    id: Option<FavouriteId>,
) -> Result<Favourite, AppError> {
    let found = timed("favourites.get", favourites::get(&app.pool, member, id)).await?;
    found.ok_or_else(|| match id {
        Some(_) => AppError::not_found("favourite"),
        None => AppError::new(Code::NoUsual, "None of your favourites is your usual yet."),
    })
}

/// `false`: it was gone already.
pub async fn remove(app: &App, member: MemberId, id: FavouriteId) -> Result<bool, AppError> {
    Ok(timed("favourites.remove", favourites::remove(&app.pool, member, id)).await?)
}

/// Makes one the usual, or none.
pub async fn set_usual(
    app: &App,
    member: MemberId,
    id: Option<FavouriteId>,
) -> Result<(), AppError> {
    let Some(id) = id else {
        return Ok(
            timed("favourites.unset-usual", favourites::unset_usual(&app.pool, member)).await?
        );
    };
    let set = timed("favourites.set-usual", favourites::set_usual(&app.pool, member, id)).await?;
    if set { Ok(()) } else { Err(AppError::not_found("favourite")) }
}
