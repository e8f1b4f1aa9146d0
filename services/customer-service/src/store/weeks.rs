//! `week_summaries`.

use customer_domain::weeks::Summary;
use sqlx::{PgExecutor, types::Json};
use types::{IsoWeek, Timestamp};

use super::unreadable;

/// A week that was summed up.
#[derive(Debug, Clone)]
pub struct Written {
    pub week: IsoWeek,
    pub summary: Summary,
    pub written_at: Timestamp,
    /// The written ones around it.
    pub earlier: Option<IsoWeek>,
    pub later: Option<IsoWeek>,
}

/// Writes what a week came to; whether that was news. Written once, a look that
/// finds more (events that came late) puts it right, and one that finds less (a
/// projection that is being filled again) changes nothing.
pub async fn write(
    executor: impl PgExecutor<'_>,
    week: IsoWeek,
    summary: &Summary,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let written = sqlx::query(
        "insert into week_summaries (week, summary, written_at) values ($1, $2, $3)
         on conflict (week) do update set summary = excluded.summary
         where (week_summaries.summary ->> 'drinks')::bigint
             < (excluded.summary ->> 'drinks')::bigint",
    )
    .bind(week.to_string())
    .bind(Json(summary))
    .bind(now)
    .execute(executor)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// A written week; without one the newest. Weeks as they are printed sort by time.
pub async fn get(
    executor: impl PgExecutor<'_>,
    week: Option<IsoWeek>,
) -> sqlx::Result<Option<Written>> {
    type Row = (String, Json<Summary>, Timestamp, Option<String>, Option<String>);
    let row: Option<Row> = sqlx::query_as(
        "select week, summary, written_at,
                (select max(week) from week_summaries e where e.week < w.week),
                (select min(week) from week_summaries l where l.week > w.week)
         from week_summaries w where $1::text is null or week = $1
         order by week desc limit 1",
    )
    .bind(week.map(|week| week.to_string()))
    .fetch_optional(executor)
    .await?;
    let Some((week, Json(summary), written_at, earlier, later)) = row else { return Ok(None) };
    let parse = |text: String| {
        text.parse::<IsoWeek>().map_err(|_| unreadable("week_summaries.week", &text))
    };
    Ok(Some(Written {
        week: parse(week)?,
        summary,
        written_at,
        earlier: earlier.map(parse).transpose()?,
        later: later.map(parse).transpose()?,
    }))
}
