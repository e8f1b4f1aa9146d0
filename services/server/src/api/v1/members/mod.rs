//! `/v1/members`

pub mod list;
