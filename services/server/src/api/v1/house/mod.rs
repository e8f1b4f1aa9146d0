//! `/v1/house`

pub mod set;
pub mod show;
