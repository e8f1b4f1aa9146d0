//! `/v1/members/{id}/pins`

pub mod list;
pub mod remove;
pub mod set;

use serde::{
    Deserialize,
    de::{IntoDeserializer, value},
};
use types::MemberId;
use utoipa::IntoParams;

use crate::{api::dto::device::PinKind, problem::Problem};

/// Whose, and for which kind of device.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfPin {
    /// The member's id.
    #[param(value_type = String, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: MemberId,
    /// `digits` for the counter, `pictures` for the kiosk.
    #[param(inline, value_type = PinKind)]
    kind: String,
}

impl OfPin {
    /// Which of the two it is, or a problem that names the parameter.
    pub fn kind(&self) -> Result<PinKind, Problem> {
        let kind: value::StrDeserializer<'_, value::Error> = self.kind.as_str().into_deserializer();
        PinKind::deserialize(kind)
            .map_err(|_| Problem::invalid("path:kind", "invalid", "digits or pictures"))
    }
}
