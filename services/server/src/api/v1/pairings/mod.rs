//! `/v1/pairings`: how a shared device is paired, as RFC 8628 does it

pub mod approve;
pub mod finish;
pub mod refuse;
pub mod show;
pub mod start;

use serde::Deserialize;
use utoipa::IntoParams;

/// Which code.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfCode {
    /// What the device shows; small letters and without its hyphen, too.
    #[param(example = "WDJB-MJHT")]
    pub code: String,
}
