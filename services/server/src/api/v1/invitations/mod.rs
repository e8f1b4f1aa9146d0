//! `/v1/invitations` and whose they are

pub mod list;
pub mod of_member;
pub mod withdraw;
