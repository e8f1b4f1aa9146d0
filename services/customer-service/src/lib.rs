//! customer-service: the family, how its people sign in, their beans, what they
//! are told, and statistics. It owns `customer_db`.
//!
//! The way in is [`grpc`]; it calls the use cases in [`app`], [`identity`],
//! [`notify`] and [`projections`]; those decide with `customer_domain` and
//! write through [`store`]. Events leave by the event log only.

pub mod app;
pub mod clock;
pub mod config;
pub mod events;
pub mod grpc;
pub mod identity;
pub mod metrics;
pub mod notify;
pub mod orders;
pub mod projections;
pub mod store;

mod run;

pub use run::{Service, run, start};

pub use config::Config;
