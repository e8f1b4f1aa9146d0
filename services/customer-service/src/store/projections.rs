//! `consumed_events`, `order_facts` and `drinks_served`: what can be emptied and
//! filled again, with the stamp cards of `loyalty.rs`.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};
use chrono_tz::Tz;
use customer_domain::stats::{Drink, Facts, Mark, Outcome};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgExecutor, types::Json};
use types::{EventId, MemberId, OrderId, Timestamp};
use uuid::Uuid;

use super::unreadable;

/// The generation in force; part of the consumer group's name.
pub async fn generation(executor: impl PgExecutor<'_>) -> sqlx::Result<i32> {
    sqlx::query_scalar("select generation from projections where name = 'orders'")
        .fetch_one(executor)
        .await
}

/// Empties the projections and begins the next generation.
pub async fn start_again(connection: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::query("truncate consumed_events, order_facts, drinks_served, stamps, stamp_cards")
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar(
        "update projections set generation = generation + 1 where name = 'orders'
         returning generation",
    )
    .fetch_one(connection)
    .await
}

/// Records events as consumed; those that were new.
pub async fn record(
    connection: &mut PgConnection,
    events: &[EventId],
) -> sqlx::Result<Vec<EventId>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.uuid()).collect();
    let new: Vec<Uuid> = sqlx::query_scalar(
        "insert into consumed_events (event_id) select unnest($1::uuid[]) order by 1
         on conflict do nothing returning event_id",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(new.into_iter().map(EventId::from_uuid).collect())
}

/// A row of `order_facts`.
#[derive(Debug, FromRow, Serialize)]
struct Row {
    order_id: Uuid,
    placed_by: Option<Uuid>,
    placed_version: Option<i64>,
    placed_at: Option<Timestamp>,
    accepted_version: Option<i64>,
    accepted_at: Option<Timestamp>,
    ready_version: Option<i64>,
    ready_at: Option<Timestamp>,
    made_by: Option<Uuid>,
    ended_version: Option<i64>,
    outcome: Option<String>,
    ended_at: Option<Timestamp>,
    day: Option<NaiveDate>,
}

impl Row {
    fn new(order: OrderId, facts: &Facts, zone: Tz) -> Self {
        let Facts { placed_by, placed, accepted, ready, made_by, ended } = facts;
        let version =
            |mark: Option<Mark>| mark.map(|mark| i64::try_from(mark.version).unwrap_or(i64::MAX));
        let at = |mark: Option<Mark>| mark.map(|mark| mark.at);
        let end = ended.map(|(mark, _)| mark);
        Self {
            order_id: order.uuid(),
            placed_by: placed_by.map(MemberId::uuid),
            placed_version: version(*placed),
            placed_at: at(*placed),
            accepted_version: version(*accepted),
            accepted_at: at(*accepted),
            ready_version: version(*ready),
            ready_at: at(*ready),
            made_by: made_by.map(MemberId::uuid),
            ended_version: version(end),
            outcome: ended.map(|(_, outcome)| outcome.name().to_owned()),
            ended_at: at(end),
            day: end.map(|mark| mark.at.with_timezone(&zone).date_naive()),
        }
    }

    fn facts(self) -> sqlx::Result<Facts> {
        let mark = |version: Option<i64>, at: Option<Timestamp>| {
            Some(Mark { version: version?.unsigned_abs(), at: at? })
        };
        let outcome = |name: String| {
            Outcome::parse(&name).ok_or_else(|| unreadable("order_facts.outcome", &name))
        };
        Ok(Facts {
            placed_by: self.placed_by.map(MemberId::from_uuid),
            placed: mark(self.placed_version, self.placed_at),
            accepted: mark(self.accepted_version, self.accepted_at),
            ready: mark(self.ready_version, self.ready_at),
            made_by: self.made_by.map(MemberId::from_uuid),
            ended: mark(self.ended_version, self.ended_at)
                .zip(self.outcome.map(outcome).transpose()?),
        })
    }
}

/// What is known of some orders, locked in the order of their ids; of a new one
/// nothing is. Two statements.
pub async fn lock_facts(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> sqlx::Result<BTreeMap<OrderId, Facts>> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.uuid()).collect();
    sqlx::query(
        "insert into order_facts (order_id) select unnest($1::uuid[]) order by 1
         on conflict do nothing",
    )
    .bind(&ids)
    .execute(&mut *connection)
    .await?;
    let rows: Vec<Row> = sqlx::query_as(
        "select * from order_facts where order_id = any($1) order by order_id for update",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((OrderId::from_uuid(row.order_id), row.facts()?))).collect()
}

/// Writes what is known of locked orders: one statement.
pub async fn put_facts(
    connection: &mut PgConnection,
    facts: &BTreeMap<OrderId, Facts>,
    zone: Tz,
) -> sqlx::Result<()> {
    let rows: Vec<Row> = facts.iter().map(|(order, facts)| Row::new(*order, facts, zone)).collect();
    sqlx::query(
        "update order_facts set
             placed_by = new.placed_by,
             placed_version = new.placed_version, placed_at = new.placed_at,
             accepted_version = new.accepted_version, accepted_at = new.accepted_at,
             ready_version = new.ready_version, ready_at = new.ready_at,
             made_by = new.made_by, ended_version = new.ended_version,
             outcome = new.outcome, ended_at = new.ended_at, day = new.day
         from jsonb_populate_recordset(null::order_facts, $1) as new
         where order_facts.order_id = new.order_id",
    )
    .bind(Json(rows))
    .execute(connection)
    .await?;
    Ok(())
}

/// A row of `drinks_served`.
#[derive(Debug, Serialize)]
struct DrinkRow<'a> {
    order_id: Uuid,
    nth: usize,
    member_id: Option<Uuid>,
    guest: bool,
    menu_item_id: Uuid,
    slug: &'a str,
    caffeine_mg: u32,
    beans: i64,
    day: NaiveDate,
    hour: u32,
}

/// What was drunk of an order, and when that was told.
#[derive(Debug)]
pub struct Served<'a> {
    pub drinks: &'a [Drink],
    pub at: Timestamp,
}

/// Sets what was drunk of locked orders: two statements.
pub async fn put_drinks(
    connection: &mut PgConnection,
    served: &BTreeMap<OrderId, Served<'_>>,
    zone: Tz,
) -> sqlx::Result<()> {
    if served.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = served.keys().map(|order| order.uuid()).collect();
    sqlx::query("delete from drinks_served where order_id = any($1)")
        .bind(ids)
        .execute(&mut *connection)
        .await?;
    let rows = served.iter().flat_map(|(order, Served { drinks, at })| {
        let local = at.with_timezone(&zone);
        drinks.iter().enumerate().map(move |(nth, drink)| DrinkRow {
            order_id: order.uuid(),
            nth,
            member_id: drink.member.map(MemberId::uuid),
            guest: drink.guest,
            menu_item_id: drink.item.uuid(),
            slug: &drink.slug,
            caffeine_mg: drink.caffeine_mg,
            beans: drink.price.count(),
            day: local.date_naive(),
            hour: local.hour(),
        })
    });
    let rows: Vec<DrinkRow<'_>> = rows.collect();
    sqlx::query(
        "insert into drinks_served select * from jsonb_populate_recordset(null::drinks_served, $1)",
    )
    .bind(Json(rows))
    .execute(connection)
    .await?;
    Ok(())
}
