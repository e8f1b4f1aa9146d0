//! `/v1/bar`

pub mod set;
pub mod show;
