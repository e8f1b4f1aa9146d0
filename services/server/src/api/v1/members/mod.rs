//! `/v1/members`

pub mod correct;
pub mod create;
pub mod day;
pub mod diet;
pub mod diner;
pub mod limits;
pub mod link;
pub mod list;
pub mod pins;
pub mod remove;
pub mod update;

use serde::Deserialize;
use types::MemberId;
use utoipa::IntoParams;

/// Which member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfMember {
    /// The member's id.
    #[param(value_type = String, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: MemberId,
}
