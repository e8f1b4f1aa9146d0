//! Everything that is done can be seen: each endpoint, each gRPC method and each
//! step of the workflow has its span and its metric, and what a tap causes is one
//! trace, as far as the notification.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::http;
use wire::access;

use crate::support::{
    App, Person,
    otlp::{Collector, Seen, SpanKind},
};

/// Spans leave once a second; a busy machine gets more.
const LIMIT: Duration = Duration::from_secs(60);
/// How long an order in the making may wait: the clock's step is walked, too.
const WAIT_PREPARING: &str = "10";

/// Methods that neither an endpoint nor the running of the system calls.
const NOT_WALKED: [&str; 2] = [
    // The cart's page asks for it.
    "/everything.order.v1.OrderService/PriceItems",
    // The operator calls it by hand.
    "/everything.customer.v1.CustomerService/ReplayDeadLetters",
];

/// Spans of the workflow's activities, and their names in metrics.
const STEPS: [(&str, &str); 6] = [
    ("workflow look", "look"),
    ("workflow come_due", "come_due"),
    ("workflow settle", "settle"),
    ("workflow notify", "notify"),
    // The clock's own: an order that nobody finishes.
    ("workflow cancel", "cancel"),
    ("grant allowances", "grant_allowances"),
];

#[test]
fn whatever_is_done_has_a_span_and_a_metric_and_a_tap_is_one_trace() {
    let collector = Collector::start();
    let mut app = App::start(&[
        ("EVERYTHING_OTLP_ENDPOINT", collector.url.as_str()),
        ("EVERYTHING_BEANS_FLOOR", "-1000000"),
        ("EVERYTHING_WAIT_PREPARING_REMIND", "5"),
        ("EVERYTHING_WAIT_PREPARING", WAIT_PREPARING),
    ]);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let ben = app.sign_in("Ben").get("/v1/me").ok()["id"].as_str().unwrap().to_owned();
    let walk = Walk { app: &app, ada, cleo, ben };

    let endpoints = endpoints();
    for (method, path) in &endpoints {
        walk.visit(method, path);
    }
    walk.let_the_clock_move_orders_on();
    walk.let_the_workflow_settle(&collector);
    let (said, went_well) = app.command(&["rebuild"]);
    assert!(went_well, "{said}");
    eventually_nothing_is_missing(|| missing_spans(&collector.spans(), &endpoints));
    eventually_nothing_is_missing(|| missing_series(&app, &endpoints));

    a_tap_is_one_trace_as_far_as_the_notification(&walk, &collector);
}

/// Method and path of each endpoint that the document knows.
fn endpoints() -> Vec<(String, String)> {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.json");
    let document = std::fs::read_to_string(document).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut endpoints = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "patch"] {
            if item.get(method).is_some() {
                endpoints.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    assert!(endpoints.len() > 30, "{endpoints:?}");
    endpoints
}

/// Who walks.
struct Walk<'a> {
    app: &'a App,
    /// Barista and admin.
    ada: Person,
    cleo: Person,
    /// The other barista's id.
    ben: String,
}

impl Walk<'_> {
    /// Calls one endpoint as people do, with success.
    fn visit(&self, method: &str, path: &str) {
        let Self { app, ada, cleo, ben } = self;
        match (method, path) {
            ("GET", "/v1/events") => {
                let position = ada.get("/v1/queue").ok()["position"].as_str().unwrap().to_owned();
                let mut live = cleo.listen(&position);
                live.until(&cleo.order("espresso"), "queued");
            }
            ("GET", "/v1/menu/search") => drop(cleo.get("/v1/menu/search?q=latte").ok()),
            ("GET", "/v1/orders/{id}") => drop(cleo.look(&cleo.order("espresso"))),
            ("GET", "/v1/queue") => drop(ada.get(path).ok()),
            ("GET", _) => drop(cleo.get(path).ok()),
            ("PUT", "/v1/bar") => drop(ada.put(path, &json!({"state": "open"})).ok()),
            ("PUT", "/v1/menu/availability/{slug}") => {
                ada.put("/v1/menu/availability/oat", &json!({"available": true})).ok();
            }
            ("POST", "/v1/session") => drop(sign_in(app)),
            ("POST", "/v1/session/refresh") => {
                app.stranger().post(path, &json!({"refresh_token": sign_in(app)})).ok();
            }
            ("DELETE", "/v1/session") => {
                let body = json!({"refresh_token": sign_in(app)}).to_string();
                let request = http::Request::delete(format!("{}{path}", app.url))
                    .header("content-type", "application/json")
                    .body(body.into_bytes());
                app.stranger().send(request.unwrap()).ok();
            }
            ("POST", "/v1/orders") => drop(cleo.order("espresso")),
            ("POST", _) => {
                let command = path.strip_prefix("/v1/orders/{id}/");
                let command = command.unwrap_or_else(|| panic!("how is {method} {path} called?"));
                self.command(&command.replace("{line}", "1"), ben);
            }
            _ => panic!("how is {method} {path} called?"),
        }
    }

    /// Gives a command about a new order, which is brought to where it may be given.
    fn command(&self, command: &str, ben: &str) {
        let Self { ada, cleo, .. } = self;
        let reason = "Only a try.";
        let (who, before, body): (_, &[&str], _) = match command {
            "accept" | "ready" => (ada, &[], json!({})),
            "decline" => (ada, &[], json!({"reason": reason})),
            "amend" => (cleo, &[], json!({"items": [{"menu_item": "latte"}]})),
            "cancel" => (cleo, &[], json!({})),
            "release" | "items/1/tick" => (ada, &["accept"], json!({})),
            "hand-over" => (ada, &["accept"], json!({"barista": ben})),
            "items/1/strike" => (ada, &["accept"], json!({"reason": reason})),
            "items/1/replace" => {
                let item = json!({"menu_item": "latte"});
                (ada, &["accept"], json!({"item": item, "reason": reason}))
            }
            "recall" => (ada, &["ready"], json!({})),
            "pick-up" => (cleo, &["ready"], json!({})),
            "forgive" => (ada, &["ready", "pick-up"], json!({})),
            _ => panic!("how is {command} given?"),
        };
        let key = uuid::Uuid::now_v7().to_string();
        let two = json!({"items": [{"menu_item": "espresso"}, {"menu_item": "espresso"}]});
        let order = cleo.place_with(&key, &two).ok();
        assert_eq!(order["state"], "queued", "{order}");
        for command in before {
            ada.command(&order, command, &json!({})).ok();
        }
        who.command(&order, command, &body).ok();
    }

    /// One that is held, and one that nobody finishes.
    fn let_the_clock_move_orders_on(&self) {
        let Self { ada, cleo, .. } = self;
        let left = cleo.order("espresso");
        ada.command(&left, "accept", &json!({})).ok();
        // By the clock of the service.
        let now: types::Timestamp = serde_json::from_value(left["placed_at"].clone()).unwrap();
        let body = json!({
            "items": [{"menu_item": "espresso"}],
            "not_before": now + Duration::from_secs(4),
        });
        let held = cleo.place_with(&uuid::Uuid::now_v7().to_string(), &body).ok();
        assert_eq!(held["state"], "held", "{held}");
        for (order, state) in [(held, "queued"), (left, "cancelled")] {
            let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
            cleo.eventually(&path, |order| order["state"] == state);
        }
    }

    /// The fast path is nearly always first; while nobody settles, the workflow tries, too.
    fn let_the_workflow_settle(&self, collector: &Collector) {
        self.app.freeze("customer-service");
        let order = self.cleo.order("espresso");
        assert_eq!(order["state"], "placed", "{order}");
        eventually_nothing_is_missing(|| missing_steps(&collector.spans(), &["workflow settle"]));
        self.app.thaw("customer-service");
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        self.cleo.eventually(&path, |order| order["state"] == "queued");
    }
}

/// Signs Dan in by a fresh link: his refresh token.
fn sign_in(app: &App) -> Value {
    let (links, _) = app.command(&["links"]);
    let line =
        links.lines().find(|line| line.contains(" Dan ")).unwrap_or_else(|| panic!("{links}"));
    let (_, secret) = line.rsplit_once('/').unwrap();
    let mut pair = app.stranger().post("/v1/session", &json!({"secret": secret})).ok();
    pair["refresh_token"].take()
}

/// Polls what arrives a moment later by design.
#[track_caller]
fn eventually_nothing_is_missing(missing: impl Fn() -> Vec<String>) {
    let end = Instant::now() + LIMIT;
    loop {
        let missing = missing();
        if missing.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "still missing: {missing:#?}");
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

/// Each walked gRPC method's service, and its name in telemetry.
fn methods() -> impl Iterator<Item = (&'static str, &'static str)> {
    let walked = access::METHODS.iter().filter(|(path, _)| !NOT_WALKED.contains(path));
    walked.map(|(path, _)| {
        let service = if path.starts_with("/everything.order.") { "order" } else { "customer" };
        (service, path.trim_start_matches('/'))
    })
}

fn missing_spans(spans: &[Seen], endpoints: &[(String, String)]) -> Vec<String> {
    let mut missing = Vec::new();
    let mut needs = |is_there: bool, what: String| {
        if !is_there {
            missing.push(what);
        }
    };
    let routes: BTreeSet<_> = spans
        .iter()
        .filter(|seen| seen.service == "server" && seen.span.kind() == SpanKind::Server)
        .filter_map(|seen| {
            Some((seen.attribute("http.request.method")?, seen.attribute("http.route")?))
        })
        .collect();
    for (method, path) in endpoints {
        needs(routes.contains(&(method.as_str(), path.as_str())), format!("{method} {path}"));
    }
    let calls: BTreeSet<_> = spans
        .iter()
        .filter(|seen| seen.span.kind() == SpanKind::Server)
        .filter_map(|seen| Some((seen.service.as_str(), seen.attribute("rpc.method")?)))
        .collect();
    for (service, method) in methods() {
        needs(calls.contains(&(&*format!("{service}-service"), method)), method.to_owned());
    }
    let process = "process everything.orders.v1";
    let consumed = |seen: &Seen| seen.is("customer-service", SpanKind::Consumer, process);
    needs(spans.iter().any(consumed), process.to_owned());
    missing.extend(missing_steps(spans, &STEPS.map(|(span, _)| span)));
    missing
}

fn missing_steps(spans: &[Seen], steps: &[&str]) -> Vec<String> {
    let done = |name: &str| {
        spans.iter().any(|seen| seen.service == "order-service" && seen.span.name == name)
    };
    steps.iter().filter(|name| !done(name)).map(|name| (*name).to_owned()).collect()
}

fn missing_series(app: &App, endpoints: &[(String, String)]) -> Vec<String> {
    let server = Metrics::of(app, "server");
    let order = Metrics::of(app, "order");
    let customer = Metrics::of(app, "customer");
    let mut missing = Vec::new();
    let mut needs = |metrics: &Metrics, name: &str, labels: &[(&str, &str)]| {
        if !metrics.have(name, labels) {
            missing.push(format!("{}: {name} {labels:?}", metrics.service));
        }
    };
    for (method, path) in endpoints {
        let labels = [("http_request_method", method.as_str()), ("http_route", path)];
        needs(&server, "http_server_request_duration_seconds_count", &labels);
    }
    for (service, method) in methods() {
        let metrics = if service == "order" { &order } else { &customer };
        needs(metrics, "rpc_server_call_duration_seconds_count", &[("rpc_method", method)]);
    }
    for (_, step) in STEPS {
        needs(&order, "everything_workflow_steps_total", &[("step", step)]);
        needs(&order, "everything_workflow_step_duration_seconds_count", &[("step", step)]);
    }
    for name in [
        "everything_order_events_total",
        "everything_order_commands_total",
        "everything_order_settlements_total",
        "everything_order_notices_total",
        "everything_order_items_total",
        "everything_order_state_duration_seconds_count",
        "everything_workflow_signals_total",
    ] {
        needs(&order, name, &[]);
    }
    for receiver in ["kafka", "workflow"] {
        needs(&order, "outbox_relay_delivered_total", &[("outbox_receiver", receiver)]);
    }
    let topic = ("messaging_destination_name", "everything.orders.v1");
    needs(&order, "messaging_client_sent_messages_total", &[topic]);
    let placing = ("db_operation_name", "orders.place");
    needs(&order, "db_client_operation_duration_seconds_count", &[placing]);
    let notifying = ("db_operation_name", "notifications.record");
    needs(&customer, "db_client_operation_duration_seconds_count", &[notifying]);
    for name in [
        "everything_sign_ins_total",
        "everything_token_refreshes_total",
        "everything_sign_outs_total",
        "everything_settlements_total",
        "everything_beans_booked_total",
        "everything_allowances_total",
        "everything_notifications_recorded_total",
        "everything_events_consumed_total",
        "everything_projection_batch_duration_seconds_count",
        "everything_projection_rebuilds_total",
    ] {
        needs(&customer, name, &[]);
    }
    needs(&server, "everything_live_events_total", &[]);
    missing
}

/// What a service shows at /metrics.
struct Metrics {
    service: &'static str,
    text: String,
}

impl Metrics {
    fn of(app: &App, service: &'static str) -> Self {
        let admin = Person::stranger(&format!("http://127.0.0.1:{}", app.admin_port(service)));
        match admin.get("/metrics").ok() {
            Value::String(text) => Self { service, text },
            other => panic!("{other}"),
        }
    }

    /// A series of this name, with these labels among others, that has counted something.
    fn have(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.text.lines().any(|line| {
            let Some((series, value)) = line.rsplit_once(' ') else { return false };
            series.split('{').next() == Some(name)
                && labels.iter().all(|(key, value)| series.contains(&format!("{key}=\"{value}\"")))
                && value.parse::<f64>().is_ok_and(|value| value > 0.0)
        })
    }
}

/// Cleo's tap tells the baristas, Ada's tells Cleo: each is one trace, from the
/// phone through every part to the notification.
fn a_tap_is_one_trace_as_far_as_the_notification(walk: &Walk<'_>, collector: &Collector) {
    let Walk { app, ada, cleo, .. } = walk;
    let is_told = |who: &Person, order: &Value, kind: &str| {
        who.eventually("/v1/notifications", |list| {
            let list = list["notifications"].as_array().unwrap();
            list.iter().any(|one| one["order_id"] == order["id"] && one["kind"] == kind)
        });
    };
    let body = json!({"items": [{"menu_item": "espresso"}]});
    let (placing, order) = Tap::on(app, cleo, "/v1/orders", &body);
    is_told(ada, &order, "queued");
    let path = format!("/v1/orders/{}/ready", order["id"].as_str().unwrap());
    let (readying, _) = Tap::on(app, ada, &path, &json!({}));
    is_told(cleo, &order, "ready");

    let order_service = "everything.order.v1.OrderService";
    for (tap, route, method, statement) in [
        (placing, "POST /v1/orders", "PlaceOrder", "orders.place"),
        (readying, "POST /v1/orders/{id}/ready", "ReadyOrder", "orders.record"),
    ] {
        let method = format!("{order_service}/{method}");
        eventually_nothing_is_missing(|| {
            tap.missing(&collector.spans(), route, &method, statement)
        });
    }
}

/// One tap on a phone that takes part in tracing.
struct Tap {
    trace: String,
    span: String,
}

/// A span that a trace must have, below another one.
struct Hop<'a> {
    service: &'a str,
    kind: SpanKind,
    name: &'a str,
    below: Option<&'a str>,
}

impl Tap {
    fn on(app: &App, who: &Person, path: &str, body: &Value) -> (Self, Value) {
        let id = || uuid::Uuid::new_v4().simple().to_string();
        let tap = Self { trace: id(), span: id()[..16].to_owned() };
        let request = http::Request::post(format!("{}{path}", app.url))
            .header("authorization", format!("Bearer {}", who.token().unwrap()))
            .header("content-type", "application/json")
            .header("idempotency-key", &tap.trace)
            .header("traceparent", format!("00-{}-{}-01", tap.trace, tap.span))
            .body(body.to_string().into_bytes());
        let answer = who.send(request.unwrap()).ok();
        (tap, answer)
    }

    /// What its trace lacks: of the way from HTTP to the notification, or a cause.
    fn missing(&self, all: &[Seen], route: &str, method: &str, statement: &str) -> Vec<String> {
        const SEND: &str = "send everything.orders.v1";
        const NOTIFY: &str = "everything.customer.v1.CustomerService/Notify";
        let (server, order, customer) = ("server", "order-service", "customer-service");
        let hop = |service, kind, name, below| Hop { service, kind, name, below };
        let way = [
            hop(server, SpanKind::Server, route, None),
            hop(order, SpanKind::Server, method, Some(route)),
            hop(order, SpanKind::Client, statement, Some(method)),
            // The event in the log carries the trace on, to Kafka …
            hop(order, SpanKind::Producer, SEND, Some(method)),
            hop(customer, SpanKind::Consumer, "process everything.orders.v1", Some(SEND)),
            // … and to the workflow.
            hop(order, SpanKind::Consumer, "workflow notify", Some(method)),
            hop(order, SpanKind::Client, NOTIFY, Some("workflow notify")),
            hop(customer, SpanKind::Server, NOTIFY, Some("workflow notify")),
            hop(customer, SpanKind::Client, "notifications.record", Some(NOTIFY)),
        ];
        let trace = hex::decode(&self.trace).unwrap();
        let ours: HashMap<&[u8], &Seen> = all
            .iter()
            .filter(|seen| seen.span.trace_id == trace)
            .map(|seen| (seen.span.span_id.as_slice(), seen))
            .collect();
        let causes = |seen: &Seen| {
            let first = ours.get(seen.span.parent_span_id.as_slice()).copied();
            std::iter::successors(first, |cause| {
                ours.get(cause.span.parent_span_id.as_slice()).copied()
            })
            .collect::<Vec<_>>()
        };
        let mut missing = Vec::new();
        for Hop { service, kind, name, below } in way {
            let is_there = ours.values().any(|seen| {
                seen.is(service, kind, name)
                    && below.is_none_or(|above| causes(seen).iter().any(|it| it.span.name == above))
            });
            if !is_there {
                missing.push(format!("{service}: {kind:?} {name}, below {below:?}"));
            }
        }
        // What is for many traces at once is linked: the signal to the workflow …
        let linked = |seen: &&Seen| seen.span.links.iter().any(|link| link.trace_id == trace);
        let mut relays = all.iter().filter(|seen| seen.span.name == "relay workflow");
        if !relays.any(|relay| linked(&relay)) {
            missing.push("relay workflow, linked".to_owned());
        }
        // … and counting a batch of events, whose work is done once.
        let batch = "process batch everything.orders.v1";
        let mut batches = all.iter().filter(|seen| seen.span.name == batch).filter(linked);
        let applies = |batch: &Seen| {
            all.iter().any(|seen| {
                seen.is(customer, SpanKind::Client, "projections.apply")
                    && seen.span.parent_span_id == batch.span.span_id
            })
        };
        if !batches.any(applies) {
            missing.push(format!("{batch}, linked, with projections.apply below"));
        }
        // Nothing hangs in the air: every span's first cause is the tap.
        for seen in ours.values() {
            let first = causes(seen).last().copied().unwrap_or(seen);
            if hex::encode(&first.span.parent_span_id) != self.span {
                missing.push(format!("the cause of {}: {}", first.service, first.span.name));
            }
        }
        missing
    }
}
