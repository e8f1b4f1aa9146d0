//! Statistics and what keeps them.

use runtime::{AppError, Caller};
use types::Timestamp;
use wire::customer::v1 as pb;

use super::owner;
use crate::app::App;

pub(super) async fn get(
    app: &App,
    caller: &Caller,
    request: pb::GetStatsRequest,
) -> Result<pb::Stats, AppError> {
    let pb::GetStatsRequest { member_id } = request;
    let member = owner(caller, &member_id)?;
    let stats = app.projections.stats(member).await?;
    Ok(pb::Stats {
        member_id: member.to_string(),
        drinks: stats.by_drink.iter().map(|drink| drink.count).sum(),
        caffeine_mg: stats.by_drink.iter().map(|drink| drink.caffeine_mg).sum(),
        by_drink: stats
            .by_drink
            .into_iter()
            .map(|drink| pb::DrinkCount {
                menu_item_id: drink.item.to_string(),
                slug: drink.slug,
                count: drink.count,
            })
            .collect(),
        by_hour: stats
            .by_hour
            .into_iter()
            .map(|(hour, count)| pb::HourCount { hour: i32::from(hour), count })
            .collect(),
    })
}

pub(super) async fn rebuild(
    app: &App,
    request: pb::RebuildProjectionsRequest,
) -> Result<pb::RebuildProjectionsResponse, AppError> {
    let pb::RebuildProjectionsRequest {} = request;
    Ok(pb::RebuildProjectionsResponse { generation: app.projections.rebuild().await? })
}

pub(super) async fn replay(
    app: &App,
    request: pb::ReplayDeadLettersRequest,
    now: Timestamp,
) -> Result<pb::ReplayDeadLettersResponse, AppError> {
    let pb::ReplayDeadLettersRequest {} = request;
    let result = app.projections.replay_dead_letters(now).await?;
    Ok(pb::ReplayDeadLettersResponse { replayed: result.replayed, failed: result.failed })
}
