//! `/v1/display`

pub mod show;
