//! `/v1/menu`

pub mod search;
pub mod set_availability;
pub mod show;
