//! The pages and their forms, which the gateway enforces like the endpoints.

use super::{
    BARISTA, COUNTER, MEMBER, OPEN, ORDERING, Rule, SECRET,
    Whose::{Order, Own},
};

const SHOWN: Rule = MEMBER.by(ORDERING);
const COUNTER_PAGE: Rule = BARISTA.by(COUNTER);
const AT_COUNTER: Rule = COUNTER_PAGE.of(Order);

/// Method, path template, rule.
pub const PAGES: &[(&str, &str, Rule)] = &[
    ("GET", "/", SHOWN),
    ("GET", "/menu/list", SHOWN),
    ("GET", "/menu/bar", SHOWN),
    ("GET", "/menu/wallet", SHOWN.of(Own)),
    ("GET", "/menu/{slug}", SHOWN),
    ("POST", "/menu/{slug}", SHOWN),
    ("GET", "/cart", SHOWN.of(Own)),
    ("POST", "/cart", SHOWN.of(Own)),
    ("POST", "/cart/remove", SHOWN.of(Own)),
    ("GET", "/orders", SHOWN.of(Own)),
    ("POST", "/orders", SHOWN.of(Own)),
    ("GET", "/orders/list", SHOWN.of(Own)),
    ("GET", "/orders/open", SHOWN.of(Own)),
    ("GET", "/orders/{id}", SHOWN.of(Order)),
    ("GET", "/orders/{id}/card", SHOWN.of(Order)),
    ("POST", "/orders/{id}/{act}", SHOWN.of(Order)),
    ("GET", "/counter", COUNTER_PAGE),
    ("GET", "/counter/board", AT_COUNTER),
    ("GET", "/counter/bar", COUNTER_PAGE),
    ("POST", "/counter/bar", COUNTER_PAGE),
    ("GET", "/counter/switch", COUNTER_PAGE),
    ("GET", "/counter/menu", COUNTER_PAGE),
    ("GET", "/counter/menu/list", COUNTER_PAGE),
    ("POST", "/counter/menu/{slug}", COUNTER_PAGE),
    ("POST", "/counter/orders/{id}/tick", AT_COUNTER),
    ("POST", "/counter/orders/{id}/{act}", AT_COUNTER),
    ("GET", "/notifications", MEMBER.of(Own)),
    ("GET", "/notifications/list", MEMBER.of(Own)),
    ("GET", "/beans", MEMBER.of(Own)),
    ("GET", "/sign-in", OPEN),
    ("GET", "/sign-in/{secret}", SECRET),
    ("POST", "/sign-in/{secret}", SECRET),
    ("GET", "/sign-out", SHOWN.of(Own)),
    ("POST", "/sign-out", SHOWN.of(Own)),
    ("GET", "/trust", OPEN),
    ("GET", "/trust/everything.crt", OPEN),
    ("GET", "/trust/everything.mobileconfig", OPEN),
    ("GET", "/assets/{version}/{name}", OPEN),
    ("GET", "/favicon.ico", OPEN),
    ("GET", "/openapi.json", OPEN),
    ("GET", "/docs", OPEN),
    ("GET", "/docs/style.css", OPEN),
    ("GET", "/problems/{code}", OPEN),
];
