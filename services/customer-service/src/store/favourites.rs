//! `favourites`, and which of them is the usual: `usuals`.

use sqlx::PgExecutor;
use types::{Beans, FavouriteId, MemberId, MenuItemId, Timestamp};
use uuid::Uuid;

/// A drink with its choices, as it was when it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub menu_item: MenuItemId,
    pub slug: String,
    /// What the menu called it.
    pub drink: String,
    pub size: String,
    pub milk: String,
    pub extras: Vec<String>,
    pub summary: String,
    pub note: String,
    pub price: Beans,
    pub at: Timestamp,
}

/// A favourite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Favourite {
    pub id: FavouriteId,
    pub name: String,
    pub kept: Kept,
    pub usual: Usual,
}

/// Whether a favourite is what one tap orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    Yes,
    No,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    menu_item_id: Uuid,
    slug: String,
    drink: String,
    size: String,
    milk: String,
    extras: Vec<String>,
    summary: String,
    note: String,
    price: i64,
    kept_at: Timestamp,
    usual: bool,
}

impl From<Row> for Favourite {
    fn from(row: Row) -> Self {
        let Row {
            id,
            name,
            menu_item_id,
            slug,
            drink,
            size,
            milk,
            extras,
            summary,
            note,
            price,
            kept_at: at,
            usual,
        } = row;
        let (menu_item, price) = (MenuItemId::from_uuid(menu_item_id), Beans::new(price));
        Self {
            id: FavouriteId::from_uuid(id),
            name,
            kept: Kept { menu_item, slug, drink, size, milk, extras, summary, note, price, at },
            usual: if usual { Usual::Yes } else { Usual::No },
        }
    }
}

/// Keeps a drink by a name; the same drink by the same name is noted as it is
/// now. `None`: the name is another drink's, or there are `most` already. One statement.
pub async fn keep(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    name: &str,
    kept: &Kept,
    most: i64,
) -> sqlx::Result<Option<FavouriteId>> {
    let Kept { menu_item, slug, drink, size, milk, extras, summary, note, price, at } = kept;
    let id: Option<Uuid> = sqlx::query_scalar(
        "insert into favourites (id, member_id, name, menu_item_id, slug, drink, size, milk,
                                 extras, summary, note, price, kept_at)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         where (select count(*) from favourites where member_id = $2 and name <> $3) < $14
         on conflict on constraint one_favourite_per_member_and_name do update
         set slug = excluded.slug, drink = excluded.drink, summary = excluded.summary,
             price = excluded.price, kept_at = excluded.kept_at
         where (favourites.menu_item_id, favourites.size, favourites.milk, favourites.extras,
                favourites.note)
             = (excluded.menu_item_id, excluded.size, excluded.milk, excluded.extras,
                excluded.note)
         returning id",
    )
    .bind(FavouriteId::new().uuid())
    .bind(member.uuid())
    .bind(name)
    .bind(menu_item.uuid())
    .bind(slug)
    .bind(drink)
    .bind(size)
    .bind(milk)
    .bind(extras)
    .bind(summary)
    .bind(note)
    .bind(price.count())
    .bind(at)
    .bind(most)
    .fetch_optional(executor)
    .await?;
    Ok(id.map(FavouriteId::from_uuid))
}

/// Whether a member keeps something by this name. One statement.
pub async fn is_taken(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    name: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from favourites where member_id = $1 and name = $2)")
        .bind(member.uuid())
        .bind(name)
        .fetch_one(executor)
        .await
}

/// A member's, the usual first, then by name. One statement.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<Favourite>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select f.*, u.favourite_id is not null as usual
         from favourites f left join usuals u on u.favourite_id = f.id
         where f.member_id = $1 order by usual desc, lower(f.name), f.id",
    )
    .bind(member.uuid())
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Favourite::from).collect())
}

/// One of a member's; none: the usual. One statement.
pub async fn get(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    id: Option<FavouriteId>,
) -> sqlx::Result<Option<Favourite>> {
    let row: Option<Row> = sqlx::query_as(
        "select f.*, u.favourite_id is not null as usual
         from favourites f left join usuals u on u.favourite_id = f.id
         where f.member_id = $1 and f.id = coalesce($2, u.favourite_id)",
    )
    .bind(member.uuid())
    .bind(id.map(FavouriteId::uuid))
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Favourite::from))
}

/// `false`: there was none. One statement.
pub async fn remove(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    id: FavouriteId,
) -> sqlx::Result<bool> {
    let removed = sqlx::query("delete from favourites where member_id = $1 and id = $2")
        .bind(member.uuid())
        .bind(id.uuid())
        .execute(executor)
        .await?;
    Ok(removed.rows_affected() > 0)
}

/// Makes one of a member's the usual; `false`: there is no such. One statement.
pub async fn set_usual(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    id: FavouriteId,
) -> sqlx::Result<bool> {
    let set = sqlx::query(
        "insert into usuals (member_id, favourite_id)
         select member_id, id from favourites where member_id = $1 and id = $2
         on conflict (member_id) do update set favourite_id = excluded.favourite_id",
    )
    .bind(member.uuid())
    .bind(id.uuid())
    .execute(executor)
    .await?;
    Ok(set.rows_affected() > 0)
}

/// None is the usual any more. One statement.
pub async fn unset_usual(executor: impl PgExecutor<'_>, member: MemberId) -> sqlx::Result<()> {
    sqlx::query("delete from usuals where member_id = $1")
        .bind(member.uuid())
        .execute(executor)
        .await?;
    Ok(())
}
