//! `/v1/family`

pub mod boards;
pub mod week;
