//! Everything that is done can be seen: each endpoint, each gRPC method and each
//! step of the workflow has its span and its metric, and what a tap causes is one
//! trace, as far as the notification. Secrets are seen nowhere.

mod secrets;
mod tap;
mod walk;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use order_domain::Step;
use serde_json::Value;
use wire::access;

use self::{secrets::Secrets, walk::Walk};

use crate::support::{
    App, Person,
    otlp::{Collector, Seen, SpanKind},
};

/// Spans leave once a second; a busy machine gets more.
const LIMIT: Duration = Duration::from_secs(60);
/// How long orders may wait, in seconds: the clock's steps are walked, too.
const WAITS: [(&str, &str); 6] = [
    ("EVERYTHING_WAIT_PLACED", "10"),
    ("EVERYTHING_WAIT_QUEUED", "20"),
    ("EVERYTHING_WAIT_PREPARING_REMIND", "5"),
    ("EVERYTHING_WAIT_PREPARING", "10"),
    ("EVERYTHING_WAIT_READY", "20"),
    ("EVERYTHING_WAIT_APPROVAL", "10"),
];

/// Methods that neither an endpoint nor the running of the system calls.
const NOT_WALKED: [&str; 2] = [
    // The cart's page asks for it.
    "/everything.order.v1.OrderService/PriceItems",
    // The operator calls it by hand.
    "/everything.customer.v1.CustomerService/ReplayDeadLetters",
];

/// The workflow's steps by their names in metrics: a new one is walked, or this does not compile.
fn steps() -> Vec<&'static str> {
    let of_orders = Step::ALL.into_iter().filter_map(|step| match step {
        Step::ComeDue
        | Step::NotApproved
        | Step::Reject
        | Step::Settle
        | Step::Expire
        | Step::Cancel
        | Step::Uncollect => Some(step.name()),
        Step::SettleAndQueue => Some(Step::Settle.name()), // one activity for both
        Step::Wait | Step::Close => None,
    });
    of_orders.chain(["look", "notify", "grant_allowances", "write_family_week"]).collect()
}

/// The span of a step.
fn span_of(step: &str) -> String {
    match step {
        "grant_allowances" | "write_family_week" => step.replace('_', " "),
        step => format!("workflow {step}"),
    }
}

#[test]
fn whatever_is_done_has_a_span_and_a_metric_and_a_tap_is_one_trace() {
    let collector = Collector::start();
    let mut settings = vec![
        ("EVERYTHING_OTLP_ENDPOINT", collector.url.as_str()),
        ("EVERYTHING_BEANS_FLOOR", "-1000000"),
    ];
    settings.extend(WAITS);
    let mut app = App::start(&settings);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let ben = app.sign_in("Ben").get("/v1/me").ok()["id"].as_str().unwrap().to_owned();
    let walk = Walk { app: &app, ada, cleo, ben, secrets: Secrets::default() };

    let endpoints = endpoints();
    for (method, path) in &endpoints {
        walk.visit(method, path);
    }
    let pages = pages();
    walk.look_at(&pages);
    walk.let_the_clock_move_orders_on();
    walk.let_the_workflow_settle_and_reject(&collector);
    let (said, went_well) = app.command(&["rebuild"]);
    assert!(went_well, "{said}");
    let routes = [endpoints, pages].concat();
    eventually_nothing_is_missing(|| missing_spans(&collector.spans(), &routes));
    eventually_nothing_is_missing(|| missing_series(&app, &routes));

    tap::a_tap_is_one_trace_as_far_as_the_notification(&walk, &collector);
    walk.secrets.are_nowhere(&app, &collector);
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

/// Method and path of each page and form that the gateway knows.
fn pages() -> Vec<(String, String)> {
    let pages = server::pages::pages().and(server::docs::pages());
    pages.table().iter().map(|page| (page.method.to_string(), page.path.clone())).collect()
}

/// Polls what arrives a moment later by design.
#[track_caller]
fn eventually_nothing_is_missing(mut missing: impl FnMut() -> Vec<String>) {
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

fn missing_spans(spans: &[Seen], routes: &[(String, String)]) -> Vec<String> {
    let mut missing = Vec::new();
    let mut needs = |is_there: bool, what: String| {
        if !is_there {
            missing.push(what);
        }
    };
    let seen: BTreeSet<_> = spans
        .iter()
        .filter(|seen| seen.service == "server" && seen.span.kind() == SpanKind::Server)
        .filter_map(|seen| {
            Some((seen.attribute("http.request.method")?, seen.attribute("http.route")?))
        })
        .collect();
    for (method, path) in routes {
        needs(seen.contains(&(method.as_str(), path.as_str())), format!("{method} {path}"));
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
    missing.extend(missing_steps(spans, &steps()));
    missing
}

fn missing_steps(spans: &[Seen], steps: &[&str]) -> Vec<String> {
    let done = |name: &String| {
        spans.iter().any(|seen| seen.service == "order-service" && seen.span.name == *name)
    };
    steps.iter().map(|step| span_of(step)).filter(|name| !done(name)).collect()
}

fn missing_series(app: &App, routes: &[(String, String)]) -> Vec<String> {
    let server = Metrics::of(app, "server");
    let order = Metrics::of(app, "order");
    let customer = Metrics::of(app, "customer");
    let mut missing = Vec::new();
    let mut needs = |metrics: &Metrics, name: &str, labels: &[(&str, &str)]| {
        if !metrics.have(name, labels) {
            missing.push(format!("{}: {name} {labels:?}", metrics.service));
        }
    };
    for (method, path) in routes {
        let labels = [("http_request_method", method.as_str()), ("http_route", path)];
        needs(&server, "http_server_request_duration_seconds_count", &labels);
    }
    for (service, method) in methods() {
        let metrics = if service == "order" { &order } else { &customer };
        needs(metrics, "rpc_server_call_duration_seconds_count", &[("rpc_method", method)]);
    }
    for step in steps() {
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
        "everything_members_left_total",
        "everything_allowances_total",
        "everything_weeks_written_total",
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
