//! Sign-in in JSON, for clients that keep their tokens themselves.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{nonsense, some, time};
use crate::problem::Problem;

/// The secret of a one-time link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The last part of the link.
    #[schema(value_type = String)]
    pub secret: SecretString,
    /// What the list of one's devices calls this one.
    #[serde(default)]
    pub device: Option<String>,
}

/// A code that was typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Six digits; spaces and hyphens between them do not matter.
    #[schema(value_type = String, example = "012 345")]
    pub code: SecretString,
    /// What the list of one's devices calls this one.
    #[serde(default)]
    pub device: Option<String>,
}

/// The refresh token in the body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(value_type = String)]
    pub refresh_token: SecretString,
}

/// The refresh token in the body, or none where a cookie holds it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<SecretString>,
}

/// Where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sessions {
    /// Used last first.
    pub sessions: Vec<Session>,
}

/// One sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    #[schema(example = "ses_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What the device said it is.
    pub device: String,
    /// What the sign-in may be used for.
    #[schema(example = "full")]
    pub scope: String,
    pub created_at: Option<DateTime<Utc>>,
    /// To some 15 minutes.
    pub last_used_at: Option<DateTime<Utc>>,
    /// It is the one that asks.
    pub current: bool,
}

impl From<pb::ListSessionsResponse> for Sessions {
    fn from(list: pb::ListSessionsResponse) -> Self {
        let pb::ListSessionsResponse { sessions } = list;
        let sessions = sessions
            .into_iter()
            .map(|session| {
                let pb::Session { id, device, scope, created_at, last_used_at, current } = session;
                let (created_at, last_used_at) =
                    (created_at.and_then(time), last_used_at.and_then(time));
                Session { id, device, scope, created_at, last_used_at, current }
            })
            .collect();
        Self { sessions }
    }
}

/// A new pair of tokens; the one before it is used up.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    pub access_expires_at: DateTime<Utc>,
    /// For the next `/v1/session/refresh`, once.
    pub refresh_token: String,
    pub refresh_expires_at: DateTime<Utc>,
    /// Who signed in; null: a paired device.
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub member: Option<String>,
}

impl TryFrom<pb::TokenPair> for Tokens {
    type Error = Problem;

    fn try_from(pair: pb::TokenPair) -> Result<Self, Problem> {
        let pb::TokenPair {
            access_token,
            access_expires_at,
            refresh_token,
            refresh_expires_at,
            member_id,
        } = pair;
        let at = |at: Option<_>| at.and_then(time).ok_or_else(|| nonsense("tokens without end"));
        Ok(Self {
            access_token,
            access_expires_at: at(access_expires_at)?,
            refresh_token,
            refresh_expires_at: at(refresh_expires_at)?,
            member: some(member_id),
        })
    }
}
