//! Bad days: engines that answer nobody, a service that hangs, data that is gone.

use serde_json::{Value, json};

use crate::support::{App, Person, topic};

const ENGINES: [&str; 3] = ["kafka", "temporal", "valkey"];

/// DESIGN: nothing that a person waits for waits for Temporal, Kafka or Valkey.
#[test]
fn coffee_is_made_without_kafka_temporal_and_valkey_and_the_rest_follows() {
    let mut app = App::start(&[]);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let mut made = Vec::new();
    for away in [&ENGINES[..1], &ENGINES[1..2], &ENGINES[2..], &ENGINES[..]] {
        away.iter().for_each(|part| app.freeze(part));
        made.push(from_placed_to_picked_up(&cleo, &ada));
        away.iter().for_each(|part| app.thaw(part));
    }
    // Who comes while all of it is away comes in.
    ENGINES.iter().for_each(|part| app.freeze(part));
    app.sign_in("Dan").get("/v1/me").ok();
    ENGINES.iter().for_each(|part| app.thaw(part));
    // What waited is delivered, and counts once.
    let count = i64::try_from(made.len()).unwrap();
    cleo.eventually("/v1/me/stats", |stats| stats["drinks"] == count);
    let versions = made.iter().map(|order| {
        let now = cleo.look(order);
        (now["id"].as_str().unwrap().to_owned(), now["version"].as_u64().unwrap())
    });
    topic::holds_each_event_in_order(&app.address_of("kafka"), &versions.collect());
    assert_eq!(cleo.get("/v1/me/stats").ok()["drinks"], count);
}

/// One order, live on the counter's screen at each step.
fn from_placed_to_picked_up(cleo: &Person, ada: &Person) -> Value {
    let position = ada.get("/v1/queue").ok()["position"].as_str().unwrap().to_owned();
    let mut counter = ada.listen(&position);
    let before = cleo.beans();
    let order = cleo.order("espresso");
    assert_eq!(order["state"], "queued", "{order}");
    assert_eq!(cleo.beans(), before - 1);
    counter.until(&order, "queued");
    for (who, command, state) in
        [(ada, "accept", "preparing"), (ada, "ready", "ready"), (cleo, "pick-up", "completed")]
    {
        assert_eq!(who.command(&order, command, &json!({})).ok()["order"]["state"], state);
        counter.until(&order, state);
    }
    order
}

/// DESIGN: time-outs, notifications, refunds and statistics follow when they are back.
#[test]
fn what_people_do_while_kafka_temporal_and_valkey_are_down_has_its_consequences_once() {
    let mut app = App::start(&[("EVERYTHING_WAIT_QUEUED", "2")]);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let before = cleo.beans();
    let away = ENGINES.map(|part| app.take_away(part));
    let left = cleo.order("espresso");
    let cancelled = cleo.order("espresso");
    cleo.command(&cancelled, "cancel", &json!({"reason": "Only a try."})).ok();
    let ready = cleo.order("espresso");
    ada.command(&ready, "ready", &json!({})).ok();
    let made = from_placed_to_picked_up(&cleo, &ada);
    assert_eq!(cleo.look(&left)["state"], "queued", "the clock is Temporal's");
    assert_eq!(cleo.get("/v1/notifications").ok()["notifications"], json!([]));
    drop(away);

    let path = format!("/v1/orders/{}", left["id"].as_str().unwrap());
    cleo.eventually(&path, |order| order["state"] == "expired");
    // Two are owed: one was drunk, one stands there.
    cleo.eventually("/v1/me/beans", |balance| balance["beans"] == before - 2);
    let told = [(&left, "expired"), (&cancelled, "cancelled"), (&ready, "ready")];
    cleo.eventually("/v1/notifications", |list| {
        told.iter().all(|(order, kind)| times_told(list, order, kind) > 0)
    });
    cleo.eventually("/v1/me/stats", |stats| stats["drinks"] == 1);
    cleo.command(&ready, "pick-up", &json!({})).ok();
    cleo.eventually("/v1/me/stats", |stats| stats["drinks"] == 2);

    let orders = [&left, &cancelled, &ready, &made].map(|order| cleo.look(order));
    let versions = orders.iter().map(|order| {
        (order["id"].as_str().unwrap().to_owned(), order["version"].as_u64().unwrap())
    });
    topic::holds_each_event_in_order(&app.address_of("kafka"), &versions.collect());
    // Once: each notice, and each refund.
    let list = cleo.get("/v1/notifications").ok();
    for (order, kind) in told {
        assert_eq!(times_told(&list, order, kind), 1, "{kind}: {list}");
    }
    let entries = cleo.get("/v1/me/statement?limit=100").ok();
    for (order, beans) in
        [(&left, vec![1, -1]), (&cancelled, vec![1, -1]), (&ready, vec![-1]), (&made, vec![-1])]
    {
        let of_order = entries["entries"].as_array().unwrap().iter();
        let of_order = of_order.filter(|entry| entry["cause"] == order["id"]);
        let booked: Vec<_> = of_order.map(|entry| entry["beans"].as_i64().unwrap()).collect();
        assert_eq!(booked, beans, "newest first: {entries}");
    }
}

fn times_told(list: &Value, order: &Value, kind: &str) -> usize {
    let list = list["notifications"].as_array().unwrap();
    let is_it = |one: &&Value| one["order_id"] == order["id"] && one["kind"] == kind;
    list.iter().filter(is_it).count()
}

#[test]
fn without_customer_service_orders_wait_and_go_on_when_it_is_back() {
    let mut app = App::start(&[]);
    let cleo = app.sign_in("Cleo");
    // From her first order on it is known that she is no child.
    cleo.order("espresso");
    app.freeze("customer-service");
    let body = json!({"items": [{"menu_item": "espresso"}]});
    let order = cleo.place_with("without-customers", &body).ok();
    assert_eq!(order["state"], "placed", "{order}");
    app.thaw("customer-service");
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    cleo.eventually(&path, |order| order["state"] == "queued");
}

#[test]
fn the_data_of_kafka_and_temporal_may_be_lost_while_orders_are_open() {
    // Long enough for the restart, short enough to wait for.
    let waits = [("EVERYTHING_WAIT_QUEUED", "25")];
    let mut app = App::start(&waits);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let before = cleo.beans();
    let (made, open) = (cleo.order("espresso"), cleo.order("espresso"));
    for command in ["accept", "ready", "pick-up"] {
        ada.command(&made, command, &json!({})).ok();
    }
    cleo.eventually("/v1/me/stats", |stats| stats["drinks"] == 1);
    app.restart(&waits, |data| {
        for engine in ["kafka", "temporal"] {
            std::fs::remove_dir_all(data.join(engine)).unwrap();
        }
    });
    let cleo = app.sign_in("Cleo");
    let late = cleo.order("espresso");
    let mut versions = std::collections::BTreeMap::new();
    for order in [&made, &open, &late] {
        let now = cleo.look(order);
        versions.insert(now["id"].as_str().unwrap().to_owned(), now["version"].as_u64().unwrap());
    }
    topic::holds_each_event_in_order(&app.address_of("kafka"), &versions);
    // Nobody accepts the open ones: their new workflows let them expire.
    for order in [&open, &late] {
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        cleo.eventually(&path, |order| order["state"] == "expired");
    }
    cleo.eventually("/v1/me/beans", |balance| balance["beans"] == before - 1);
    assert_eq!(cleo.get("/v1/me/stats").ok()["drinks"], 1);
}
