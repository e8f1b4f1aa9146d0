//! The REST endpoints, which the gateway enforces; registering one that is not
//! here ends the start.

use super::{
    ADMIN, BARISTA, COUNTER, FAVOURITES, MEMBER, ORDERING, Rule, SECRET, USUAL,
    Whose::{Order, Own, OwnOrAdmin},
};

const SHOWN: Rule = MEMBER.by(ORDERING);
const AT_COUNTER: Rule = BARISTA.by(COUNTER).of(Order);

/// Method, path template, rule.
pub const ENDPOINTS: &[(&str, &str, Rule)] = &[
    ("GET", "/v1/menu", SHOWN),
    ("GET", "/v1/menu/search", SHOWN),
    ("PUT", "/v1/menu/availability/{slug}", BARISTA.by(COUNTER)),
    ("GET", "/v1/bar", SHOWN),
    ("PUT", "/v1/bar", BARISTA.by(COUNTER)),
    ("POST", "/v1/orders", MEMBER.by(ORDERING).of(Own)),
    ("GET", "/v1/orders", MEMBER.by(ORDERING).of(Own)),
    ("GET", "/v1/orders/{id}", MEMBER.by(ORDERING).of(Order)),
    ("POST", "/v1/orders/{id}/accept", AT_COUNTER),
    ("POST", "/v1/orders/{id}/ready", AT_COUNTER),
    ("POST", "/v1/orders/{id}/release", AT_COUNTER),
    ("POST", "/v1/orders/{id}/hand-over", AT_COUNTER),
    ("POST", "/v1/orders/{id}/recall", AT_COUNTER),
    ("POST", "/v1/orders/{id}/pick-up", MEMBER.by(ORDERING).of(Order)),
    ("POST", "/v1/orders/{id}/cancel", MEMBER.by(ORDERING).of(Order)),
    ("POST", "/v1/orders/{id}/decline", AT_COUNTER),
    ("POST", "/v1/orders/{id}/forgive", ADMIN.of(Order)),
    ("POST", "/v1/orders/{id}/amend", MEMBER.by(ORDERING).of(Own)),
    ("POST", "/v1/orders/{id}/again", MEMBER.by(ORDERING).of(Own)),
    ("POST", "/v1/orders/{id}/items/{line}/tick", AT_COUNTER),
    ("POST", "/v1/orders/{id}/items/{line}/strike", AT_COUNTER),
    ("POST", "/v1/orders/{id}/items/{line}/replace", AT_COUNTER),
    ("GET", "/v1/queue", AT_COUNTER),
    ("GET", "/v1/events", MEMBER.by(ORDERING).of(Order)),
    ("GET", "/v1/me", MEMBER.by(ORDERING).of(Own)),
    ("GET", "/v1/me/beans", MEMBER.by(ORDERING).of(Own)),
    ("GET", "/v1/me/statement", MEMBER.of(Own)),
    ("POST", "/v1/me/gifts", MEMBER.of(Own)),
    ("GET", "/v1/me/stats", MEMBER.of(Own)),
    ("GET", "/v1/me/favourites", MEMBER.by(FAVOURITES).of(Own)),
    ("POST", "/v1/me/favourites", MEMBER.of(Own)),
    ("DELETE", "/v1/me/favourites/{id}", MEMBER.of(Own)),
    ("POST", "/v1/me/favourites/{id}/order", MEMBER.by(FAVOURITES).of(Own)),
    ("PUT", "/v1/me/usual", MEMBER.of(Own)),
    ("POST", "/v1/me/usual/order", MEMBER.by(USUAL).of(Own)),
    ("GET", "/v1/members", SHOWN),
    ("POST", "/v1/members", ADMIN),
    ("POST", "/v1/members/{id}/links", ADMIN),
    ("PATCH", "/v1/members/{id}", MEMBER.of(OwnOrAdmin).about_identity()),
    ("POST", "/v1/members/{id}/corrections", ADMIN),
    ("GET", "/v1/house", MEMBER),
    ("PUT", "/v1/house", ADMIN),
    ("GET", "/v1/notifications", MEMBER.of(Own)),
    ("POST", "/v1/session", SECRET),
    ("POST", "/v1/session/refresh", SECRET),
    ("DELETE", "/v1/session", SECRET),
    ("GET", "/v1/me/sessions", MEMBER.of(Own)),
    ("GET", "/v1/members/{id}/sessions", MEMBER.of(OwnOrAdmin)),
    ("DELETE", "/v1/sessions/{id}", MEMBER.of(OwnOrAdmin).about_identity()),
];
