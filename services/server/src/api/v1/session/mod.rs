//! `/v1/session`: for clients that keep their tokens themselves. Pages have
//! cookies instead (`src/pages/`).

pub mod create;
pub mod delete;
pub mod join;
pub mod passkey;
pub mod refresh;
