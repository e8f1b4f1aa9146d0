//! `/v1/reports`

pub mod show;
