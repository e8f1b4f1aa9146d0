//! What one tap on a phone causes is one trace.

use std::collections::HashMap;

use serde_json::{Value, json};
use ureq::http;

use super::{eventually_nothing_is_missing, walk::Walk};
use crate::support::{
    App, Person,
    otlp::{Collector, Seen, SpanKind},
};

/// Cleo's tap tells the baristas, Ada's tells Cleo: each is one trace, from the
/// phone through every part to the notification.
pub(super) fn a_tap_is_one_trace_as_far_as_the_notification(
    walk: &Walk<'_>,
    collector: &Collector,
) {
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
