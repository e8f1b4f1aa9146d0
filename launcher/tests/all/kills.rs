//! Each of the seven processes is killed in the middle of the traffic. People
//! do what phones do: they ask again, with the same key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{App, Person, topic};

const PARTS: [&str; 7] =
    ["postgres", "valkey", "kafka", "temporal", "customer-service", "order-service", "server"];
const CUSTOMERS: [&str; 3] = ["Cleo", "Dan", "Edith"];
/// An order may wait for a process to come back; Kafka takes longest.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn whatever_is_killed_every_order_ends_and_nothing_is_lost_or_doubled() {
    let orders_per_kill: usize =
        std::env::var("SOAK_ORDERS_PER_KILL").map_or(20, |count| count.parse().unwrap());
    let mut app = App::start(&[("EVERYTHING_BEANS_FLOOR", "-1000000")]);
    let barista = app.sign_in("Ada");
    let customers = CUSTOMERS.map(|name| app.sign_in(name));
    for part in PARTS {
        let begin = Instant::now();
        let slowest = traffic_while_killing(&app, part, &barista, &customers, orders_per_kill);
        println!(
            "{part}: {orders_per_kill} orders in {:.1} s, the slowest in {:.1} s",
            begin.elapsed().as_secs_f32(),
            slowest.as_secs_f32()
        );
        app.wait_for_every_part();
    }
    let (status, _) = app.command(&["status"]);
    assert_eq!(status.matches("restarted once").count(), PARTS.len(), "{status}");
    let mut versions = BTreeMap::new();
    for customer in &customers {
        check_account(customer, &mut versions);
    }
    assert_eq!(versions.len(), orders_per_kill * PARTS.len());
    topic::holds_each_event_in_order(&app.address_of("kafka"), &versions);
    statistics_survive_a_replay(&app, &customers);
}

/// A third of the orders are under way before the kill, the rest meet it.
fn traffic_while_killing(
    app: &App,
    part: &str,
    barista: &Person,
    customers: &[Person],
    orders: usize,
) -> Duration {
    let left = Mutex::new((0..orders).collect::<Vec<_>>());
    let slowest = Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for customer in customers {
            scope.spawn(|| {
                loop {
                    let Some(number) = left.lock().unwrap().pop() else { return };
                    if number == orders * 2 / 3 {
                        app.kill(part);
                    }
                    let begin = Instant::now();
                    one_order(number, customer, barista);
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = begin.elapsed().max(*slowest);
                }
            });
        }
    });
    slowest.into_inner().unwrap()
}

/// One order through its life; every seventh is cancelled instead.
fn one_order(number: usize, customer: &Person, barista: &Person) {
    let key = uuid::Uuid::now_v7().to_string();
    let body = json!({"items": [{"menu_item": "espresso"}]});
    let order = insistently(|| customer.try_place(&key, &body));
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let queued = insistently(|| customer.try_get(&path).filter(|order| order["state"] != "placed"));
    assert_eq!(queued["state"], "queued", "{queued}");
    if number.is_multiple_of(7) {
        insistently(|| customer.try_command(&order, "cancel"));
        return;
    }
    insistently(|| barista.try_command(&order, "accept"));
    insistently(|| barista.try_command(&order, "ready"));
    insistently(|| customer.try_command(&order, "pick-up"));
}

/// Asks until there is an answer, as a phone does while something is away.
fn insistently(mut ask: impl FnMut() -> Option<Value>) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "no answer in {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Every order has ended, the ledger holds for each what it owes, and the
/// balance is the sum of the entries.
fn check_account(customer: &Person, versions: &mut BTreeMap<String, u64>) {
    let mut owed = BTreeMap::new();
    for order in pages(customer, "/v1/orders", "orders") {
        let id = order["id"].as_str().unwrap().to_owned();
        let state = order["state"].as_str().unwrap();
        assert!(["completed", "cancelled"].contains(&state), "{order}");
        owed.insert(id, order["owed_beans"].as_i64().unwrap());
    }
    let total: i64 = owed.values().sum();
    let given: i64 = booked(customer).values().filter(|beans| **beans > 0).sum();
    // Refunds follow by the workflow's guarantee.
    customer.eventually("/v1/me/beans", |balance| balance["beans"] == given - total);
    let booked = booked(customer);
    for (order, beans) in &owed {
        assert_eq!(booked.get(order).copied().unwrap_or(0), -beans, "{order}");
    }
    for order in owed.keys() {
        // Read again: settling is a change, too.
        let order = customer.get(&format!("/v1/orders/{order}")).ok();
        versions
            .insert(order["id"].as_str().unwrap().to_owned(), order["version"].as_u64().unwrap());
    }
}

/// The ledger's sum for each cause.
fn booked(customer: &Person) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for entry in pages(customer, "/v1/me/statement", "entries") {
        assert!(seen.insert(entry["id"].as_str().unwrap().to_owned()), "listed twice: {entry}");
        *sums.entry(entry["cause"].as_str().unwrap().to_owned()).or_insert(0) +=
            entry["beans"].as_i64().unwrap();
    }
    sums
}

/// All of a list, page by page.
fn pages(who: &Person, path: &str, field: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = who.get(&format!("{path}?limit=100&cursor={cursor}")).ok();
        all.extend(page[field].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return all,
        }
    }
}

/// What the projection counted is what a replay of the whole topic counts.
fn statistics_survive_a_replay(app: &App, customers: &[Person]) {
    let drunk = |customer: &Person| {
        let orders = pages(customer, "/v1/orders", "orders");
        i64::try_from(orders.iter().filter(|order| order["state"] == "completed").count()).unwrap()
    };
    let all = |customer: &Person| {
        let expected = drunk(customer);
        customer.eventually("/v1/me/stats", |stats| stats["drinks"] == expected)
    };
    let before: Vec<Value> = customers.iter().map(all).collect();
    let (said, went_well) = app.command(&["rebuild"]);
    assert!(went_well, "{said}");
    for (customer, before) in customers.iter().zip(before) {
        customer.eventually("/v1/me/stats", |stats| *stats == before);
    }
}
