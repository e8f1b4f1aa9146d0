//! `/v1/guest-sessions`

pub mod create;
