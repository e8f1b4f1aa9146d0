//! The menu and the bar in PostgreSQL.

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Row as _};
use types::Timestamp;
use uuid::Uuid;

/// Something on the menu, as its row stands.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ItemRow {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) emoji: String,
    pub(crate) price_beans: i64,
    pub(crate) caffeine_mg: i32,
    pub(crate) allergens: Vec<String>,
    pub(crate) sizes: Vec<SizeRow>,
    pub(crate) milks: Vec<String>,
    pub(crate) extras: Vec<String>,
    pub(crate) off_until: Option<Timestamp>,
}

/// A size of an item: what it adds, and how much of the item's caffeine it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SizeRow {
    pub(crate) slug: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) price_beans: i64,
    #[serde(default = "all_of_it")]
    pub(crate) caffeine_percent: i32,
}

fn all_of_it() -> i32 {
    100
}

/// A milk or an extra.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ChoiceRow {
    pub(crate) slug: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) price_beans: i64,
    #[serde(default)]
    pub(crate) caffeine_mg: i32,
    #[serde(default)]
    pub(crate) allergens: Vec<String>,
    #[serde(default)]
    pub(crate) off_until: Option<Timestamp>,
}

/// The bar's one row.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BarRow {
    pub(crate) state: String,
    pub(crate) until: Option<Timestamp>,
    /// Rises with every change of bar or menu.
    pub(crate) generation: i64,
}

/// Menu and bar of one moment.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) bar: BarRow,
    pub(crate) items: Vec<ItemRow>,
    pub(crate) choices: Vec<ChoiceRow>,
}

/// The generation of menu and bar. One query.
pub(crate) async fn generation(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select generation from bar").fetch_one(pool).await
}

/// Menu and bar, read in one statement, so that they belong together. One query.
pub(crate) async fn load(pool: &PgPool) -> sqlx::Result<Rows> {
    let row = sqlx::query(
        "select to_jsonb(bar) as bar,
                (select coalesce(jsonb_agg(to_jsonb(i) - 'words' order by place), '[]')
                   from menu_items i) as items,
                (select coalesce(jsonb_agg(to_jsonb(c) order by place), '[]')
                   from menu_choices c) as choices
           from bar",
    )
    .fetch_one(pool)
    .await?;
    Ok(Rows {
        bar: row.try_get::<sqlx::types::Json<_>, _>("bar")?.0,
        items: row.try_get::<sqlx::types::Json<_>, _>("items")?.0,
        choices: row.try_get::<sqlx::types::Json<_>, _>("choices")?.0,
    })
}

/// Locks the bar's row: changes of bar and menu happen one after another.
/// Placing only reads it. Answers the present generation.
pub(crate) async fn lock(tx: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select generation from bar for update").fetch_one(tx).await
}

/// Sets the bar's state and raises the generation.
pub(crate) async fn set_bar(
    tx: &mut PgConnection,
    state: &str,
    until: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query("update bar set state = $1, until = $2, generation = generation + 1")
        .bind(state)
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes an item or a choice off until then, or puts it back (`None`), and
/// raises the generation. Answers whether there is such a thing.
pub(crate) async fn set_off(
    tx: &mut PgConnection,
    slug: &str,
    until: Option<Timestamp>,
) -> sqlx::Result<bool> {
    let changed: bool = sqlx::query_scalar(
        "with item as (update menu_items set off_until = $2 where slug = $1 returning 1),
              choice as (update menu_choices set off_until = $2 where slug = $1 returning 1),
              found as (select 1 from item union all select 1 from choice),
              raised as (update bar set generation = generation + 1
                          where exists (select 1 from found) returning 1)
         select exists (select 1 from raised)",
    )
    .bind(slug)
    .bind(until)
    .fetch_one(tx)
    .await?;
    Ok(changed)
}

/// Slugs of the items that a text may mean, best first: words by their stems, and
/// what sounds nearly so by its trigrams (`capucino`). One query; the menu is small
/// enough that it reads all of it, so only the words have an index.
pub(crate) async fn search(pool: &PgPool, text: &str, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "with asked as (
             select websearch_to_tsquery('english', $1) || websearch_to_tsquery('simple', $1) as words
         ), scored as (
             select slug, place,
                    ts_rank(i.words, asked.words) as by_words,
                    greatest(
                        word_similarity($1, name),
                        word_similarity($1, replace(slug, '-', ' ')),
                        similarity($1, name),
                        0.7 * word_similarity($1, category || ' ' || description),
                        (select 0.6 * max(word_similarity($1, c.name)) from menu_choices c
                          where c.slug = any (i.milks || i.extras))
                    ) as by_sound
               from menu_items i, asked
         )
         select slug from scored
          where by_words > 0 or by_sound > 0.35
          order by by_words + by_sound desc, place
          limit $2",
    )
    .bind(text)
    .bind(limit)
    .fetch_all(pool)
    .await
}
