//! `/v1/me/passkeys`

pub mod list;
pub mod options;
pub mod register;
