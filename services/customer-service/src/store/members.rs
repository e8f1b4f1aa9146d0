//! `members`.

use customer_domain::{kin::Kin, member::Card};
use sqlx::{PgConnection, PgExecutor};
use types::{Beans, MemberId, Role, Roles, Timestamp};
use uuid::Uuid;

use super::unreadable;

/// A member with their balance.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: MemberId,
    pub card: Card,
    pub roles: Roles,
    pub kin: Kin,
    pub balance: Beans,
    pub joined_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    emoji: String,
    colour: String,
    roles: Vec<String>,
    kind: String,
    guardians: Vec<Uuid>,
    host_id: Option<Uuid>,
    balance: i64,
    joined_at: Timestamp,
}

impl TryFrom<Row> for Member {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let Row { id, name, emoji, colour, roles, kind, guardians, host_id, balance, joined_at } =
            row;
        Ok(Self {
            id: MemberId::from_uuid(id),
            card: Card { name, emoji, colour },
            roles: parse_roles(&roles)?,
            kin: parse_kin(&kind, &guardians, host_id)?,
            balance: Beans::new(balance),
            joined_at,
        })
    }
}

/// The roles of a `text[]` column.
pub fn parse_roles(names: &[String]) -> Result<Roles, sqlx::Error> {
    names
        .iter()
        .map(|name| name.parse::<Role>().map_err(|_| unreadable("members.roles", name)))
        .collect()
}

/// Who somebody is by `kind`, the rows of `guardians` and `host_id`.
pub fn parse_kin(kind: &str, guardians: &[Uuid], host: Option<Uuid>) -> Result<Kin, sqlx::Error> {
    match (kind, host) {
        ("adult", None) => Ok(Kin::Adult),
        ("child", None) => {
            let guardians = guardians.iter().copied().map(MemberId::from_uuid).collect();
            Ok(Kin::Child { guardians })
        }
        ("guest", Some(host)) => Ok(Kin::Guest { host: MemberId::from_uuid(host) }),
        (other, _) => Err(unreadable("members.kind", other)),
    }
}

/// The `text[]` of roles.
pub fn role_names(roles: Roles) -> Vec<String> {
    roles.iter().map(|role| role.name().to_owned()).collect()
}

/// Inserts a member at version 1, that of their first event; `false` when the id is there already.
pub async fn insert(
    connection: &mut PgConnection,
    id: MemberId,
    card: &Card,
    roles: Roles,
    kin: &Kin,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into members (id, name, emoji, colour, roles, kind, version, joined_at)
         values ($1, $2, $3, $4, $5, $6, 1, $7) on conflict (id) do nothing",
    )
    .bind(id.uuid())
    .bind(&card.name)
    .bind(&card.emoji)
    .bind(&card.colour)
    .bind(role_names(roles))
    .bind(kin.name())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Locks a member for a change, and every admin, so that of two who leave the
/// role at once the second sees the first: version, roles, and how many other
/// admins there are. Two statements.
pub async fn lock(
    connection: &mut PgConnection,
    id: MemberId,
) -> sqlx::Result<Option<(i64, Roles, usize)>> {
    // In one order, whoever is changed: nobody waits crosswise.
    let locked: Vec<(Uuid,)> = sqlx::query_as(
        "select id from members
         where left_at is null and (id = $1 or 'admin' = any(roles)) order by id for update",
    )
    .bind(id.uuid())
    .fetch_all(&mut *connection)
    .await?;
    if !locked.iter().any(|(found,)| *found == id.uuid()) {
        return Ok(None);
    }
    // Who came first may have changed what the lock was asked for by.
    let row: Option<(i64, Vec<String>, i64)> = sqlx::query_as(
        "select version, roles,
                (select count(*) from members where 'admin' = any(roles) and id <> $1)
         from members where id = $1 and left_at is null",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await?;
    let Some((version, roles, others)) = row else { return Ok(None) };
    Ok(Some((version, parse_roles(&roles)?, usize::try_from(others).unwrap_or_default())))
}

/// Writes a locked member's card, roles, kind and version: one statement.
pub async fn update(
    connection: &mut PgConnection,
    id: MemberId,
    card: &Card,
    roles: Roles,
    kin: &Kin,
    version: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "update members set name = $2, emoji = $3, colour = $4, roles = $5, kind = $6, version = $7
         where id = $1",
    )
    .bind(id.uuid())
    .bind(&card.name)
    .bind(&card.emoji)
    .bind(&card.colour)
    .bind(role_names(roles))
    .bind(kin.name())
    .bind(version)
    .execute(connection)
    .await?;
    Ok(())
}

/// Members with the balance of their last entry.
macro_rules! members {
    ($condition:literal) => {
        concat!(
            "select m.id, m.name, m.emoji, m.colour, m.roles, m.kind, m.host_id, m.joined_at,
                    array(select g.guardian_id from guardians g where g.child_id = m.id
                          order by g.guardian_id) as guardians,
                    coalesce((select e.balance from ledger_entries e where e.member_id = m.id
                              order by e.number desc limit 1), 0) as balance
             from members m ",
            $condition
        )
    };
}

/// One member who is here, with the balance of their last entry.
pub async fn get(executor: impl PgExecutor<'_>, id: MemberId) -> sqlx::Result<Option<Member>> {
    let query = sqlx::query_as(members!("where m.id = $1 and m.left_at is null")).bind(id.uuid());
    let row: Option<Row> = query.fetch_optional(executor).await?;
    row.map(Member::try_from).transpose()
}

/// The whole family, by name.
pub async fn all(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<Member>> {
    let query = sqlx::query_as(members!("where m.left_at is null order by m.name, m.id"));
    let rows: Vec<Row> = query.fetch_all(executor).await?;
    rows.into_iter().map(Member::try_from).collect()
}

/// Who never signed in, by name.
pub async fn not_here_yet(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<Member>> {
    let query = sqlx::query_as(members!(
        "where m.first_signed_in_at is null and m.left_at is null order by m.name, m.id"
    ));
    let rows: Vec<Row> = query.fetch_all(executor).await?;
    rows.into_iter().map(Member::try_from).collect()
}
