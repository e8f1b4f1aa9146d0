//! Guest passes in JSON, and how a visitor comes in.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{customer::Member, time};
use crate::problem::Problem;

/// What is said with a new guest pass: nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuestPass {}

/// A pass by which visitors order on its host's beans, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestPass {
    #[schema(example = "gst_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    pub created_at: Option<DateTime<Utc>>,
    /// In the small hours: whoever came in by it is signed out then.
    pub ends_at: Option<DateTime<Utc>>,
    /// Who came in by it, first who came first.
    pub guests: Vec<Member>,
}

/// All of one's guest passes that are still good.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestPasses {
    /// Newest first.
    pub passes: Vec<GuestPass>,
}

/// A new guest pass: its secret is here and nowhere else.
#[derive(Serialize, ToSchema)]
pub struct MadeGuestPass {
    pub pass: GuestPass,
    /// For a QR code that visitors scan.
    #[schema(example = "https://coffee.local/guest/…")]
    pub link: String,
    /// The last part of the link, for `POST /v1/guest-sessions`.
    pub secret: String,
}

/// A visitor comes in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterAsGuest {
    /// The last part of the pass's link.
    #[schema(value_type = String)]
    pub secret: SecretString,
    /// As it is called out when a drink is ready.
    #[schema(max_length = 40, example = "Kim")]
    pub name: String,
    /// What the visitor's device says it is.
    #[serde(default)]
    pub device: Option<String>,
}

impl TryFrom<pb::GuestPass> for GuestPass {
    type Error = Problem;

    fn try_from(pass: pb::GuestPass) -> Result<Self, Problem> {
        let pb::GuestPass { id, created_at, ends_at, guests } = pass;
        let guests = guests.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let (created_at, ends_at) = (created_at.and_then(time), ends_at.and_then(time));
        Ok(Self { id, created_at, ends_at, guests })
    }
}

impl TryFrom<pb::ListGuestPassesResponse> for GuestPasses {
    type Error = Problem;

    fn try_from(list: pb::ListGuestPassesResponse) -> Result<Self, Problem> {
        let pb::ListGuestPassesResponse { passes } = list;
        let passes = passes.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Self { passes })
    }
}
