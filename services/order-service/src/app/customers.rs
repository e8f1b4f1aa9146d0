//! customer-service, asked under this service's own credential.

use std::{collections::BTreeSet, time::Duration};

use chrono::NaiveTime;
use order_domain::{Age, DayLimits, Diet, Diner, DrinkRequest, Notice, Order};
use runtime::AppError;
use types::{Beans, FavouriteId, MemberId, Role, Roles};
use wire::customer::v1::{self as pb, customer_service_client::CustomerServiceClient};

/// How long one call may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// What settling was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Now, or by the same call before.
    Settled,
    /// A newer revision was settled; nothing was booked.
    Superseded,
    /// A first settlement, and the balance would pass the floor.
    Refused,
}

/// The calls that this service makes of customer-service.
#[derive(Debug, Clone)]
pub struct Customers {
    client: CustomerServiceClient<runtime::grpc::Channel>,
}

impl Customers {
    pub fn new(channel: runtime::grpc::Channel) -> Self {
        Self { client: CustomerServiceClient::new(channel) }
    }

    /// Brings the ledger to what an order owes at its present revision. One call.
    pub async fn settle(&self, order: &Order) -> Result<Answer, AppError> {
        let request = pb::SettleRequest {
            order_id: order.id.to_string(),
            member_id: order.placed_by.to_string(),
            revision: order.revision,
            owed_beans: order.owed().count(),
        };
        let mut client = self.client.clone();
        let pb::SettleResponse { settlement, balance_beans: _ } =
            client.settle(with_deadline(request)).await?.into_inner();
        match pb::Settlement::try_from(settlement) {
            Ok(pb::Settlement::Settled) => Ok(Answer::Settled),
            Ok(pb::Settlement::Superseded) => Ok(Answer::Superseded),
            Ok(pb::Settlement::Refused) => Ok(Answer::Refused),
            Ok(pb::Settlement::Unspecified) | Err(_) => {
                Err(AppError::internal("customer-service answered no settlement that is known"))
            }
        }
    }

    /// Has something recorded for these people. One call.
    pub async fn notify(&self, order: &Order, notice: &Notice) -> Result<(), AppError> {
        let Notice { kind, members, roles, reason } = notice;
        let request = pb::NotifyRequest {
            order_id: order.id.to_string(),
            order_version: order.entered,
            order_number: i32::try_from(order.number).unwrap_or(i32::MAX),
            kind: kind.name().to_owned(),
            member_ids: members.iter().map(ToString::to_string).collect(),
            roles: roles.iter().map(|role| role_to_wire(*role).into()).collect(),
            reason: reason.clone().unwrap_or_default(),
        };
        let mut client = self.client.clone();
        let pb::NotifyResponse { recorded: _ } =
            client.notify(with_deadline(request)).await?.into_inner();
        Ok(())
    }

    /// A member's favourite as it was kept, and what it cost then; none: the usual.
    /// One call, for which a person waits.
    pub async fn favourite(
        &self,
        member: MemberId,
        favourite: Option<FavouriteId>,
    ) -> Result<(DrinkRequest, Beans), AppError> {
        let request = pb::GetFavouriteRequest {
            member_id: member.to_string(),
            favourite_id: favourite.map(|id| id.to_string()).unwrap_or_default(),
        };
        let mut client = self.client.clone();
        let kept = client.get_favourite(with_deadline(request)).await?.into_inner();
        let pb::Favourite {
            id: _,
            name: _,
            menu_item_id: menu_item,
            slug: _,
            drink: _,
            size,
            milk,
            extras,
            summary: _,
            note,
            price_beans,
            kept_at: _,
            usual: _,
            now: _,
        } = kept;
        let item = DrinkRequest { menu_item, size, milk, extras, note, recipient: None };
        Ok((item, Beans::new(price_beans)))
    }

    /// Who there is, with their roles. One call.
    pub async fn members(&self) -> Result<Vec<(MemberId, Roles)>, AppError> {
        let mut client = self.client.clone();
        let pb::ListMembersResponse { members, left_member_ids: _ } =
            client.list_members(with_deadline(pb::ListMembersRequest {})).await?.into_inner();
        Ok(members
            .into_iter()
            .filter_map(|member| {
                let roles = member.roles().filter_map(role_from_wire).collect();
                Some((member.id.parse().ok()?, roles))
            })
            .collect())
    }

    /// What everybody may be served. One call.
    pub async fn diners(&self) -> Result<Vec<Diner>, AppError> {
        let mut client = self.client.clone();
        let pb::ListDinersResponse { diners } =
            client.list_diners(with_deadline(pb::ListDinersRequest {})).await?.into_inner();
        diners.into_iter().map(diner_from_wire).collect()
    }

    /// Grants what is due in a week ("2026-W47"; empty: the present one); answers
    /// how many members got it now. One call.
    pub async fn grant_due_allowances(&self, iso_week: &str) -> Result<u32, AppError> {
        let request = pb::GrantDueAllowancesRequest { iso_week: iso_week.to_owned() };
        let mut client = self.client.clone();
        let pb::GrantDueAllowancesResponse { granted, already: _ } =
            client.grant_due_allowances(with_deadline(request)).await?.into_inner();
        Ok(granted.unsigned_abs())
    }

    /// Sums a week up and writes it down ("2026-W47"; empty: the last that is
    /// over); answers whether that was news. One call.
    pub async fn write_family_week(&self, iso_week: &str) -> Result<bool, AppError> {
        let request = pb::WriteFamilyWeekRequest { iso_week: iso_week.to_owned() };
        let mut client = self.client.clone();
        let pb::WriteFamilyWeekResponse { iso_week: _, already_so } =
            client.write_family_week(with_deadline(request)).await?.into_inner();
        Ok(!already_so)
    }
}

fn diner_from_wire(wire: pb::Diner) -> Result<Diner, AppError> {
    let nonsense = |_| AppError::internal("customer-service named somebody by no id of ours");
    let kind = wire.kind();
    let pb::Diner { member_id, kind: _, guardian_ids, limits, diet } = wire;
    let guardians = guardian_ids.iter().map(|id| id.parse().map_err(nonsense));
    let guardians = guardians.collect::<Result<Vec<MemberId>, AppError>>()?;
    let limits = limits_from_wire(limits.unwrap_or_default());
    let pb::Diet { avoids, vegan } = diet.unwrap_or_default();
    Ok(Diner {
        member: member_id.parse().map_err(nonsense)?,
        age: match (kind, guardians.first()) {
            (pb::MemberKind::Child, _) => Age::Child { guardians, limits },
            (pb::MemberKind::Guest, Some(host)) => Age::Guest { host: *host },
            _ => Age::Adult,
        },
        diet: Diet { avoids: avoids.into_iter().collect(), vegan },
    })
}

fn limits_from_wire(wire: pb::Limits) -> DayLimits {
    let pb::Limits { drinks, caffeine_mg, decaf_after, only } = wire;
    let time = |minute: u32| NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0);
    DayLimits {
        drinks: drinks.map(i32::unsigned_abs),
        caffeine_mg: caffeine_mg.map(i32::unsigned_abs),
        decaf_after: decaf_after.and_then(|minute| time(minute.unsigned_abs().min(24 * 60 - 1))),
        only: only.map(|pb::Slugs { slugs }| slugs.into_iter().collect::<BTreeSet<_>>()),
    }
}

fn with_deadline<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

const fn role_to_wire(role: Role) -> pb::Role {
    match role {
        Role::Member => pb::Role::Member,
        Role::Barista => pb::Role::Barista,
        Role::Admin => pb::Role::Admin,
    }
}

const fn role_from_wire(role: pb::Role) -> Option<Role> {
    match role {
        pb::Role::Unspecified => None,
        pb::Role::Member => Some(Role::Member),
        pb::Role::Barista => Some(Role::Barista),
        pb::Role::Admin => Some(Role::Admin),
    }
}
