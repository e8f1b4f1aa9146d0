//! `/v1/me`

pub mod beans;
pub mod boards;
pub mod export;
pub mod favourites;
pub mod give;
pub mod guest_passes;
pub mod passkeys;
pub mod show;
pub mod statement;
pub mod stats;
pub mod tokens;
pub mod usual;
