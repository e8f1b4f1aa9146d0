//! Menu and bar.

use order_domain::{Bar, Drink, Invalid, Otherwise, limits};
use runtime::AppError;
use wire::order::v1 as pb;

use super::Handlers;
use crate::{
    app::{self, Availability},
    convert::{self, request, time},
};

/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 100;
/// The longest slug.
const LONGEST_SLUG: usize = 64;

impl Handlers {
    /// Memory.
    pub(super) async fn menu(&self, request: pb::GetMenuRequest) -> Result<pb::Menu, AppError> {
        let pb::GetMenuRequest { member_id } = request;
        let now = self.app.now();
        if member_id.is_empty() {
            let house = self.app.house().await?;
            return Ok(convert::menu::to_wire(&house.menu, now));
        }
        let menu = self.app.menu_for(request::id("member_id", &member_id)?).await?;
        Ok(convert::menu::to_wire(&menu, now))
    }

    /// One query.
    pub(super) async fn search(
        &self,
        request: pb::SearchMenuRequest,
    ) -> Result<pb::SearchMenuResponse, AppError> {
        let pb::SearchMenuRequest { query } = request;
        let query = request::text("query", query.trim(), LONGEST_SEARCH)?;
        if query.is_empty() {
            return Ok(pb::SearchMenuResponse { items: Vec::new() });
        }
        let (house, items) = self.app.search(query).await?;
        let now = self.app.now();
        let shown = |item| convert::menu::item_to_wire(&house.menu, item, now);
        Ok(pb::SearchMenuResponse { items: items.iter().map(shown).collect() })
    }

    pub(super) async fn availability(
        &self,
        request: pb::SetAvailabilityRequest,
    ) -> Result<pb::Menu, AppError> {
        let pb::SetAvailabilityRequest { slug, available, until } = request;
        let slug = request::text("slug", &slug, LONGEST_SLUG)?;
        let until = request::moment("until", until)?;
        let available = if available { Availability::There } else { Availability::Off { until } };
        self.app.set_availability(slug, available).await?;
        self.menu(pb::GetMenuRequest::default()).await
    }

    /// One query.
    pub(super) async fn prices(
        &self,
        request: pb::PriceItemsRequest,
    ) -> Result<pb::PriceItemsResponse, AppError> {
        let pb::PriceItemsRequest { items } = request;
        let house = self.app.fresh_house().await?;
        let now = self.app.now();
        let mut wrong: Vec<Invalid> = Vec::new();
        let mut drinks: Vec<Drink> = Vec::new();
        for (at, item) in request::items(items)?.iter().enumerate() {
            match Drink::parse(&house.menu, item, now) {
                Ok(drink) => drinks.push(drink),
                Err(faults) => {
                    wrong.extend(faults.into_iter().map(|fault| Invalid {
                        path: format!("items[{at}].{}", fault.path),
                        ..fault
                    }))
                }
            }
        }
        if !wrong.is_empty() {
            return Err(convert::rejection::invalid(wrong));
        }
        Ok(pb::PriceItemsResponse {
            total_beans: drinks.iter().map(|drink| drink.price.count()).sum(),
            items: drinks.iter().map(convert::order::drink).collect(),
        })
    }

    /// Memory.
    pub(super) async fn check(
        &self,
        request: pb::CheckItemsRequest,
    ) -> Result<pb::CheckItemsResponse, AppError> {
        let pb::CheckItemsRequest { items } = request;
        let items = request::some_items(items, limits::CHECKED)?;
        let house = self.app.house().await?;
        let now = self.app.now();
        let checked = items.iter().map(|item| match Drink::parse(&house.menu, item, now) {
            Ok(drink) => Ok(checked(Some(&drink), drink.is_as_named(item).err().as_ref())),
            Err(wrong) => match Otherwise::of(&wrong) {
                Some(changed) => Ok(checked(None, Some(&changed))),
                None => Err(convert::rejection::invalid(wrong)),
            },
        });
        Ok(pb::CheckItemsResponse { items: checked.collect::<Result<_, _>>()? })
    }

    pub(super) async fn bar(&self) -> Result<pb::Bar, AppError> {
        Ok(bar(self.app.bar().await?))
    }

    pub(super) async fn change_bar(&self, request: pb::SetBarRequest) -> Result<pb::Bar, AppError> {
        let pb::SetBarRequest { state, until } = request;
        let until = request::moment("until", until)?;
        let state = match pb::BarState::try_from(state) {
            Ok(pb::BarState::Open) => Bar::Open,
            Ok(pb::BarState::Paused) => Bar::Paused { until },
            Ok(pb::BarState::Closed) => Bar::Closed { until },
            Ok(pb::BarState::Unspecified) | Err(_) => {
                let message = "open, paused or closed";
                return Err(AppError::invalid("state", "unknown-state", message));
            }
        };
        self.app.set_bar(state).await?;
        self.bar().await
    }
}

fn checked(drink: Option<&Drink>, changed: Option<&Otherwise>) -> pb::CheckedItem {
    let changed = changed.map(convert::rejection::otherwise);
    let (code, says) =
        changed.map(|error| (error.code.name().to_owned(), error.message)).unwrap_or_default();
    pb::CheckedItem { item: drink.map(convert::order::drink), code, says }
}

pub(super) fn bar(bar: app::Bar) -> pb::Bar {
    let app::Bar { state, queued, preparing, estimate } = bar;
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    pb::Bar {
        state: convert::order::bar_state(state).into(),
        until: state.until().map(time::to_wire),
        queued: count(queued),
        preparing: count(preparing),
        estimate_seconds: estimate
            .map(|estimate| i32::try_from(estimate.as_secs()).unwrap_or(i32::MAX)),
    }
}
