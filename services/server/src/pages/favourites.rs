//! Favourites: the list, and what is done with one.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use runtime::Code;
use wire::{customer::v1 as pb, order::v1::OrderFavouriteRequest};

use super::{
    frame::{Frame, new_key},
    order::place::{self, AskLabel, Limits, Placed, WAIT_MS},
    view::{
        Errors, Shell, Tab,
        favourite::{FavouriteView, UsualView},
        menu::{BarView, Emoji},
    },
};
use crate::{
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "favourites/page.html")]
pub(crate) struct FavouritesPage {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
    pub(crate) errors: Errors,
    /// Each with the idempotency key of ordering it.
    pub(crate) favourites: Vec<(FavouriteView, String)>,
    /// The one that a child's limits say no to, and the button that asks all the same.
    pub(crate) ask: Option<(String, AskLabel)>,
}

impl FavouritesPage {
    fn asks(&self, one: &FavouriteView) -> Option<AskLabel> {
        let ask = self.ask.as_ref();
        ask.and_then(|(id, label)| (*id == one.id || id.is_empty() && one.usual).then_some(*label))
    }
}

#[derive(Template)]
#[template(path = "favourites/usual.html")]
pub(crate) struct UsualPart {
    pub(crate) usual: UsualView,
}

/// `GET /favourites`
pub(crate) async fn page(frame: Frame) -> Result<Page<FavouritesPage>, PageError> {
    Ok(Page(show(&frame, Errors::default()).await?))
}

/// `GET /menu/usual`
pub(crate) async fn usual(frame: Frame) -> Page<UsualPart> {
    let (favourites, menu) = tokio::join!(frame.favourites(), frame.menu());
    let emoji = menu.map(|menu| Emoji::of_menu(&menu.items)).unwrap_or_default();
    Page(UsualPart { usual: UsualView::new(&favourites, &emoji) })
}

async fn show(frame: &Frame, errors: Errors) -> Result<FavouritesPage, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let asked = customers.list_favourites(pb::ListFavouritesRequest {});
    let (people, menu, bar, listed) =
        tokio::join!(frame.people(), frame.menu(), frame.bar(), asked);
    let pb::ListFavouritesResponse { favourites } = listed?.into_inner();
    let (emoji, bar) = (Emoji::of_menu(&menu?.items), bar?);
    let each = favourites.iter().map(|kept| (FavouriteView::new(kept, &emoji), new_key()));
    Ok(FavouritesPage {
        shell: frame.shell(Tab::Menu, &people),
        errors: errors.beside(&bar),
        favourites: each.collect(),
        ask: None,
        bar,
    })
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Order {
    id: String,
    key: String,
    /// What the page said it costs.
    price: i64,
    #[serde(default)]
    ask: String,
}

/// `POST /favourites/order`
pub(crate) async fn order(
    frame: Frame,
    headers: HeaderMap,
    PageForm(Order { id, key, price, ask }): PageForm<Order>,
) -> Result<Response, PageError> {
    place::check_key(&key)?;
    let request = OrderFavouriteRequest {
        idempotency_key: key,
        favourite_id: id.clone(),
        price_beans: Some(price),
        wait_ms: WAIT_MS,
        ask_guardian: Limits::said(&ask) == Limits::Ask,
    };
    let placed = frame.app.orders(&frame.viewer).order_favourite(request).await;
    match place::outcome(placed)? {
        Placed::Order(order) => Ok(place::then(&frame, &headers, &order).await),
        Placed::Refused { status, errors, already_sent: _, ask } => {
            let ask = ask.map(|label| (id, label));
            let page = FavouritesPage { ask, ..show(&frame, errors).await? };
            Ok((status, Page(page)).into_response())
        }
    }
}

/// Which favourite.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    id: String,
}

/// `POST /favourites/remove`
pub(crate) async fn remove(
    frame: Frame,
    PageForm(Which { id }): PageForm<Which>,
) -> Result<Redirect, PageError> {
    let request = pb::RemoveFavouriteRequest { favourite_id: id };
    frame.app.customers(&frame.viewer).remove_favourite(request).await?;
    Ok(see_other("/favourites"))
}

/// `POST /favourites/usual`: without an id none is the usual any more.
pub(crate) async fn set_usual(
    frame: Frame,
    PageForm(Which { id }): PageForm<Which>,
) -> Result<Redirect, PageError> {
    let request = pb::SetUsualRequest { favourite_id: id };
    frame.app.customers(&frame.viewer).set_usual(request).await?;
    Ok(see_other("/favourites"))
}

/// What became of keeping a drink.
pub(crate) enum Kept {
    Yes,
    Refused { status: StatusCode, errors: Errors },
}

/// Keeps a drink; what the person can mend is `Refused`.
pub(crate) async fn keep(
    frame: &Frame,
    request: pb::KeepFavouriteRequest,
) -> Result<Kept, PageError> {
    let kept = frame.app.customers(&frame.viewer).keep_favourite(request).await;
    let problem = match kept {
        Ok(_) => return Ok(Kept::Yes),
        Err(status) => Problem::from(status),
    };
    match problem.code() {
        Code::Unauthenticated | Code::Forbidden | Code::Internal => Err(problem.into()),
        _ if problem.is_transient() => Err(problem.into()),
        _ => {
            let (status, errors) = (problem.status(), place::errors_of(&problem));
            Ok(Kept::Refused { status, errors })
        }
    }
}
