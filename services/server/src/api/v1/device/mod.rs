//! `/v1/device`: what a paired device asks for itself

pub mod show;
pub mod sign_in;
