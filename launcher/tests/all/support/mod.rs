//! The whole system, started by its launcher as a newcomer starts it, and
//! people who use it over HTTP.

mod app;
mod database;
mod live;
pub(crate) mod otlp;
pub(crate) mod passkeys;
mod person;
pub(crate) mod topic;

pub(crate) use app::App;
pub(crate) use database::Session;
pub(crate) use live::Live;
pub(crate) use person::Person;

/// One whole system at a time: two would compete for the processor.
pub(crate) static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
