//! The cart's page: look, remove, order.

pub(crate) mod cookie;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use wire::order::v1 as pb;

use self::cookie::{Cart, CartLine, CartView};
use super::{
    drink::item_of,
    frame::{Frame, new_key},
    order::place::{self, AskLabel, Limits, Placed},
    view::{
        Errors, People, Person, Shell, Tab, count,
        menu::{BarView, Chosen},
    },
};
use crate::web::{Page, PageError, PageForm, see_other};

#[derive(Template)]
#[template(path = "cart/page.html")]
pub(crate) struct CartPage {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
    pub(crate) cart: CartView,
    /// What a child's limits say no to may be asked for.
    pub(crate) ask: Option<AskLabel>,
}

/// `GET /cart`
pub(crate) async fn page(frame: Frame) -> Result<Page<CartPage>, PageError> {
    let cart = frame.cart.clone();
    Ok(Page(show(&frame, &cart, Errors::default(), false).await?))
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Remove {
    line: usize,
}

/// `POST /cart/remove`
pub(crate) async fn remove(frame: Frame, PageForm(Remove { line }): PageForm<Remove>) -> Response {
    let cart = frame.cart.clone().without(line);
    (frame.keep(&cart), see_other("/cart")).into_response()
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Order {
    key: String,
    /// The digest of the cart that the page showed.
    #[serde(default)]
    cart: String,
    /// "yes": ask about what a child's limits say no to.
    #[serde(default)]
    ask: String,
}

/// Another page of the same browser changed the cart meanwhile.
const CHANGED: &str = "The cart is not the one you saw any more. This is what is in it now.";

/// `POST /orders`: all that is in the cart, as one order.
pub(crate) async fn order(
    frame: Frame,
    headers: HeaderMap,
    PageForm(Order { key, cart: shown, ask }): PageForm<Order>,
) -> Result<Response, PageError> {
    if frame.cart.lines.is_empty() {
        // Ordered a moment ago, and asked again: the orders say what became of it.
        return Ok(see_other("/orders").into_response());
    }
    if shown != frame.cart.digest() {
        let page = show(&frame, &frame.cart, Errors::general(CHANGED), false).await?;
        return Ok((StatusCode::CONFLICT, Page(page)).into_response());
    }
    match place::place(&frame, &frame.cart.drinks(), &key, Limits::said(&ask)).await? {
        Placed::Order(order) => {
            let next = place::then(&frame, &headers, &order).await;
            Ok((frame.keep(&Cart::default()), next).into_response())
        }
        Placed::Refused { status, errors, already_sent, ask } => {
            let cart = frame.cart.clone();
            let cart = if already_sent { cart.with_key(new_key()) } else { cart };
            let page = CartPage { ask, ..show(&frame, &cart, errors, already_sent).await? };
            Ok((status, frame.keep(&cart), Page(page)).into_response())
        }
    }
}

async fn show(
    frame: &Frame,
    cart: &Cart,
    mut errors: Errors,
    already_sent: bool,
) -> Result<CartPage, PageError> {
    let drinks = cart.drinks();
    let (people, menu, bar, wallet, priced) = tokio::join!(
        frame.people(),
        frame.menu(),
        frame.bar(),
        frame.wallet(),
        price(frame, &drinks),
    );
    let (menu, bar) = (menu?, bar?);
    let priced = match priced {
        Ok(priced) => Some(priced),
        Err(problem) if problem.status().is_client_error() => {
            if errors.is_empty() {
                errors = place::errors_of(&problem);
            }
            None
        }
        Err(problem) => return Err(problem.into()),
    };
    let price_of = |at: usize| Some(priced.as_ref()?.items.get(at)?.price_beans);
    let total = priced.as_ref().map(|priced| priced.total_beans);
    let free_bar = wallet.is_some_and(|wallet| wallet.free_bar);
    let lines = drinks
        .iter()
        .enumerate()
        .map(|(at, drink)| line(frame, &menu, &people, drink, price_of(at)))
        .collect();
    Ok(CartPage {
        shell: frame.shell(Tab::Menu, &people),
        cart: CartView {
            lines,
            key: cart.key.clone(),
            digest: cart.digest(),
            says: count(drinks.len(), "drink", "drinks"),
            total,
            left: wallet
                .filter(|_| !free_bar)
                .zip(total)
                .map(|(wallet, total)| wallet.count - total),
            free_bar,
            errors: errors.beside(&bar),
            already_sent,
        },
        bar,
        ask: None,
    })
}

async fn price(
    frame: &Frame,
    drinks: &[Chosen],
) -> Result<pb::PriceItemsResponse, crate::problem::Problem> {
    if drinks.is_empty() {
        return Ok(pb::PriceItemsResponse::default());
    }
    let request = pb::PriceItemsRequest { items: drinks.iter().map(place::wish).collect() };
    Ok(frame.app.orders(&frame.viewer).price_items(request).await?.into_inner())
}

fn line(
    frame: &Frame,
    menu: &pb::Menu,
    people: &People,
    drink: &Chosen,
    price: Option<i64>,
) -> CartLine {
    let item = item_of(menu, &drink.drink);
    let named = |choices: &[pb::Choice], slug: &str| -> String {
        let found = choices.iter().find(|choice| choice.slug == slug);
        found.map_or_else(|| slug.to_owned(), |choice| choice.name.to_lowercase())
    };
    let mut options = Vec::new();
    if let Some(item) = item {
        let size = item.sizes.iter().find(|size| size.slug == drink.size);
        options.extend(size.filter(|_| item.sizes.len() > 1).map(|size| size.name.to_lowercase()));
        if !drink.milk.is_empty() {
            options.push(named(&item.milks, &drink.milk));
        }
        options.extend(drink.extras.iter().map(|extra| named(&item.extras, extra)));
    }
    CartLine {
        name: item.map_or_else(|| drink.drink.clone(), |item| item.name.clone()),
        emoji: item.map_or_else(|| "☕".to_owned(), |item| item.emoji.clone()),
        options,
        note: drink.note.clone(),
        whom: match drink.whom.as_str() {
            "guest" => Person::guest(&drink.guest),
            "" => people.get(&frame.viewer.member.to_string()),
            member => people.get(member),
        },
        price,
    }
}
