//! `/v1/members/{id}/pins`

pub mod list;
pub mod remove;
pub mod set;

use serde::Deserialize;
use types::MemberId;
use utoipa::IntoParams;

use crate::api::dto::device::PinKind;

/// Whose, and for which kind of device.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfPin {
    /// The member's id.
    #[param(value_type = String, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: MemberId,
    /// `digits` for the counter, `pictures` for the kiosk.
    pub kind: PinKind,
}
