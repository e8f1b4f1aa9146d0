//! customer-service against the real engines: a database, and where events are
//! needed topics, of its own for each test. Run with `cargo xtask test`.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot go on fails the test")]

mod access;
mod api_tokens;
mod children;
mod codes;
mod dead_letters;
mod devices;
mod diners;
mod door;
mod events;
mod family;
mod favourites;
mod fuzz;
mod gifts;
mod guests;
mod heard;
mod house;
mod house_settings;
mod identity;
mod ledger;
mod loyalty;
mod notifications;
mod passkeys;
mod privacy;
mod projections;
mod secrets;
mod stats;
mod topic;
