//! `/v1/sessions` and whose they are

pub mod end;
pub mod of_me;
pub mod of_member;
