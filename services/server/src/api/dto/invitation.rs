//! Links and codes in JSON, and who has not used theirs yet.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{customer::Member, nonsense, time};
use crate::problem::Problem;

/// A sign-in link to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignInLink {
    /// What it is for, in a few words.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub label: Option<String>,
    /// 24 hours without; 30 days at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub valid_seconds: Option<i32>,
    /// Six digits besides, to be typed, good for half an hour.
    #[serde(default)]
    pub with_code: bool,
    /// The member's other devices are signed out when it is used: they are lost.
    #[serde(default)]
    pub ends_others: bool,
}

/// A sign-in link. Whoever opens it first is signed in.
#[derive(Serialize, ToSchema)]
pub struct SignInLink {
    /// Shown once; its last part is the secret for `POST /v1/session`.
    #[schema(example = "https://coffee.local/sign-in/…")]
    pub link: String,
    pub expires_at: DateTime<Utc>,
    /// To take it back by.
    #[schema(example = "inv_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// For `POST /v1/session/code`, where one was asked for; used up with the link.
    pub code: Option<String>,
    pub code_expires_at: Option<DateTime<Utc>>,
}

/// The links and codes of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitations {
    /// Newest first.
    pub invitations: Vec<Invitation>,
}

/// A link, perhaps with a code, that may still be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    #[schema(example = "inv_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    pub label: String,
    pub created_at: Option<DateTime<Utc>>,
    /// Good until it is used where there is none.
    pub expires_at: Option<DateTime<Utc>>,
    /// Of its code, where that may still be typed.
    pub code_expires_at: Option<DateTime<Utc>>,
}

impl From<Vec<pb::Invitation>> for Invitations {
    fn from(invitations: Vec<pb::Invitation>) -> Self {
        Self { invitations: invitations.into_iter().map(Invitation::from).collect() }
    }
}

impl From<pb::Invitation> for Invitation {
    fn from(invitation: pb::Invitation) -> Self {
        let pb::Invitation { id, label, created_at, expires_at, code_expires_at } = invitation;
        let (created_at, expires_at) = (created_at.and_then(time), expires_at.and_then(time));
        let code_expires_at = code_expires_at.and_then(time);
        Self { id, label, created_at, expires_at, code_expires_at }
    }
}

/// Who was invited and has not come yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitedMembers {
    /// By name.
    pub invited: Vec<Invited>,
}

/// Somebody who never signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    pub member: Member,
    /// What they may still use, newest first. None: they need another.
    pub invitations: Vec<Invitation>,
}

impl TryFrom<pb::ListInvitedResponse> for InvitedMembers {
    type Error = Problem;

    fn try_from(list: pb::ListInvitedResponse) -> Result<Self, Problem> {
        let pb::ListInvitedResponse { invited } = list;
        Ok(Self { invited: invited.into_iter().map(Invited::try_from).collect::<Result<_, _>>()? })
    }
}

impl TryFrom<pb::Invited> for Invited {
    type Error = Problem;

    fn try_from(invited: pb::Invited) -> Result<Self, Problem> {
        let pb::Invited { member, invitations } = invited;
        let member = member.ok_or_else(|| nonsense("invited nobody"))?.try_into()?;
        Ok(Self { member, invitations: invitations.into_iter().map(Invitation::from).collect() })
    }
}
