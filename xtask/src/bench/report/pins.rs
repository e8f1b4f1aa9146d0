//! What somebody waits for who says at a shared device who they are.

use super::{Report, Section, line, times};
use crate::bench::load::Quantiles;

impl Report {
    pub(in crate::bench) fn pins(&mut self, checks: &Quantiles) {
        let mut text = String::from(
            "\n## Checking a PIN\n\nArgon2id as `services/customer-service/src/identity/hashing.rs` \
             chose it for a Raspberry Pi 4, one check at a time, nothing else running. Milliseconds.\n\n\
             | Checks | p50 | p95 | p99 | most |\n|--:|--:|--:|--:|--:|\n",
        );
        line(&mut text, format_args!("| {} | {} |", checks.count, times(checks)));
        self.sections.insert(Section::Pins, text);
    }
}
