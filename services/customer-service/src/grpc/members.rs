//! Members.

use customer_domain::{
    kin::Kin,
    member::{Card, CardError},
};
use runtime::{AppError, Caller};
use types::{Beans, MemberId, Role, Roles, Timestamp};
use wire::customer::v1 as pb;

use super::{member, roles, wire_roles};
use crate::{
    app::{
        App,
        members::{self, Changes, Joining},
    },
    store::members::Member,
};

/// More than anybody starts with.
const MOST_OPENING: i64 = 1_000_000;

pub(super) async fn me(
    app: &App,
    caller: &Caller,
    request: pb::GetMeRequest,
) -> Result<pb::Member, AppError> {
    let pb::GetMeRequest {} = request;
    let me = members::get(app, caller.person()?.member).await?;
    Ok(card(&me, Balance::Shown))
}

pub(super) async fn list(
    app: &App,
    caller: &Caller,
    request: pb::ListMembersRequest,
) -> Result<pb::ListMembersResponse, AppError> {
    let pb::ListMembersRequest {} = request;
    let may_see = |id: MemberId| match &caller.person {
        Some(person) if person.member == id || person.is(Role::Admin) => Balance::Shown,
        Some(_) | None => Balance::Hidden,
    };
    let members = members::all(app).await?;
    let members = members.iter().map(|member| card(member, may_see(member.id))).collect();
    let left = members::left(app).await?;
    let left_member_ids = left.iter().map(ToString::to_string).collect();
    Ok(pb::ListMembersResponse { members, left_member_ids })
}

pub(super) async fn create(
    app: &App,
    request: pb::CreateMemberRequest,
    now: Timestamp,
) -> Result<pb::Member, AppError> {
    let pb::CreateMemberRequest {
        id,
        name,
        emoji,
        colour,
        roles: wanted,
        opening_beans,
        kind,
        guardian_ids,
    } = request;
    let id = if id.is_empty() { MemberId::new() } else { member("id", &id)? };
    let card = Card::parse(&name, &emoji, &colour).map_err(|error: CardError| {
        AppError::invalid(error.field(), "malformed", error.to_string())
    })?;
    let wanted = roles("roles", &wanted)?;
    // Everybody who joins is a member, whatever else they are.
    let wanted: Roles = wanted.iter().chain([Role::Member]).collect();
    if !(0..=MOST_OPENING).contains(&opening_beans) {
        let message = format!("from 0 to {MOST_OPENING}");
        return Err(AppError::invalid("opening_beans", "out-of-range", message));
    }
    let kin = kin(kind, &guardian_ids)?.unwrap_or(Kin::Adult);
    let joining = Joining { id, card, roles: wanted, kin, opening: Beans::new(opening_beans) };
    let member = members::create(app, joining, now).await?;
    Ok(self::card(&member, Balance::Shown))
}

pub(super) async fn update(
    app: &App,
    caller: &Caller,
    request: pb::UpdateMemberRequest,
    now: Timestamp,
) -> Result<pb::Member, AppError> {
    let pb::UpdateMemberRequest { member_id, name, emoji, colour, roles: wanted, kin } = request;
    let id = member("member_id", &member_id)?;
    let wanted =
        wanted.map(|pb::RoleSet { roles }| self::roles("roles.roles", &roles)).transpose()?;
    let kin = match kin {
        None => None,
        Some(pb::Kin { kind, guardian_ids }) => {
            Some(self::kin(kind, &guardian_ids)?.ok_or_else(|| {
                AppError::invalid("kind", "required", "say whether it is an adult or a child")
            })?)
        }
    };
    let changes = Changes { name, emoji, colour, roles: wanted, kin };
    let member = members::update(app, id, changes, caller.person()?, now).await?;
    Ok(self::card(&member, Balance::Shown))
}

/// Who somebody is to be; none: it was not said.
fn kin(kind: i32, guardian_ids: &[String]) -> Result<Option<Kin>, AppError> {
    let guardians = guardian_ids
        .iter()
        .enumerate()
        .map(|(at, id)| super::member(&format!("guardian_ids[{at}]"), id));
    let guardians = guardians.collect::<Result<_, AppError>>()?;
    let adult = |kin| match guardian_ids {
        [] => Ok(kin),
        _ => Err(AppError::invalid("guardian_ids", "guarded-adult", "an adult has no guardians")),
    };
    match pb::MemberKind::try_from(kind) {
        Ok(pb::MemberKind::Unspecified) => adult(None),
        Ok(pb::MemberKind::Adult) => adult(Some(Kin::Adult)),
        Ok(pb::MemberKind::Child) => Ok(Some(Kin::Child { guardians })),
        Ok(pb::MemberKind::Guest) => {
            let message = "a guest comes in by a pass; a member is an adult or a child";
            Err(AppError::invalid("kind", "guest", message))
        }
        Err(_) => Err(AppError::invalid("kind", "unknown", "there is no such kind of member")),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Balance {
    Shown,
    Hidden,
}

pub(super) fn card(member: &Member, balance: Balance) -> pb::Member {
    let Card { name, emoji, colour } = member.card.clone();
    pb::Member {
        id: member.id.to_string(),
        name,
        emoji,
        colour,
        roles: wire_roles(member.roles),
        balance_beans: match balance {
            Balance::Shown => member.balance.count(),
            Balance::Hidden => 0,
        },
        kind: match member.kin {
            Kin::Adult => pb::MemberKind::Adult,
            Kin::Child { .. } => pb::MemberKind::Child,
            Kin::Guest { .. } => pb::MemberKind::Guest,
        }
        .into(),
        guardian_ids: member.kin.guardians().map(|id| id.to_string()).collect(),
        host_id: match member.kin {
            Kin::Guest { host } => host.to_string(),
            Kin::Adult | Kin::Child { .. } => String::new(),
        },
    }
}
