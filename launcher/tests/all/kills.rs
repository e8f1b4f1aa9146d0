//! Each of the seven processes is killed in the middle of the traffic. People
//! do what phones do: they ask again, with the same key.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    thread::JoinHandle,
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
        let busy = (part == "postgres").then(|| begin_a_busy_query(&app));
        let slowest = traffic_while_killing(&app, part, &barista, &customers, orders_per_kill);
        println!(
            "{part}: {orders_per_kill} orders in {:.1} s, the slowest in {:.1} s",
            begin.elapsed().as_secs_f32(),
            slowest.as_secs_f32()
        );
        app.wait_for_every_part();
        busy.map(JoinHandle::join).transpose().unwrap();
    }
    let (status, _) = app.command(&["status"]);
    assert_eq!(status.matches("restarted once").count(), PARTS.len(), "{status}");
    let stats = customers.each_ref().map(counted);
    let accounts = customers.each_ref().map(Account::of);
    let count: usize = accounts.iter().map(|account| account.versions.len()).sum();
    assert_eq!(count, orders_per_kill * PARTS.len());
    let kafka = app.address_of("kafka");
    for Account { versions, entries, .. } in &accounts {
        topic::holds_each_event_in_order(&kafka, versions);
        topic::holds_each_booking(&kafka, entries);
    }
    statistics_survive_a_replay(&app, &customers, &stats);
    let after = customers.each_ref().map(Account::of);
    assert_eq!(after, accounts, "a replay touches neither orders nor ledger");
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

/// What a customer has come to.
#[derive(Debug, PartialEq)]
struct Account {
    balance: Value,
    /// Each order with its version.
    versions: BTreeMap<String, u64>,
    /// Each entry of the ledger with its beans.
    entries: BTreeMap<String, i64>,
}

impl Account {
    /// Every order has ended, the ledger holds for each what it owes, and the
    /// balance is the sum of the entries.
    fn of(customer: &Person) -> Self {
        let mut owed = BTreeMap::new();
        for order in pages(customer, "/v1/orders", "orders") {
            let id = order["id"].as_str().unwrap().to_owned();
            let state = order["state"].as_str().unwrap();
            assert!(["completed", "cancelled"].contains(&state), "{order}");
            owed.insert(id, order["owed_beans"].as_i64().unwrap());
        }
        let total: i64 = owed.values().sum();
        let given: i64 = booked(customer).0.values().filter(|beans| **beans > 0).sum();
        // Refunds follow by the workflow's guarantee.
        let balance = |body: &Value| body["beans"] == given - total;
        let balance = customer.eventually("/v1/me/beans", balance)["beans"].take();
        let (sums, entries) = booked(customer);
        for (order, beans) in &owed {
            assert_eq!(sums.get(order).copied().unwrap_or(0), -beans, "{order}");
        }
        assert_eq!(balance, entries.values().sum::<i64>(), "of the entries");
        let rewards = sums.keys().filter(|cause| cause.starts_with("coffee-")).count();
        assert_eq!(rewards, completed(customer) / 10, "every tenth coffee comes back once");
        // Read again: settling is a change, too.
        let look = |order: &String| customer.get(&format!("/v1/orders/{order}")).ok();
        let version = |order| (order, look(order)["version"].as_u64().unwrap());
        let versions = owed.keys().map(version).map(|(id, version)| (id.clone(), version));
        Self { balance, versions: versions.collect(), entries }
    }
}

/// The ledger's sum for each cause, and each entry.
fn booked(customer: &Person) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let (mut sums, mut entries) = (BTreeMap::new(), BTreeMap::new());
    for entry in pages(customer, "/v1/me/statement", "entries") {
        let text = |field: &str| entry[field].as_str().unwrap().to_owned();
        let beans = entry["beans"].as_i64().unwrap();
        assert!(entries.insert(text("id"), beans).is_none(), "listed twice: {entry}");
        *sums.entry(text("cause")).or_insert(0) += beans;
    }
    (sums, entries)
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

/// Waits until the statistics have counted what was drunk, and with it every
/// tenth coffee has come back.
fn counted(customer: &Person) -> Value {
    let drunk = completed(customer);
    customer.eventually("/v1/me/stats", |stats| stats["drinks"] == drunk)
}

fn completed(customer: &Person) -> usize {
    let orders = pages(customer, "/v1/orders", "orders");
    orders.iter().filter(|order| order["state"] == "completed").count()
}

/// What the projection counted is what a replay of the whole topic counts.
fn statistics_survive_a_replay(app: &App, customers: &[Person], before: &[Value]) {
    let (said, went_well) = app.command(&["rebuild"]);
    assert!(went_well, "{said}");
    for (customer, before) in customers.iter().zip(before) {
        customer.eventually("/v1/me/stats", |stats| stats == before);
    }
}

/// Begins a query that looks up from its work for nobody: it outlives the server
/// that is killed, and the next one cannot start before it is gone.
fn begin_a_busy_query(app: &App) -> JoinHandle<()> {
    let (mut busy, mut other) = (app.session("postgres"), app.session("postgres"));
    let backend = busy.number("select pg_backend_pid()::bigint");
    let query = std::thread::spawn(move || {
        let cut_off = busy.run("do $$ begin loop perform 1; end loop; end $$");
        assert!(cut_off.is_err(), "it goes on for ever");
    });
    let is_busy = "select count(*) from pg_stat_activity where state = 'active' and pid = ";
    while other.number(&format!("{is_busy}{backend}")) == 0 {}
    query
}
