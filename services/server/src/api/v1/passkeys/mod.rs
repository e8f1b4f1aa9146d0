//! `/v1/passkeys` and whose they are

pub mod of_member;
pub mod remove;
