//! REST. Each endpoint is one file under `v1/`; [`access`] is the table of who
//! may call which, without which nothing is registered.

pub mod access;
pub mod dto;
pub mod v1;

use axum::Router;

use crate::App;

/// The routes of the API.
pub fn router() -> Router<App> {
    v1::endpoints().into_router()
}
