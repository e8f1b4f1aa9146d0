//! Personal API tokens in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{nonsense, time};
use crate::problem::Problem;

/// A personal API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiToken {
    #[schema(example = "tok_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    #[schema(example = "iPhone, my usual")]
    pub name: String,
    #[schema(example = "usual")]
    pub scope: String,
    pub created_at: Option<DateTime<Utc>>,
    /// To some 15 minutes; absent: never.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// All of one's tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiTokens {
    /// Made last first.
    pub tokens: Vec<ApiToken>,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiToken {
    /// For whom or what it is.
    #[schema(max_length = 60)]
    pub name: String,
    /// `usual`: places the usual. `read-orders`: reads one's orders. `reports`, for
    /// an admin: reads the family's reports.
    #[schema(example = "usual")]
    pub scope: String,
}

/// A new token: its secret is here and nowhere else.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeApiToken {
    pub token: ApiToken,
    /// Send it as a bearer token.
    #[schema(example = "evt_…")]
    pub secret: String,
}

impl From<pb::ApiToken> for ApiToken {
    fn from(token: pb::ApiToken) -> Self {
        let pb::ApiToken { id, name, scope, created_at, last_used_at } = token;
        Self {
            id,
            name,
            scope,
            created_at: created_at.and_then(time),
            last_used_at: last_used_at.and_then(time),
        }
    }
}

impl From<pb::ListApiTokensResponse> for ApiTokens {
    fn from(list: pb::ListApiTokensResponse) -> Self {
        let pb::ListApiTokensResponse { tokens } = list;
        Self { tokens: tokens.into_iter().map(Into::into).collect() }
    }
}

impl TryFrom<pb::CreateApiTokenResponse> for MadeApiToken {
    type Error = Problem;

    fn try_from(made: pb::CreateApiTokenResponse) -> Result<Self, Problem> {
        let pb::CreateApiTokenResponse { token, secret } = made;
        let token = token.ok_or_else(|| nonsense("made no token"))?.into();
        Ok(Self { token, secret })
    }
}
