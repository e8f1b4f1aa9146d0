//! What somebody may be served.

use customer_domain::{
    diners::{Diet, Limits},
    kin::Kin,
};
use runtime::{AppError, Caller};
use types::{MemberId, Timestamp};
use wire::customer::v1 as pb;

use crate::{
    app::{App, diners},
    store::diners::Diner,
};

pub(super) async fn get(
    app: &App,
    caller: &Caller,
    request: pb::GetDinerRequest,
) -> Result<pb::Diner, AppError> {
    let pb::GetDinerRequest { member_id } = request;
    let of = whose(caller, &member_id)?;
    Ok(wire(diners::get(app, of, caller.person()?).await?))
}

pub(super) async fn list(
    app: &App,
    request: pb::ListDinersRequest,
) -> Result<pb::ListDinersResponse, AppError> {
    let pb::ListDinersRequest {} = request;
    let diners = diners::all(app).await?;
    Ok(pb::ListDinersResponse { diners: diners.into_iter().map(wire).collect() })
}

pub(super) async fn set_limits(
    app: &App,
    caller: &Caller,
    request: pb::SetLimitsRequest,
    now: Timestamp,
) -> Result<pb::Diner, AppError> {
    let pb::SetLimitsRequest { member_id, limits } = request;
    let of = super::member("member_id", &member_id)?;
    let limits = limits.ok_or_else(|| {
        AppError::invalid("limits", "required", "say what the child may have; nothing: {}")
    })?;
    let limits = read_limits(limits)?;
    Ok(wire(diners::set_limits(app, of, limits, caller.person()?, now).await?))
}

pub(super) async fn set_diet(
    app: &App,
    caller: &Caller,
    request: pb::SetDietRequest,
    now: Timestamp,
) -> Result<pb::Diner, AppError> {
    let pb::SetDietRequest { member_id, diet } = request;
    let of = whose(caller, &member_id)?;
    let pb::Diet { avoids, vegan } = diet.unwrap_or_default();
    let diet = Diet { avoids: avoids.into_iter().collect(), vegan };
    Ok(wire(diners::set_diet(app, of, diet, caller.person()?, now).await?))
}

/// Of whom it is; whether it is the caller's business, the domain says.
fn whose(caller: &Caller, member_id: &str) -> Result<MemberId, AppError> {
    match member_id {
        "" => Ok(caller.person()?.member),
        id => super::member("member_id", id),
    }
}

fn read_limits(wire: pb::Limits) -> Result<Limits, AppError> {
    let pb::Limits { drinks, caffeine_mg, decaf_after, only } = wire;
    let number = |field: &str, value: Option<i32>| {
        let positive = value.map(u32::try_from).transpose();
        positive.map_err(|_| AppError::invalid(field, "out-of-range", "not below 0"))
    };
    Ok(Limits {
        drinks: number("limits.drinks", drinks)?,
        caffeine_mg: number("limits.caffeine_mg", caffeine_mg)?,
        decaf_after: number("limits.decaf_after", decaf_after)?,
        only: only.map(|pb::Slugs { slugs }| slugs.into_iter().collect()),
    })
}

fn wire(diner: Diner) -> pb::Diner {
    let Diner { member, kin, limits, diet } = diner;
    let Limits { drinks, caffeine_mg, decaf_after, only } = limits;
    let Diet { avoids, vegan } = diet;
    let number = |value: Option<u32>| value.and_then(|value| i32::try_from(value).ok());
    let limits = pb::Limits {
        drinks: number(drinks),
        caffeine_mg: number(caffeine_mg),
        decaf_after: number(decaf_after),
        only: only.map(|only| pb::Slugs { slugs: only.into_iter().collect() }),
    };
    pb::Diner {
        member_id: member.to_string(),
        kind: match kin {
            Kin::Adult => pb::MemberKind::Adult,
            Kin::Child { .. } => pb::MemberKind::Child,
            Kin::Guest { .. } => pb::MemberKind::Guest,
        }
        .into(),
        guardian_ids: match &kin {
            Kin::Guest { host } => vec![host.to_string()],
            Kin::Adult | Kin::Child { .. } => kin.guardians().map(|id| id.to_string()).collect(),
        },
        limits: kin.is_child().then_some(limits),
        diet: Some(pb::Diet { avoids: avoids.into_iter().collect(), vegan }),
    }
}
