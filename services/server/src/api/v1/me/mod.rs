//! `/v1/me`

pub mod beans;
pub mod show;
pub mod statement;
pub mod stats;
