//! The real gateway on loopback, against in-test services that speak the real
//! contracts behind the real door (`runtime::grpc`): credentials, deadlines and
//! the access table are in force. What the services decide is scripted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod api;
mod api_tokens;
mod bad_input;
mod beans;
mod children;
mod fakes;
mod favourites;
mod forms;
mod fuzz;
mod guests;
mod http_client;
mod limits;
mod live;
mod numbers;
mod pages;
mod parts;
mod passkeys;
mod people;
mod privacy;
mod samples;
mod session;
mod shared;
mod tls;
mod welcome;
mod world;
