//! What somebody may be served: said by guardians of children, and by adults of
//! themselves; kept and obeyed by order-service.
//!
//! Costs: reading is one statement, setting three.

use customer_domain::{
    diners::{self, Absurd, By, Diet, Limits, NotYours},
    pins::{self, PinKind},
};
use runtime::{AppError, Code, Person, postgres::timed};
use types::{MemberId, Timestamp};

use super::App;
use crate::store::diners::{self as store, Diner};

/// Everybody, for order-service.
pub async fn all(app: &App) -> Result<Vec<Diner>, AppError> {
    Ok(timed("diners.all", store::all(&app.pool)).await?)
}

/// One's own; a child's for its guardian; anybody's for an admin.
pub async fn get(app: &App, of: MemberId, by: &Person) -> Result<Diner, AppError> {
    let diner = find(app, of).await?;
    diners::may_read(of, &diner.kin, asking(by)).map_err(refused)?;
    Ok(diner)
}

/// What a child may have on one day, from now on.
pub async fn set_limits(
    app: &App,
    of: MemberId,
    limits: Limits,
    by: &Person,
    now: Timestamp,
) -> Result<Diner, AppError> {
    let diner = find(app, of).await?;
    diners::may_limit(of, &diner.kin, asking(by)).map_err(refused)?;
    let limits = limits.parse().map_err(absurd)?;
    let put = store::put_limits(&app.pool, of, &limits, by.member, now);
    timed("diners.limits", put).await?;
    tracing::info!(member.id = %of, by = %by.member, "set a child's limits");
    find(app, of).await
}

/// What must not be in somebody's cup, from now on.
pub async fn set_diet(
    app: &App,
    of: MemberId,
    diet: Diet,
    by: &Person,
    now: Timestamp,
) -> Result<Diner, AppError> {
    let diner = find(app, of).await?;
    diners::may_set_diet(of, &diner.kin, asking(by)).map_err(refused)?;
    let diet = diet.parse().map_err(absurd)?;
    timed("diners.diet", store::put_diet(&app.pool, of, &diet, by.member, now)).await?;
    tracing::info!(member.id = %of, by = %by.member, "set what must not be in a cup");
    find(app, of).await
}

/// Whether such a PIN of somebody else is this person's business.
pub async fn check_pin(
    app: &App,
    of: MemberId,
    kind: PinKind,
    by: &Person,
) -> Result<(), AppError> {
    let diner = find(app, of).await?;
    pins::may_set(kind, of, &diner.kin, asking(by)).map_err(refused)
}

async fn find(app: &App, of: MemberId) -> Result<Diner, AppError> {
    let found = timed("diners.get", store::get(&app.pool, of)).await?;
    found.ok_or_else(|| AppError::not_found("member"))
}

const fn asking(by: &Person) -> By {
    By { member: by.member, roles: by.roles }
}

fn refused(error: NotYours) -> AppError {
    let code = match error {
        NotYours::SomebodyElses => Code::Forbidden,
        NotYours::NotGuardian => Code::NotGuardian,
        NotYours::NoChild => Code::Conflict,
    };
    AppError::new(code, error.to_string())
}

fn absurd(error: Absurd) -> AppError {
    let Absurd { field, code, message } = error;
    AppError::invalid(field, code, message)
}
