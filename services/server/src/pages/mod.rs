//! The pages: rendered here, working without script, made live by `assets/`.
//!
//! A page's handler, its template's struct and the words it uses stand side by
//! side; `view/` turns the services' answers into what templates show. A part
//! that live updates swap in is the template that the whole page includes.

mod account;
mod assets;
mod beans;
mod cart;
mod children;
mod counter;
mod drink;
pub(crate) mod errors;
mod family;
mod favourites;
mod frame;
mod guests;
mod house;
mod mend;
mod menu;
mod order;
mod reports;
#[cfg(test)]
mod samples;
mod shared;
mod stats;
pub mod table;
pub(crate) mod trust;
mod view;
mod welcome;

use table::Pages;

/// All pages and their files, and who may see them.
pub fn pages() -> Pages {
    Pages::default()
        .get("/", menu::page)
        .get("/menu/list", menu::list)
        .get("/menu/bar", menu::bar)
        .get("/menu/wallet", menu::wallet)
        .get("/menu/usual", favourites::usual)
        .get("/menu/{slug}", drink::page)
        .post("/menu/{slug}", drink::order)
        .get("/cart", cart::page)
        .post("/cart", drink::to_cart)
        .post("/cart/remove", cart::remove)
        .get("/orders", order::list)
        .post("/orders", cart::order)
        .get("/orders/list", order::rows)
        .get("/orders/open", order::open)
        .get("/orders/{id}", order::page)
        .get("/orders/{id}/card", order::card)
        .get("/orders/{id}/again", order::again::page)
        .post("/orders/{id}/again", order::again::order)
        .post("/orders/{id}/{act}", order::act::on_page)
        .get("/approvals", children::approvals::page)
        .get("/approvals/list", children::approvals::list)
        .get("/children", children::page)
        .get("/children/{id}", children::child::page)
        .post("/children/{id}/limits", children::child::set_limits)
        .post("/children/{id}/diet", children::child::set_diet)
        .post("/children/{id}/pin", children::child::set_pin)
        .get("/diet", children::diet::page)
        .post("/diet", children::diet::set)
        .get("/favourites", favourites::page)
        .post("/favourites", drink::keep)
        .post("/favourites/order", favourites::order)
        .post("/favourites/remove", favourites::remove)
        .post("/favourites/usual", favourites::set_usual)
        .get("/counter", counter::page)
        .get("/counter/board", counter::board)
        .get("/counter/bar", counter::bar)
        .post("/counter/bar", counter::set_bar)
        .get("/counter/switch", counter::switch)
        .get("/counter/menu", counter::menu)
        .get("/counter/menu/list", counter::offers)
        .post("/counter/menu/{slug}", counter::set_available)
        .post("/counter/orders/{id}/tick", order::act::tick)
        .post("/counter/orders/{id}/{act}", order::act::at_counter)
        .get("/pair", shared::pair::page)
        .post("/pair", shared::pair::start)
        .get("/who", shared::who::page)
        .post("/who", shared::who::leave)
        .get("/who/board", shared::who::board)
        .get("/who/bar", shared::who::bar)
        .get("/who/{id}", shared::who::keys)
        .post("/who/{id}", shared::who::tapped)
        .get("/kiosk", shared::kiosk::page)
        .post("/kiosk", shared::kiosk::leave)
        .get("/kiosk/done", shared::kiosk::done)
        .get("/kiosk/{id}", shared::kiosk::keys)
        .post("/kiosk/{id}", shared::kiosk::tapped)
        .get("/display", shared::display::page)
        .get("/display/board", shared::display::board)
        .get("/notifications", account::news)
        .get("/notifications/list", account::news_list)
        .get("/me", account::me::page)
        .post("/me", account::me::change)
        .post("/me/sign-out", account::me::sign_out)
        .post("/me/passkeys", account::passkeys::register)
        .post("/me/passkeys/remove", account::passkeys::remove)
        .post("/me/devices", account::me::add_device)
        .post("/me/withdraw", account::me::withdraw)
        .get("/me/tokens", account::tokens::page)
        .post("/me/tokens", account::tokens::create)
        .post("/me/tokens/revoke", account::tokens::revoke)
        .get("/me/export", account::leave::export)
        .get("/me/leave", account::leave::page)
        .post("/me/leave", account::leave::leave)
        .post("/me/pin", account::pin::change)
        .get("/guests", guests::page)
        .post("/guests", guests::make)
        .get("/guests/list", guests::list)
        .post("/guests/{id}/end", guests::end)
        .get("/family", family::page)
        .post("/family", family::invite)
        .get("/family/devices", family::devices::page)
        .get("/family/devices/pair", family::devices::asking)
        .post("/family/devices/pair", family::devices::pair)
        .post("/family/devices/{id}/end", family::devices::end)
        .get("/family/{id}", family::member::page)
        .post("/family/{id}", family::member::change)
        .post("/family/{id}/roles", family::member::set_roles)
        .post("/family/{id}/kin", family::member::set_kin)
        .post("/family/{id}/sign-out", family::member::sign_out)
        .post("/family/{id}/links", family::link::make)
        .post("/family/{id}/passkeys/remove", family::member::remove_passkey)
        .post("/family/{id}/withdraw", family::member::withdraw)
        .post("/family/{id}/remove", family::member::remove)
        .post("/family/{id}/pin", family::pin::change)
        .get("/beans", beans::page)
        .post("/beans", beans::give)
        .get("/beans/{id}", beans::member::page)
        .post("/beans/{id}", beans::member::correct)
        .get("/welcome", welcome::page)
        .post("/welcome", welcome::set)
        .get("/house", house::page)
        .post("/house", house::set)
        .get("/stats", stats::mine)
        .get("/stats/family", stats::family::page)
        .post("/stats/boards", stats::family::set_on_boards)
        .get("/reports", reports::page)
        .get("/sign-in", account::sign_in::signed_out)
        .post("/sign-in/passkey", account::sign_in::by_passkey)
        .get("/sign-in/{secret}", account::sign_in::page)
        .post("/sign-in/{secret}", account::sign_in::sign_in)
        .get("/guest/{secret}", guests::enter::page)
        .post("/guest/{secret}", guests::enter::enter)
        .get("/join", account::join::page)
        .post("/join", account::join::join)
        .get("/sign-out", account::sign_in::leaving)
        .post("/sign-out", account::sign_in::sign_out)
        .and(over_plain_http())
}

/// What is also served beside HTTPS: needed before a phone trusts, or by that page.
pub(crate) fn over_plain_http() -> Pages {
    Pages::default()
        .get("/trust", trust::page)
        .get("/trust/everything.crt", trust::certificate)
        .get("/trust/everything.mobileconfig", trust::profile)
        .get("/assets/{version}/{name}", assets::get)
        .get("/favicon.ico", assets::favicon)
}
