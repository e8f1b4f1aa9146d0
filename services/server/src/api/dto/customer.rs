//! Members, beans and notifications in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use types::MemberId;
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{nonsense, some, time};
use crate::problem::Problem;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Member,
    Barista,
    Admin,
}

impl Role {
    pub(crate) const fn wire(self) -> pb::Role {
        match self {
            Self::Member => pb::Role::Member,
            Self::Barista => pb::Role::Barista,
            Self::Admin => pb::Role::Admin,
        }
    }

    fn of_wire(number: i32) -> Result<Self, Problem> {
        match pb::Role::try_from(number) {
            Ok(pb::Role::Member) => Ok(Self::Member),
            Ok(pb::Role::Barista) => Ok(Self::Barista),
            Ok(pb::Role::Admin) => Ok(Self::Admin),
            Ok(pb::Role::Unspecified) | Err(_) => Err(nonsense("role")),
        }
    }
}

/// Whether somebody is grown up, or a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberKind {
    Adult,
    Child,
    /// With a guest pass, until the evening is over.
    Guest,
}

/// What somebody of the family can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FamilyKind {
    Adult,
    Child,
}

impl FamilyKind {
    pub(crate) const fn wire(self) -> pb::MemberKind {
        match self {
            Self::Adult => pb::MemberKind::Adult,
            Self::Child => pb::MemberKind::Child,
        }
    }
}

impl MemberKind {
    fn of_wire(number: i32) -> Result<Self, Problem> {
        match pb::MemberKind::try_from(number) {
            // A service that is older knows adults alone.
            Ok(pb::MemberKind::Adult | pb::MemberKind::Unspecified) => Ok(Self::Adult),
            Ok(pb::MemberKind::Child) => Ok(Self::Child),
            Ok(pb::MemberKind::Guest) => Ok(Self::Guest),
            Err(_) => Err(nonsense("kind of member")),
        }
    }
}

/// A member of the family, as everybody in it may see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    pub name: String,
    pub emoji: String,
    #[schema(example = "#a0522d")]
    pub colour: String,
    pub roles: Vec<Role>,
    pub kind: MemberKind,
    /// A child's: at least one.
    #[schema(example = json!([]))]
    pub guardian_ids: Vec<String>,
    /// A guest's: on whose beans they order.
    pub host_id: Option<String>,
}

/// Whoever asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    pub member: Member,
    /// Whole beans.
    pub balance_beans: i64,
}

/// The whole family.
#[derive(Debug, Serialize, ToSchema)]
pub struct Members {
    pub members: Vec<Member>,
    /// Who was one of them, and left: show them as "somebody who left".
    pub left_member_ids: Vec<String>,
}

/// Somebody who joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Chosen by who asks, so that asking again is harmless; dealt without it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: Option<MemberId>,
    #[schema(max_length = 60)]
    pub name: String,
    #[serde(default)]
    pub emoji: Option<String>,
    #[serde(default)]
    #[schema(example = "#a0522d")]
    pub colour: Option<String>,
    /// Everybody is a member besides.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// An adult without it.
    #[serde(default)]
    pub kind: Option<FamilyKind>,
    /// A child's: adults of the family, at least one.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 8)]
    pub guardian_ids: Vec<MemberId>,
}

/// What is to be different about somebody; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChanges {
    #[schema(max_length = 60)]
    pub name: Option<String>,
    pub emoji: Option<String>,
    #[schema(example = "#a0522d")]
    pub colour: Option<String>,
    /// All roles that they have from then on; everybody is a member besides.
    pub roles: Option<Vec<Role>>,
    /// Asked by an admin. With "child" go its guardians.
    pub kind: Option<FamilyKind>,
    /// All of a child's: adults of the family, at least one. A child's last
    /// guardian stays one until it has another.
    #[schema(value_type = Option<Vec<String>>, max_items = 8)]
    pub guardian_ids: Option<Vec<MemberId>>,
}

impl MemberChanges {
    /// Who looks after whom; none: it stays as it is.
    pub(crate) fn kin(&self) -> Option<pb::Kin> {
        let (kind, guardians) = (self.kind, &self.guardian_ids);
        // Only a child has guardians.
        let kind = kind.or_else(|| guardians.as_ref().map(|_| FamilyKind::Child))?;
        Some(pb::Kin {
            kind: kind.wire().into(),
            guardian_ids: guardians.iter().flatten().map(ToString::to_string).collect(),
        })
    }
}

/// Somebody leaves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaves {
    /// The name of whom is meant, as it stands: nobody goes by mistake.
    #[schema(max_length = 60)]
    pub name: String,
}

/// What one has to spend.
#[derive(Debug, Serialize, ToSchema)]
pub struct Beans {
    pub beans: i64,
    /// Nothing costs beans.
    pub free_bar: bool,
    pub stamp_card: StampCard,
}

/// Every so many coffees one is free.
#[derive(Debug, Serialize, ToSchema)]
pub struct StampCard {
    /// On the present card.
    pub stamps: u64,
    /// So many fill it.
    #[schema(example = 10)]
    pub of: u64,
    /// Cards that were filled.
    pub filled: u64,
}

/// One page of the bean ledger, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statement {
    pub entries: Vec<LedgerEntry>,
    pub next_cursor: Option<String>,
}

/// One line of the bean ledger; it never changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerEntry {
    #[schema(example = "led_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Negative: paid.
    pub beans: i64,
    /// "order", "allowance", "opening", "gift", "correction", "reward".
    #[schema(example = "order")]
    pub kind: String,
    /// What it was for: an order's id, "2026-W47", a gift's id, "coffee-10".
    pub cause: String,
    pub at: Option<DateTime<Utc>>,
    /// After this entry.
    pub balance_beans: i64,
    /// Who gave a gift or got it; the admin who corrected.
    pub other_member_id: Option<String>,
    /// A gift's message, a correction's reason.
    pub words: Option<String>,
}

/// Beans for somebody else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGift {
    /// Who gets them.
    #[schema(value_type = String, example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub member_id: MemberId,
    #[schema(minimum = 1, maximum = 100_000)]
    pub beans: i64,
    /// For them.
    #[serde(default)]
    #[schema(max_length = 140)]
    pub message: String,
}

/// A gift that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Gift {
    #[schema(example = "gft_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What is left to its giver, now.
    pub balance_beans: i64,
}

/// What an admin puts right.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// Negative: taken. It may pass the floor.
    #[schema(minimum = -100_000, maximum = 100_000)]
    pub beans: i64,
    /// For the member to read.
    #[schema(min_length = 1, max_length = 140)]
    pub reason: String,
}

/// A correction that was booked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Correction {
    #[schema(example = "cor_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The member's, now.
    pub balance_beans: i64,
}

/// One page of what one was told, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notifications {
    pub notifications: Vec<Notification>,
    pub next_cursor: Option<String>,
}

/// Something that somebody was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notification {
    #[schema(example = "ntf_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    pub order_id: Option<String>,
    #[schema(example = "ready")]
    pub kind: String,
    pub title: String,
    pub body: String,
    pub at: Option<DateTime<Utc>>,
}

impl TryFrom<pb::Member> for Me {
    type Error = Problem;

    fn try_from(member: pb::Member) -> Result<Self, Problem> {
        let balance_beans = member.balance_beans;
        Ok(Self { member: member.try_into()?, balance_beans })
    }
}

impl TryFrom<pb::Member> for Member {
    type Error = Problem;

    fn try_from(member: pb::Member) -> Result<Self, Problem> {
        let pb::Member {
            id,
            name,
            emoji,
            colour,
            roles,
            balance_beans: _,
            kind,
            guardian_ids,
            host_id,
        } = member;
        let roles = roles.into_iter().map(Role::of_wire).collect::<Result<_, _>>()?;
        let kind = MemberKind::of_wire(kind)?;
        let host_id = some(host_id);
        Ok(Self { id, name, emoji, colour, roles, kind, guardian_ids, host_id })
    }
}

impl TryFrom<pb::ListMembersResponse> for Members {
    type Error = Problem;

    fn try_from(list: pb::ListMembersResponse) -> Result<Self, Problem> {
        let pb::ListMembersResponse { members, left_member_ids } = list;
        let members = members.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Self { members, left_member_ids })
    }
}

impl From<pb::Balance> for Beans {
    fn from(balance: pb::Balance) -> Self {
        let pb::Balance { member_id: _, beans, free_bar, stamp_card } = balance;
        let pb::StampCard { stamps, of, filled } = stamp_card.unwrap_or_default();
        Self { beans, free_bar, stamp_card: StampCard { stamps, of, filled } }
    }
}

impl From<pb::GetStatementResponse> for Statement {
    fn from(statement: pb::GetStatementResponse) -> Self {
        let pb::GetStatementResponse { entries, next_cursor } = statement;
        let entries = entries
            .into_iter()
            .map(|entry| {
                let pb::LedgerEntry {
                    id,
                    beans,
                    kind,
                    cause,
                    at,
                    balance_beans,
                    other_member_id,
                    words,
                } = entry;
                LedgerEntry {
                    id,
                    beans,
                    kind,
                    cause,
                    at: at.and_then(time),
                    balance_beans,
                    other_member_id: some(other_member_id),
                    words: some(words),
                }
            })
            .collect();
        Self { entries, next_cursor: some(next_cursor) }
    }
}

impl From<pb::ListNotificationsResponse> for Notifications {
    fn from(list: pb::ListNotificationsResponse) -> Self {
        let pb::ListNotificationsResponse { notifications, next_cursor } = list;
        let notifications = notifications
            .into_iter()
            .map(|notification| {
                let pb::Notification { id, order_id, kind, title, body, at } = notification;
                let (order_id, at) = (some(order_id), at.and_then(time));
                Notification { id, order_id, kind, title, body, at }
            })
            .collect();
        Self { notifications, next_cursor: some(next_cursor) }
    }
}
