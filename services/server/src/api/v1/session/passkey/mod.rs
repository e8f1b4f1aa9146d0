//! `/v1/session/passkey`

pub mod create;
pub mod options;
