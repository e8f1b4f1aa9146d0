//! The house's settings.

use customer_domain::{house::Settings, ledger::Bar};
use runtime::{AppError, Caller};
use types::{Beans, Timestamp};
use wire::customer::v1 as pb;

use crate::{
    app::{App, house},
    events::wire_time,
};

pub(super) fn get(app: &App, request: pb::GetHouseRequest) -> pb::House {
    let pb::GetHouseRequest {} = request;
    let Settings { house, weekly_allowance } = app.house.current();
    let row = app.house.row();
    pb::House {
        free_bar: house.bar == Bar::Free,
        floor_beans: house.floor.count(),
        weekly_allowance_beans: weekly_allowance.count(),
        version: row.map(|row| row.version.unsigned_abs()).unwrap_or_default(),
        changed_by: row.map(|row| row.changed_by.to_string()).unwrap_or_default(),
        changed_at: row.map(|row| wire_time(row.changed_at)),
    }
}

pub(super) async fn set(
    app: &App,
    caller: &Caller,
    request: pb::SetHouseRequest,
    now: Timestamp,
) -> Result<pb::House, AppError> {
    let pb::SetHouseRequest { free_bar, floor_beans, weekly_allowance_beans, version } = request;
    let bar = if free_bar { Bar::Free } else { Bar::Paid };
    let (floor, weekly) = (Beans::new(floor_beans), Beans::new(weekly_allowance_beans));
    let settings = Settings::new(bar, floor, weekly).map_err(house::absurd)?;
    let seen = i64::try_from(version)
        .map_err(|_| AppError::invalid("version", "out-of-range", "too large"))?;
    house::set(app, settings, seen, caller.person()?.member, now).await?;
    Ok(get(app, pb::GetHouseRequest {}))
}
