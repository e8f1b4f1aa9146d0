//! The first menu: `menu.toml`, loaded when the house has none yet.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::{PgPool, types::Json};
use types::MenuItemId;

use super::menu::{ChoiceRow, SizeRow};

const MENU: &str = include_str!("../../menu.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    items: Vec<SeedItem>,
    choices: Vec<ChoiceRow>,
    sizes: BTreeMap<String, SizeRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedItem {
    slug: String,
    name: String,
    description: String,
    category: String,
    emoji: String,
    price_beans: i64,
    caffeine_mg: i32,
    #[serde(default)]
    allergens: Vec<String>,
    sizes: Vec<String>,
    /// The only word is "all": every milk there is.
    milks: Option<AllMilks>,
    #[serde(default)]
    extras: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AllMilks {
    All,
}

/// Why the first menu could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    #[error("read menu.toml")]
    Parse(#[from] toml::de::Error),
    #[error("menu.toml: {item} names {what}, which is not there")]
    Unknown { item: String, what: String },
    #[error("store the first menu")]
    Store(#[from] sqlx::Error),
}

/// Loads the menu unless there is one; answers whether it did. Replicas that
/// start together wait for one another at the bar's row.
pub(crate) async fn menu(pool: &PgPool) -> Result<bool, SeedError> {
    let seed: Seed = toml::from_str(MENU)?;
    let mut tx = pool.begin().await?;
    super::menu::lock(&mut tx).await?;
    let (there,): (bool,) =
        sqlx::query_as("select exists (select 1 from menu_items)").fetch_one(&mut *tx).await?;
    if there {
        return Ok(false);
    }
    for (place, choice) in (0_i32..).zip(&seed.choices) {
        sqlx::query(
            "insert into menu_choices (slug, kind, place, name, price_beans, caffeine_mg, allergens)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&choice.slug)
        .bind(&choice.kind)
        .bind(place)
        .bind(&choice.name)
        .bind(choice.price_beans)
        .bind(choice.caffeine_mg)
        .bind(&choice.allergens)
        .execute(&mut *tx)
        .await?;
    }
    let slugs_of = |kind: &str| -> Vec<String> {
        let of_kind = seed.choices.iter().filter(|choice| choice.kind == kind);
        of_kind.map(|choice| choice.slug.clone()).collect()
    };
    let (milks, extras) = (slugs_of("milk"), slugs_of("extra"));
    for (place, item) in (0_i32..).zip(&seed.items) {
        let unknown =
            |what: &str| SeedError::Unknown { item: item.slug.clone(), what: what.to_owned() };
        if let Some(extra) = item.extras.iter().find(|extra| !extras.contains(extra)) {
            return Err(unknown(extra));
        }
        let sizes = item
            .sizes
            .iter()
            .map(|size| seed.sizes.get(size).ok_or_else(|| unknown(size)))
            .collect::<Result<Vec<_>, _>>()?;
        let milks = match item.milks {
            Some(AllMilks::All) => milks.as_slice(),
            None => &[],
        };
        sqlx::query(
            "insert into menu_items (id, slug, place, name, description, category, emoji,
                                     price_beans, caffeine_mg, allergens, sizes, milks, extras)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(MenuItemId::new().uuid())
        .bind(&item.slug)
        .bind(place)
        .bind(&item.name)
        .bind(&item.description)
        .bind(&item.category)
        .bind(&item.emoji)
        .bind(item.price_beans)
        .bind(item.caffeine_mg)
        .bind(&item.allergens)
        .bind(Json(sizes))
        .bind(milks)
        .bind(&item.extras)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(true)
}
