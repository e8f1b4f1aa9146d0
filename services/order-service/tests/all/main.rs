//! order-service as it really is: PostgreSQL, gRPC over the loopback, real tokens.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod again;
mod bar;
mod children;
mod commands;
mod customer;
mod door;
mod guests;
mod house;
mod line;
mod live;
mod menu;
mod outages;
mod placing;
mod privacy;
mod reading;
mod replicas;
mod settling;
mod workflow;
