//! `/v1/me/guest-passes`

pub mod create;
pub mod end;
pub mod list;
