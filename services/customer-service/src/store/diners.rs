//! `diners`.

use customer_domain::{
    diners::{Diet, Limits},
    kin::Kin,
};
use sqlx::PgExecutor;
use types::{MemberId, Timestamp};
use uuid::Uuid;

use super::members::parse_kin;

/// A member with what was said about what they may be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diner {
    pub member: MemberId,
    pub kin: Kin,
    pub limits: Limits,
    pub diet: Diet,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    guardians: Vec<Uuid>,
    host_id: Option<Uuid>,
    drinks: Option<i32>,
    caffeine_mg: Option<i32>,
    decaf_after: Option<i32>,
    only_items: Option<Vec<String>>,
    avoids: Option<Vec<String>>,
    vegan: Option<bool>,
}

impl TryFrom<Row> for Diner {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let Row {
            id,
            kind,
            guardians,
            host_id,
            drinks,
            caffeine_mg,
            decaf_after,
            only_items,
            avoids,
            vegan,
        } = row;
        let number = |value: Option<i32>| value.map(i32::unsigned_abs);
        Ok(Self {
            member: MemberId::from_uuid(id),
            kin: parse_kin(&kind, &guardians, host_id)?,
            limits: Limits {
                drinks: number(drinks),
                caffeine_mg: number(caffeine_mg),
                decaf_after: number(decaf_after),
                only: only_items.map(|items| items.into_iter().collect()),
            },
            diet: Diet {
                avoids: avoids.unwrap_or_default().into_iter().collect(),
                vegan: vegan.unwrap_or_default(),
            },
        })
    }
}

macro_rules! diners {
    ($condition:literal) => {
        concat!(
            "select m.id, m.kind, m.host_id,
                    array(select g.guardian_id from guardians g where g.child_id = m.id
                          order by g.guardian_id) as guardians,
                    d.drinks, d.caffeine_mg, d.decaf_after, d.only_items, d.avoids, d.vegan
             from members m left join diners d on d.member_id = m.id ",
            $condition
        )
    };
}

/// Everybody, and for a month the guests who went: their hosts look at what they
/// paid for. One statement.
pub async fn all(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<Diner>> {
    let rows: Vec<Row> = sqlx::query_as(diners!(
        "where m.left_at is null or m.kind = 'guest' and m.left_at > now() - interval '30 days'
         order by m.id"
    ))
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Diner::try_from).collect()
}

/// One of them. One statement.
pub async fn get(executor: impl PgExecutor<'_>, id: MemberId) -> sqlx::Result<Option<Diner>> {
    let query = sqlx::query_as(diners!("where m.id = $1 and m.left_at is null")).bind(id.uuid());
    let row: Option<Row> = query.fetch_optional(executor).await?;
    row.map(Diner::try_from).transpose()
}

/// Sets a child's limits, and leaves its diet. One statement.
pub async fn put_limits(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    limits: &Limits,
    by: MemberId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let number = |value: Option<u32>| value.and_then(|value| i32::try_from(value).ok());
    let only: Option<Vec<&String>> = limits.only.as_ref().map(|only| only.iter().collect());
    sqlx::query(
        "insert into diners (member_id, drinks, caffeine_mg, decaf_after, only_items,
                             changed_by, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (member_id) do update
         set drinks = excluded.drinks, caffeine_mg = excluded.caffeine_mg,
             decaf_after = excluded.decaf_after, only_items = excluded.only_items,
             changed_by = excluded.changed_by, changed_at = excluded.changed_at",
    )
    .bind(member.uuid())
    .bind(number(limits.drinks))
    .bind(number(limits.caffeine_mg))
    .bind(number(limits.decaf_after))
    .bind(only)
    .bind(by.uuid())
    .bind(now)
    .execute(executor)
    .await?;
    Ok(())
}

/// Sets what must not be in somebody's cup, and leaves their limits. One statement.
pub async fn put_diet(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    diet: &Diet,
    by: MemberId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let avoids: Vec<&String> = diet.avoids.iter().collect();
    sqlx::query(
        "insert into diners (member_id, avoids, vegan, changed_by, changed_at)
         values ($1, $2, $3, $4, $5)
         on conflict (member_id) do update
         set avoids = excluded.avoids, vegan = excluded.vegan,
             changed_by = excluded.changed_by, changed_at = excluded.changed_at",
    )
    .bind(member.uuid())
    .bind(avoids)
    .bind(diet.vegan)
    .bind(by.uuid())
    .bind(now)
    .execute(executor)
    .await?;
    Ok(())
}
