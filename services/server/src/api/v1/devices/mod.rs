//! `/v1/devices`: the house's shared devices, for whoever runs it

pub mod end;
pub mod list;
