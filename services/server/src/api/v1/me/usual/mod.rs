//! `/v1/me/usual`

pub mod order;
pub mod set;
