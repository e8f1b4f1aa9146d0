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
pub(crate) mod errors;
mod frame;
mod menu;
mod order;
#[cfg(test)]
mod samples;
pub mod table;
pub(crate) mod trust;
mod view;

use crate::access::Access::{Barista, Member, Public, Secret};
use table::Pages;

/// All pages and their files, and who may see them.
pub fn pages() -> Pages {
    Pages::default()
        .get(Member, "/", menu::page)
        .get(Member, "/menu/list", menu::list)
        .get(Member, "/menu/bar", menu::bar)
        .get(Member, "/menu/wallet", menu::wallet)
        .get(Member, "/menu/{slug}", drink::page)
        .post(Member, "/menu/{slug}", drink::order)
        .get(Member, "/cart", cart::page)
        .post(Member, "/cart", drink::to_cart)
        .post(Member, "/cart/remove", cart::remove)
        .get(Member, "/orders", order::list)
        .post(Member, "/orders", cart::order)
        .get(Member, "/orders/list", order::rows)
        .get(Member, "/orders/open", order::open)
        .get(Member, "/orders/{id}", order::page)
        .get(Member, "/orders/{id}/card", order::card)
        .post(Member, "/orders/{id}/{act}", order::act::on_page)
        .get(Barista, "/counter", counter::page)
        .get(Barista, "/counter/board", counter::board)
        .get(Barista, "/counter/bar", counter::bar)
        .post(Barista, "/counter/bar", counter::set_bar)
        .get(Barista, "/counter/switch", counter::switch)
        .get(Barista, "/counter/menu", counter::menu)
        .get(Barista, "/counter/menu/list", counter::offers)
        .post(Barista, "/counter/menu/{slug}", counter::set_available)
        .post(Barista, "/counter/orders/{id}/tick", order::act::tick)
        .post(Barista, "/counter/orders/{id}/{act}", order::act::at_counter)
        .get(Member, "/notifications", account::news)
        .get(Member, "/notifications/list", account::news_list)
        .get(Member, "/beans", account::beans)
        .get(Public, "/sign-in", account::sign_in::signed_out)
        .get(Secret, "/sign-in/{secret}", account::sign_in::page)
        .post(Secret, "/sign-in/{secret}", account::sign_in::sign_in)
        .get(Member, "/sign-out", account::sign_in::leaving)
        .post(Member, "/sign-out", account::sign_in::sign_out)
        .and(over_plain_http())
}

/// What is also served beside HTTPS: needed before a phone trusts, or by that page.
pub(crate) fn over_plain_http() -> Pages {
    Pages::default()
        .get(Public, "/trust", trust::page)
        .get(Public, "/trust/everything.crt", trust::certificate)
        .get(Public, "/trust/everything.mobileconfig", trust::profile)
        .get(Public, "/assets/{version}/{name}", assets::get)
        .get(Public, "/favicon.ico", assets::favicon)
}
