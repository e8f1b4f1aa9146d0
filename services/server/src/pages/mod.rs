//! The pages: rendered here, working without script, made live by `assets/`.
//!
//! A page's handler, its template's struct and the words it uses stand side by
//! side; `view/` turns the services' answers into what templates show. A part
//! that live updates swap in is the template that the whole page includes.

mod account;
mod assets;
mod cart;
mod counter;
mod drink;
mod errors;
mod frame;
mod menu;
mod order;
#[cfg(test)]
mod samples;
mod view;

use axum::{
    Router,
    routing::{get, post},
};

pub use errors::error_page;

use crate::App;

/// All pages and their files.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(menu::page))
        .route("/menu/list", get(menu::list))
        .route("/menu/bar", get(menu::bar))
        .route("/menu/wallet", get(menu::wallet))
        .route("/menu/{slug}", get(drink::page))
        .route("/menu/{slug}/order", post(drink::order))
        .route("/cart", get(cart::page).post(drink::to_cart))
        .route("/cart/remove", post(cart::remove))
        .route("/orders", get(order::list).post(cart::order))
        .route("/orders/list", get(order::rows))
        .route("/orders/open", get(order::open))
        .route("/orders/{id}", get(order::page))
        .route("/orders/{id}/card", get(order::card))
        .route("/orders/{id}/{act}", post(order::act::on_page))
        .route("/counter", get(counter::page))
        .route("/counter/board", get(counter::board))
        .route("/counter/bar", get(counter::bar).post(counter::set_bar))
        .route("/counter/switch", get(counter::switch))
        .route("/counter/menu", get(counter::menu))
        .route("/counter/menu/list", get(counter::offers))
        .route("/counter/menu/{slug}", post(counter::set_available))
        .route("/counter/orders/{id}/tick", post(order::act::tick))
        .route("/counter/orders/{id}/{act}", post(order::act::at_counter))
        .route("/notifications", get(account::news))
        .route("/notifications/list", get(account::news_list))
        .route("/beans", get(account::beans))
        .route("/sign-in", get(account::sign_in::signed_out))
        .route("/sign-in/{secret}", get(account::sign_in::page).post(account::sign_in::sign_in))
        .route("/sign-out", get(account::sign_in::leaving).post(account::sign_in::sign_out))
        .route("/assets/{version}/{name}", get(assets::get))
        .route("/favicon.ico", get(assets::favicon))
}
