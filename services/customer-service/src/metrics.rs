//! What the business does, as numbers: one instrument per step.

use std::sync::LazyLock;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram},
};
use runtime::telemetry::{meter, seconds};

use crate::store::ledger::NewEntry;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $metric:literal, $description:literal;)*) => {$(
        $(#[$doc])*
        pub static $name: LazyLock<Counter<u64>> = LazyLock::new(|| {
            meter().u64_counter($metric).with_description($description).build()
        });
    )*};
}

counters! {
    /// By `outcome`: signed-in, refused, too-many-attempts.
    SIGN_INS = "everything.sign_ins", "Sign-in links that were tried.";
    /// By `outcome`: registered, signed-in, removed, too-late, unknown, taken, refused,
    /// counter-went-back.
    PASSKEYS = "everything.passkeys", "Passkeys that were made, used and removed, or were not.";
    /// By `outcome`: started, approved, refused, paired, ended.
    PAIRINGS = "everything.device_pairings", "What became of shared devices.";
    /// By `outcome`: came, refused, gone.
    GUESTS = "everything.guests", "Who came in by a guest pass, and went.";
    /// By `outcome`: right, wrong, waiting, none.
    PINS = "everything.pins_tried", "PINs that were tried at shared devices.";
    /// By `outcome`: rotated, repeated, replaced, family-revoked, expired, over, unknown.
    REFRESHES = "everything.token_refreshes", "Refresh tokens that were presented.";
    SIGN_OUTS = "everything.sign_outs", "Sessions that were ended by their owner.";
    MEMBERS_JOINED = "everything.members_joined", "Members who joined.";
    MEMBERS_LEFT = "everything.members_left", "Members who were taken out of the family.";
    /// By `outcome` (settled, refused, repeated, superseded, invalid) and `path` (direct, locked).
    SETTLEMENTS = "everything.settlements", "Claims of orders that were decided.";
    /// By `kind` and `direction` (in, out), as seen by the member.
    BEANS_BOOKED = "everything.beans_booked", "Beans that were booked.";
    /// By `kind` (gift, correction) and `outcome` (booked, repeated).
    TRANSFERS = "everything.bean_transfers", "Gifts and corrections that were asked for.";
    /// By `outcome`: granted, already, not-due.
    ALLOWANCES = "everything.allowances", "Weekly allowances that were looked at.";
    /// By `outcome`: written, already.
    WEEKS_WRITTEN = "everything.weeks_written", "Weeks that were summed up.";
    /// By `kind`.
    NOTIFICATIONS = "everything.notifications_recorded", "Notifications that were recorded.";
    /// By `outcome`: counted, repeated, set-aside.
    EVENTS_CONSUMED = "everything.events_consumed", "Order events that were consumed.";
    CONSUMER_PAUSES = "everything.consumer_pauses", "Partitions paused after a transient failure.";
    /// By `outcome`: replayed, failed.
    DEAD_LETTERS_REPLAYED = "everything.dead_letters_replayed", "Dead letters that were tried again.";
    REBUILDS = "everything.projection_rebuilds", "Times the projections were begun anew.";
    KEYS_MADE = "everything.signing_keys_made", "Signing keys that were published.";
}

/// How long a batch of events takes.
pub static BATCH_SECONDS: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    seconds("everything.projection_batch.duration", "One batch of order events, with its commit.")
});

/// By `partition`.
pub static CONSUMER_LAG: LazyLock<Gauge<i64>> = LazyLock::new(|| {
    meter()
        .i64_gauge("everything.consumer_lag")
        .with_description("Events of a partition that are not consumed yet.")
        .build()
});

/// The one label that most counters have.
pub fn outcome(name: &'static str) -> [KeyValue; 1] {
    [KeyValue::new("outcome", name)]
}

/// Counts an entry that was committed.
pub fn booked(entry: &NewEntry) {
    let (direction, beans) = match entry.beans.count() {
        beans if beans < 0 => ("out", beans.unsigned_abs()),
        beans => ("in", beans.unsigned_abs()),
    };
    BEANS_BOOKED.add(
        beans,
        &[KeyValue::new("kind", entry.kind.name()), KeyValue::new("direction", direction)],
    );
}
