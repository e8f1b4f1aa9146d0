//! An order's ways through the whole system, over REST and SSE.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{App, Person};

/// Runs one family through all of it: a start costs more than a journey.
#[test]
fn a_family_orders_makes_and_drinks_coffee() {
    let mut app = App::start(&[]);
    let (ada, ben) = (app.sign_in("Ada"), app.sign_in("Ben"));
    let (cleo, dan) = (app.sign_in("Cleo"), app.sign_in("Dan"));

    a_flat_white_from_the_phone_to_picked_up(&cleo, &ada);
    the_same_key_places_one_order(&cleo);
    cancelling_gives_the_beans_back(&cleo);
    a_decline_tells_why(&cleo, &ada);
    two_baristas_do_not_make_one_coffee(&cleo, &ada, &ben);
    a_release_and_a_recall_go_back(&cleo, &ada);
    a_struck_item_is_not_paid(&cleo, &ada);
    an_amended_order_keeps_its_number(&cleo);
    a_paused_bar_says_when_it_opens(&cleo, &ada);
    what_is_sold_out_is_refused_by_name(&cleo, &ada);
    nobody_sees_or_touches_other_peoples_orders(&cleo, &dan);
    strangers_get_a_401(&app.stranger());
    the_menu_forgives_a_typing_error(&cleo);
    a_shortcut_orders_the_usual_with_one_url(&app, &cleo);
    statistics_follow(&cleo);
}

fn a_flat_white_from_the_phone_to_picked_up(cleo: &Person, ada: &Person) {
    let before = cleo.beans();
    let position = ada.get("/v1/queue").ok()["position"].as_str().unwrap().to_owned();
    let mut counter = ada.listen(&position);
    let order = cleo.order("flat-white");
    assert_eq!(order["state"], "queued", "{order}");
    assert_eq!(cleo.beans(), before - order["price_beans"].as_i64().unwrap());

    counter.until(&order, "queued");
    for (who, command, state) in
        [(ada, "accept", "preparing"), (ada, "ready", "ready"), (cleo, "pick-up", "completed")]
    {
        let done = who.command(&order, command, &json!({})).ok();
        assert_eq!(done["order"]["state"], state);
        assert_eq!(done["already_so"], false);
        let event = counter.until(&order, state);
        assert_eq!(event.data["version"], done["order"]["version"]);
        if state == "ready" {
            // The workflow tells what is so when it looks: not before, not after.
            cleo.eventually("/v1/notifications", |list| is_told(list, &order, "ready"));
        }
    }
    let again = cleo.command(&order, "pick-up", &json!({})).ok();
    assert_eq!(again["already_so"], true, "repeating is a named success");
    assert_eq!(cleo.beans(), before - order["price_beans"].as_i64().unwrap());
}

fn is_told(list: &Value, order: &Value, kind: &str) -> bool {
    let list = list["notifications"].as_array().unwrap();
    list.iter().any(|one| one["order_id"] == order["id"] && one["kind"] == kind)
}

/// Cancels, and waits until the beans are back, so that the next one counts from there.
fn call_off(who: &Person, order: &Value, beans: i64) {
    who.command(order, "cancel", &json!({"reason": "Only a try."})).ok();
    refunded(who, beans);
}

fn refunded(who: &Person, beans: i64) {
    who.eventually("/v1/me/beans", |balance| balance["beans"] == beans);
}

fn the_same_key_places_one_order(cleo: &Person) {
    let before = cleo.beans();
    let body = json!({"items": [{"menu_item": "espresso"}]});
    let first = cleo.place_with("breakfast-0001", &body).ok();
    let second = cleo.place_with("breakfast-0001", &body).ok();
    assert_eq!(first["id"], second["id"]);
    let other = cleo.place_with("breakfast-0001", &json!({"items": [{"menu_item": "latte"}]}));
    assert_eq!(other.problem(), (422, "idempotency-key-reused"));
    call_off(cleo, &first, before);
}

fn cancelling_gives_the_beans_back(cleo: &Person) {
    let before = cleo.beans();
    let order = cleo.order("cappuccino");
    assert!(cleo.beans() < before);
    call_off(cleo, &order, before);
    assert_eq!(cleo.look(&order)["state"], "cancelled");
}

fn a_decline_tells_why(cleo: &Person, ada: &Person) {
    let before = cleo.beans();
    let order = cleo.order("latte");
    let mute = ada.command(&order, "decline", &json!({}));
    assert!((400..500).contains(&mute.problem().0), "a decline needs a reason");
    ada.command(&order, "decline", &json!({"reason": "The milk is sour."})).ok();
    let seen = cleo.look(&order);
    assert_eq!(
        (&seen["state"], &seen["reason"]),
        (&json!("declined"), &json!("The milk is sour."))
    );
    refunded(cleo, before);
}

fn two_baristas_do_not_make_one_coffee(cleo: &Person, ada: &Person, ben: &Person) {
    let before = cleo.beans();
    let order = cleo.order("espresso");
    let both: Vec<_> = std::thread::scope(|scope| {
        let tries = [ada, ben].map(|who| {
            let order = &order;
            scope.spawn(move || who.command(order, "accept", &json!({})))
        });
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let winners = both.iter().filter(|answer| answer.status == 200).count();
    let losers: Vec<_> =
        both.iter().filter(|answer| answer.status != 200).map(|answer| answer.problem()).collect();
    assert_eq!((winners, &losers[..]), (1, &[(409, "taken-by-another")][..]));
    ada.command(&order, "cancel", &json!({"reason": "Only a try."})).ok();
    refunded(cleo, before);
}

fn a_release_and_a_recall_go_back(cleo: &Person, ada: &Person) {
    let order = cleo.order("espresso");
    for (command, state) in [
        ("accept", "preparing"),
        ("release", "queued"),
        ("ready", "ready"),
        ("recall", "preparing"),
        ("ready", "ready"),
        ("pick-up", "completed"),
    ] {
        assert_eq!(ada.command(&order, command, &json!({})).ok()["order"]["state"], state);
    }
    let late = ada.command(&order, "accept", &json!({}));
    assert_eq!(late.problem().0, 409);
}

fn a_struck_item_is_not_paid(cleo: &Person, ada: &Person) {
    let before = cleo.beans();
    let body = json!({"items": [{"menu_item": "espresso"}, {"menu_item": "croissant"}]});
    let order = cleo.place_with("second-breakfast", &body).ok();
    let price: Vec<i64> =
        (0..2).map(|at| order["items"][at]["price_beans"].as_i64().unwrap()).collect();
    ada.command(&order, "accept", &json!({})).ok();
    let path = "items/2/strike";
    ada.command(&order, path, &json!({"reason": "The last one fell down."})).ok();
    refunded(cleo, before - price[0]);
    for command in ["ready", "pick-up"] {
        ada.command(&order, command, &json!({})).ok();
    }
    assert_eq!(cleo.beans(), before - price[0]);
}

fn an_amended_order_keeps_its_number(cleo: &Person) {
    let order = cleo.order("espresso");
    let amended = cleo.command(&order, "amend", &json!({"items": [{"menu_item": "latte"}]})).ok();
    assert_eq!(amended["order"]["number"], order["number"]);
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let queued = cleo.eventually(&path, |order| order["state"] == "queued");
    assert_eq!(queued["items"][0]["slug"], "latte");
    let stale = json!({"version": order["version"]});
    assert_eq!(cleo.command(&order, "cancel", &stale).problem(), (409, "stale-version"));
    cleo.command(&order, "cancel", &json!({"version": queued["version"]})).ok();
}

fn a_paused_bar_says_when_it_opens(cleo: &Person, ada: &Person) {
    let open = cleo.order("espresso");
    ada.put("/v1/bar", &json!({"state": "paused", "until": "2099-01-01T07:00:00Z"})).ok();
    let body = json!({"items": [{"menu_item": "espresso"}]});
    let refused = cleo.place_with("too-early-today", &body);
    assert_eq!(refused.problem(), (409, "bar-paused"));
    assert!(refused.body.to_string().contains("2099-01-01T07:00"), "{}", refused.body);
    ada.command(&open, "accept", &json!({})).ok(); // open ones go on
    ada.command(&open, "cancel", &json!({"reason": "Only a try."})).ok();
    ada.put("/v1/bar", &json!({"state": "open"})).ok();
    let order = cleo.place_with("too-early-today", &body).ok();
    cleo.command(&order, "cancel", &json!({})).ok();
    assert_eq!(cleo.put("/v1/bar", &json!({"state": "closed"})).problem().0, 403);
}

fn what_is_sold_out_is_refused_by_name(cleo: &Person, ada: &Person) {
    ada.put("/v1/menu/availability/oat", &json!({"available": false})).ok();
    let body = json!({"items": [{"menu_item": "espresso"}, {"menu_item": "latte", "milk": "oat"}]});
    let refused = cleo.place_with("with-oat-milk", &body);
    assert_eq!(refused.problem(), (409, "sold-out"));
    assert_eq!(refused.body["errors"][0]["path"], "/items/1/milk", "{}", refused.body);
    ada.put("/v1/menu/availability/oat", &json!({"available": true})).ok();
    let order = cleo.place_with("with-oat-milk", &body).ok();
    cleo.command(&order, "cancel", &json!({})).ok();
}

fn nobody_sees_or_touches_other_peoples_orders(cleo: &Person, dan: &Person) {
    let order = cleo.order("espresso");
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(dan.get(&path).problem(), (404, "not-found"));
    assert_eq!(dan.command(&order, "cancel", &json!({})).problem().0, 404);
    assert_eq!(dan.command(&order, "accept", &json!({})).problem().0, 403);
    assert_eq!(dan.get("/v1/queue").problem().0, 403);
    let own = dan.get("/v1/orders").ok();
    assert_eq!(own["orders"], json!([]));
    cleo.command(&order, "cancel", &json!({})).ok();
}

fn strangers_get_a_401(stranger: &Person) {
    for path in ["/v1/orders", "/v1/queue", "/v1/me", "/v1/events", "/v1/members"] {
        assert_eq!(stranger.get(path).problem(), (401, "unauthenticated"), "{path}");
    }
}

fn the_menu_forgives_a_typing_error(cleo: &Person) {
    let found = cleo.get("/v1/menu/search?q=capuchino").ok();
    assert_eq!(found["items"][0]["slug"], "cappuccino", "{found}");
}

fn a_shortcut_orders_the_usual_with_one_url(app: &App, cleo: &Person) {
    let drink = json!({"menu_item": "espresso", "name": "Morning", "usual": true});
    cleo.post("/v1/me/favourites", &drink).ok();
    let made = cleo.post("/v1/me/tokens", &json!({"name": "iPhone", "scope": "usual"})).ok();
    let secret = made["secret"].as_str().unwrap();
    let tap = || curl(&format!("{}/v1/me/usual/order", app.url), secret);
    let (status, first) = tap();
    assert_eq!((status, &first["items"][0]["slug"]), (201, &json!("espresso")), "{first}");
    let (status, again) = tap();
    assert_eq!((status, &again["id"]), (200, &first["id"]), "a double tap");
    let shortcut = app.stranger().with(secret);
    assert_eq!(shortcut.get("/v1/me").problem(), (403, "forbidden"));
    cleo.command(&first, "cancel", &json!({})).ok();

    let tokens = cleo.get("/v1/me/tokens").ok();
    assert!(tokens["tokens"][0]["last_used_at"].is_string(), "{tokens}");
    assert!(!tokens.to_string().contains(secret), "it was shown once");
    let path = format!("/v1/me/tokens/{}", made["token"]["id"].as_str().unwrap());
    cleo.write("DELETE", &path, &json!({})).ok();
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let (status, refused) = tap();
        if status == 401 {
            assert_eq!(refused["code"], "invalid-credential", "{refused}");
            return;
        }
        assert!(Instant::now() < end, "revoked 5 s ago, and still good");
    }
}

/// The command of docs/shortcuts.md, as it stands there.
fn curl(url: &str, secret: &str) -> (u16, Value) {
    let bearer = format!("Authorization: Bearer {secret}");
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--write-out", "\n%{http_code}"])
        .args(["-X", "POST", "-H", &bearer, url])
        .output()
        .expect("curl is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

fn statistics_follow(cleo: &Person) {
    let count = |stats: &Value, slug: &str| {
        let by_drink = stats["by_drink"].as_array().unwrap().clone();
        by_drink.iter().find(|one| one["slug"] == slug).and_then(|one| one["count"].as_i64())
    };
    cleo.eventually("/v1/me/stats", |stats| {
        count(stats, "flat-white") == Some(1) && count(stats, "espresso") == Some(2)
    });
}

/// With its clocks shortened to seconds.
#[test]
fn the_clock_ends_what_nobody_ends() {
    let mut app = App::start(&[
        ("EVERYTHING_WAIT_QUEUED", "3"),
        ("EVERYTHING_WAIT_READY", "3"),
        // Far apart: in between somebody is reminded, once the workflow looks.
        ("EVERYTHING_WAIT_PREPARING_REMIND", "2"),
        ("EVERYTHING_WAIT_PREPARING", "20"),
    ]);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let before = cleo.beans();
    let forgotten = cleo.order("espresso");
    let started = cleo.order("espresso");
    ada.command(&started, "accept", &json!({})).ok();
    let left = cleo.order("espresso");
    ada.command(&left, "ready", &json!({})).ok();

    for (order, state) in [(&forgotten, "expired"), (&left, "uncollected"), (&started, "cancelled")]
    {
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        cleo.eventually(&path, |order| order["state"] == state);
    }
    // The coffee that was made is owed, the others are given back.
    let price = left["price_beans"].as_i64().unwrap();
    cleo.eventually("/v1/me/beans", |balance| balance["beans"] == before - price);
    ada.eventually("/v1/notifications", |list| is_told(list, &started, "remind"));
    // It still stands there.
    let late = cleo.command(&left, "pick-up", &json!({})).ok();
    assert_eq!(late["order"]["state"], "completed");
    let (status, all_up) = app.command(&["status"]);
    assert!(all_up, "{status}");
}
