//! The menu: from its rows to the domain, and from there to its readers.

use order_domain::{Bar, Choice, Menu, MenuItem, Size, SoldOut};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use types::{Beans, MenuItemId, Timestamp};
use wire::order::v1 as pb;

use super::{order::number, time};
use crate::store::menu::{BarRow, ChoiceRow, ItemRow, Rows, SizeRow};

/// Rows as the domain knows them. What names a choice that is not there any
/// more goes without it.
pub(crate) fn from_rows(rows: Rows) -> (Menu, Bar) {
    let Rows { bar, items, choices } = rows;
    let off_items = items.iter().filter_map(|item| Some((item.slug.clone(), item.off_until?)));
    let off_choices =
        choices.iter().filter_map(|choice| Some((choice.slug.clone(), choice.off_until?)));
    let sold_out =
        off_items.chain(off_choices).map(|(slug, until)| SoldOut { slug, until }).collect();
    let items = items.into_iter().map(|item| item_from_row(item, &choices)).collect();
    (Menu { items, sold_out }, bar_from_row(&bar))
}

fn item_from_row(row: ItemRow, choices: &[ChoiceRow]) -> MenuItem {
    let ItemRow {
        id,
        slug,
        name,
        description,
        category,
        emoji,
        price_beans,
        caffeine_mg,
        allergens,
        sizes,
        milks,
        extras,
        off_until: _,
    } = row;
    let named = |slugs: Vec<String>| -> Vec<Choice> {
        slugs
            .iter()
            .filter_map(|slug| choices.iter().find(|choice| choice.slug == *slug))
            .map(choice_from_row)
            .collect()
    };
    MenuItem {
        id: MenuItemId::from_uuid(id),
        slug,
        name,
        description,
        category,
        emoji,
        price: Beans::new(price_beans),
        caffeine_mg: caffeine_mg.unsigned_abs(),
        allergens,
        sizes: sizes.into_iter().map(size_from_row).collect(),
        milks: named(milks),
        extras: named(extras),
    }
}

fn size_from_row(row: SizeRow) -> Size {
    let SizeRow { slug, name, price_beans, caffeine_percent } = row;
    Size {
        slug,
        name,
        price: Beans::new(price_beans),
        caffeine_percent: caffeine_percent.unsigned_abs(),
    }
}

fn choice_from_row(row: &ChoiceRow) -> Choice {
    let ChoiceRow { slug, kind: _, name, price_beans, caffeine_mg, allergens, off_until: _ } = row;
    Choice {
        slug: slug.clone(),
        name: name.clone(),
        price: Beans::new(*price_beans),
        caffeine_mg: *caffeine_mg,
        allergens: allergens.clone(),
    }
}

fn bar_from_row(row: &BarRow) -> Bar {
    let BarRow { state, until, generation: _ } = row;
    match state.as_str() {
        "paused" => Bar::Paused { until: *until },
        "closed" => Bar::Closed { until: *until },
        // The table's check allows only one other word.
        _ => Bar::Open,
    }
}

/// The menu as its readers get it at a moment. The etag is a digest of all they see.
pub(crate) fn to_wire(menu: &Menu, now: Timestamp) -> pb::Menu {
    let Menu { items, sold_out } = menu;
    let sold_out = sold_out
        .iter()
        .filter(|entry| entry.until > now)
        .map(|SoldOut { slug, until }| pb::SoldOut {
            slug: slug.clone(),
            name: menu.name_of(slug).unwrap_or_default().to_owned(),
            until: Some(time::to_wire(*until)),
        })
        .collect();
    let items = items.iter().map(|item| item_to_wire(menu, item, now)).collect();
    let mut message = pb::Menu { etag: String::new(), items, sold_out };
    let digest = Sha256::digest(message.encode_to_vec());
    message.etag = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    message
}

/// One item of the menu at a moment.
pub(crate) fn item_to_wire(menu: &Menu, item: &MenuItem, now: Timestamp) -> pb::MenuItem {
    let MenuItem {
        id,
        slug,
        name,
        description,
        category,
        emoji,
        price,
        caffeine_mg,
        allergens,
        sizes,
        milks,
        extras,
    } = item;
    let is_off = |slug: &str| menu.sold_out_until(slug, now).is_some();
    let choice = |choice: &Choice| {
        let Choice { slug, name, price, caffeine_mg, allergens } = choice;
        pb::Choice {
            slug: slug.clone(),
            name: name.clone(),
            price_beans: price.count(),
            caffeine_mg: *caffeine_mg,
            allergens: allergens.clone(),
            sold_out: is_off(slug),
        }
    };
    pb::MenuItem {
        id: id.to_string(),
        slug: slug.clone(),
        name: name.clone(),
        description: description.clone(),
        category: category.clone(),
        emoji: emoji.clone(),
        price_beans: price.count(),
        caffeine_mg: number(*caffeine_mg),
        allergens: allergens.clone(),
        sizes: sizes
            .iter()
            .map(|Size { slug, name, price, caffeine_percent }| pb::Size {
                slug: slug.clone(),
                name: name.clone(),
                price_beans: price.count(),
                caffeine_percent: number(*caffeine_percent),
            })
            .collect(),
        milks: milks.iter().map(choice).collect(),
        extras: extras.iter().map(choice).collect(),
        sold_out: is_off(slug),
    }
}
