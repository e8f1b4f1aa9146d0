//! `/v1/notifications`

pub mod list;
