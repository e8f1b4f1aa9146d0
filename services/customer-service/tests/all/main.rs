//! customer-service against the real engines: a database, and where events are
//! needed topics, of its own for each test. Run with `cargo xtask test`.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot go on fails the test")]

mod access;
mod dead_letters;
mod events;
mod family;
mod heard;
mod house;
mod identity;
mod ledger;
mod notifications;
mod projections;
mod secrets;
mod topic;
