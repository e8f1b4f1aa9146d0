//! What it costs to know who asks.

use super::{Report, Section, Verdict, line};
use crate::bench::load::{Quantiles, Verified};

impl Report {
    pub(in crate::bench) fn verifying(&mut self, verified: &Verified) {
        let Verified { gateway_first, gateway_again, service_first, service_again } = verified;
        let mut text = String::from(
            "\n## Knowing who asks\n\nMicroseconds of one thread, by the code that stands at the \
             doors. A service also verifies the token of the gateway that speaks for the person. \
             Once verified, each is remembered by its hash until it expires.\n\n\
             | Verifying an access token | Calls | p50 | p95 | p99 | most |\n\
             |---|--:|--:|--:|--:|--:|\n",
        );
        for (what, times) in [
            ("at the gateway, seen first", gateway_first),
            ("at the gateway, again", gateway_again),
            ("in a service, seen first", service_first),
            ("in a service, again", service_again),
        ] {
            let Quantiles { count, p50, p95, p99, max } = times;
            line(
                &mut text,
                format_args!("| {what} | {count} | {p50:.1} | {p95:.1} | {p99:.1} | {max:.0} |"),
            );
        }
        self.sections.insert(Section::Doors, text);
        // Nearly all calls come with a token that was seen before; the first of a
        // quarter of an hour is told beside it.
        let (gateway, service) = (gateway_again.p95, service_again.p95);
        self.aim(
            "verifying an access token at the gateway and in a service: under 50 µs p95",
            format!(
                "{gateway:.1} and {service:.1} µs; seen first, {:.1} and {:.1} µs",
                gateway_first.p95, service_first.p95
            ),
            Verdict::of(gateway.max(service) < 50.0, 0),
        );
    }
}
