//! The whole system through its launcher, on the real engines.

#![expect(clippy::unwrap_used, reason = "what fails here is a failing test")]

mod journeys;
mod kills;
mod launcher;
mod outages;
mod settings;
mod support;
mod telemetry;
