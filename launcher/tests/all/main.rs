//! The whole system through its launcher, on the real engines.

mod journeys;
mod kills;
mod launcher;
mod outages;
mod support;
