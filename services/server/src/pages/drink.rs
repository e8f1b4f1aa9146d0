//! One drink: choose its size, milk and extras, say for whom, order it or put it into the cart.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use wire::{customer::v1 as customer, order::v1 as pb};

use super::{
    favourites::{self, Kept},
    frame::{Frame, new_key},
    order::place::{self, AskLabel, Limits, Placed},
    view::{
        Errors, Shell, Tab,
        menu::{BarView, Chosen, DrinkForm},
    },
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "menu/drink.html")]
pub(crate) struct DrinkPage {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
    pub(crate) form: DrinkForm,
    /// What a child's limits say no to may be asked for.
    pub(crate) ask: Option<AskLabel>,
    /// It is not for whom it would be.
    pub(crate) withheld: bool,
    /// May it be kept as a favourite here?
    pub(crate) keeps: bool,
    /// By which name.
    pub(crate) name: String,
}

/// The form's fields as the browser sends them; extras repeat.
pub(crate) type Fields = Vec<(String, String)>;

/// `GET /menu/{slug}?for=`: whom it is for may be chosen first, and what else was
/// chosen goes along.
pub(crate) async fn page(
    frame: Frame,
    slug: Result<Path<String>, Problem>,
    fields: Result<Query<Fields>, Problem>,
) -> Result<Page<DrinkPage>, PageError> {
    let Path(slug) = slug?;
    let Query(fields) = fields?;
    let (chosen, _) = read(slug, fields);
    Ok(Page(show(&frame, &chosen, Errors::default(), new_key()).await?))
}

/// `POST /menu/{slug}`: this drink and nothing else, now.
pub(crate) async fn order(
    frame: Frame,
    slug: Result<Path<String>, Problem>,
    headers: HeaderMap,
    PageForm(fields): PageForm<Fields>,
) -> Result<Response, PageError> {
    let Path(slug) = slug?;
    let limits = Limits::of(&fields);
    let (chosen, key) = read(slug, fields);
    match place::place(&frame, std::slice::from_ref(&chosen), &key, limits).await? {
        Placed::Order(order) => Ok(place::then(&frame, &headers, &order).await),
        Placed::Refused { status, errors, already_sent, ask } => {
            let key = if already_sent { new_key() } else { key };
            let page = DrinkPage { ask, ..show(&frame, &chosen, errors, key).await? };
            Ok((status, Page(page)).into_response())
        }
    }
}

/// `POST /cart`: this drink, for an order of several.
pub(crate) async fn to_cart(
    frame: Frame,
    PageForm(fields): PageForm<Fields>,
) -> Result<Response, PageError> {
    let slug = value(&fields, "drink").to_owned();
    let (chosen, key) = read(slug, fields);
    let errors = place::check(std::slice::from_ref(&chosen));
    if !errors.is_empty() {
        let page = show(&frame, &chosen, errors, key).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
    }
    match frame.cart.with(chosen.clone(), &new_key()) {
        Ok(cart) => {
            let next: Redirect = see_other("/cart");
            Ok((frame.keep(&cart), next).into_response())
        }
        Err(full) => {
            let page = show(&frame, &chosen, Errors::general(full.to_string()), key).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
        }
    }
}

/// `POST /favourites`: this drink, to be ordered again.
pub(crate) async fn keep(
    frame: Frame,
    PageForm(fields): PageForm<Fields>,
) -> Result<Response, PageError> {
    let slug = value(&fields, "drink").to_owned();
    let (name, usual) = (value(&fields, "name").to_owned(), !value(&fields, "usual").is_empty());
    let (chosen, key) = read(slug, fields);
    let request = customer::KeepFavouriteRequest {
        name: name.clone(),
        menu_item: chosen.drink.clone(),
        size: chosen.size.clone(),
        milk: chosen.milk.clone(),
        extras: chosen.extras.clone(),
        note: chosen.note.clone(),
        usual,
    };
    match favourites::keep(&frame, request).await? {
        Kept::Yes => Ok(see_other("/favourites").into_response()),
        Kept::Refused { status, errors } => {
            let page = DrinkPage { name, ..show(&frame, &chosen, errors, key).await? };
            Ok((status, Page(page)).into_response())
        }
    }
}

async fn show(
    frame: &Frame,
    chosen: &Chosen,
    errors: Errors,
    key: String,
) -> Result<DrinkPage, PageError> {
    let mine = chosen.whom.is_empty() || frame.is_guest();
    let whom = if mine { frame.me() } else { chosen.whom.clone() };
    let (people, menu, bar) = tokio::join!(frame.people(), frame.menu_for(&whom), frame.bar());
    let (menu, bar) = (menu?, bar?);
    // What is not for them may be for somebody else: the whole menu knows it.
    let (item, withheld) = match item_of(&menu, &chosen.drink) {
        Some(item) => (item.clone(), false),
        None => (frame.item(&chosen.drink).await?, true),
    };
    Ok(DrinkPage {
        shell: frame.shell(Tab::Menu, &people),
        form: DrinkForm::new(&item, chosen, frame.me_first(&people), errors.beside(&bar), key),
        bar,
        withheld,
        ask: None,
        keeps: frame.keeps(),
        name: String::new(),
    })
}

pub(crate) fn item_of<'a>(menu: &'a pb::Menu, slug: &str) -> Option<&'a pb::MenuItem> {
    menu.items.iter().find(|item| item.slug == slug)
}

fn value<'a>(fields: &'a Fields, wanted: &str) -> &'a str {
    let found = fields.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.trim()).unwrap_or_default()
}

/// What was chosen, and the idempotency key.
fn read(drink: String, fields: Fields) -> (Chosen, String) {
    let text = |name| value(&fields, name).to_owned();
    let (whom, guest) = (text("for"), text("guest"));
    let guest = if whom == "guest" { guest } else { String::new() };
    let chosen = Chosen {
        drink,
        size: text("size"),
        milk: text("milk"),
        // Browsers send line breaks as CR LF; the barista reads one line.
        note: text("note").split_whitespace().collect::<Vec<_>>().join(" "),
        whom,
        guest,
        extras: fields
            .iter()
            .filter(|(name, _)| name == "extras")
            .map(|(_, value)| value.clone())
            .collect(),
    };
    let key = text("key");
    (chosen, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let fields = [
            ("key", "k"),
            ("size", "large"),
            ("extras", "vanilla"),
            ("extras", "extra-shot"),
            ("for", "mem_1"),
            ("guest", "left over"),
            ("note", " extra\r\nhot "),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let (chosen, key) = read("latte".to_owned(), fields);
        assert_eq!(key, "k");
        assert_eq!(chosen.extras, ["vanilla", "extra-shot"]);
        assert_eq!(chosen.note, "extra hot");
        assert_eq!((chosen.whom.as_str(), chosen.guest.as_str()), ("mem_1", ""));
    }
}
