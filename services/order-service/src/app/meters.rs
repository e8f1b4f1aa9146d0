//! Each business step as a metric.

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};
use order_domain::{CommandKind, Event, NoticeKind, Order};

use super::{CommandError, Done};

/// The instruments of this service.
#[derive(Debug, Clone)]
pub struct Meters {
    events: Counter<u64>,
    commands: Counter<u64>,
    settlements: Counter<u64>,
    notices: Counter<u64>,
    items: Counter<u64>,
    in_state: Histogram<f64>,
}

impl Meters {
    pub fn new() -> Self {
        let meter = runtime::telemetry::meter();
        Self {
            events: meter
                .u64_counter("everything.order.events")
                .with_description("What happened to orders, by kind of event.")
                .build(),
            commands: meter
                .u64_counter("everything.order.commands")
                .with_description("Commands by kind and by what they came to.")
                .build(),
            settlements: meter
                .u64_counter("everything.order.settlements")
                .with_description("Attempts to settle an order's beans, by outcome.")
                .build(),
            notices: meter
                .u64_counter("everything.order.notices")
                .with_description("What people were told about orders, by kind.")
                .build(),
            items: meter
                .u64_counter("everything.order.items")
                .with_description("Items ordered, by menu item.")
                .build(),
            in_state: meter
                .f64_histogram("everything.order.state.duration")
                .with_unit("s")
                .with_description("How long orders stayed in a state, by state.")
                .with_boundaries(vec![
                    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0,
                    300.0, 600.0, 1_800.0, 3_600.0,
                ])
                .build(),
        }
    }

    /// A new order stands.
    pub(super) fn placed(&self, order: &Order) {
        self.events.add(1, &[KeyValue::new("kind", order.state.kind().name())]);
        for item in order.live_items() {
            self.items.add(1, &[KeyValue::new("menu_item", item.drink.slug.clone())]);
        }
    }

    /// An order changed.
    pub(super) fn happened(&self, before: &Order, after: &Order, event: &Event) {
        self.events.add(1, &[KeyValue::new("kind", event.kind())]);
        if before.state.kind() != after.state.kind()
            && let Ok(stayed) = (after.state_since - before.state_since).to_std()
        {
            let state = KeyValue::new("state", before.state.kind().name());
            self.in_state.record(stayed.as_secs_f64(), &[state]);
        }
    }

    pub(super) fn commanded(&self, kind: CommandKind, result: &Result<Done, CommandError>) {
        let outcome = match result {
            Ok(done) if done.already_so => "already-so",
            Ok(_) => "changed",
            Err(CommandError::Rejected(rejection)) => rejection.code(),
            Err(CommandError::Limited(_)) => runtime::Code::LimitReached.name(),
            Err(CommandError::NoSuchOrder) => "not-found",
            Err(CommandError::Failed(error)) => error.code.name(),
        };
        let labels = [KeyValue::new("command", kind.name()), KeyValue::new("outcome", outcome)];
        self.commands.add(1, &labels);
    }

    pub(super) fn settled(&self, outcome: &'static str) {
        self.settlements.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(super) fn notified(&self, kind: NoticeKind) {
        self.notices.add(1, &[KeyValue::new("kind", kind.name())]);
    }
}

impl Default for Meters {
    fn default() -> Self {
        Self::new()
    }
}
