//! `/v1/me/tokens`

pub mod create;
pub mod list;
pub mod revoke;
