//! What every handler of a signed-in person's page begins with: who looks, at
//! which moment of the log, with what in the cart.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use runtime::{Code, deadline};
use types::{Role, Scope, Timestamp};
use wire::{customer::v1 as customer, order::v1 as pb};

use super::{
    cart::cookie::Cart,
    view::{
        Clock, People, Person, Place, Shell, Tab, Wallet,
        children::DayView,
        clock::moment,
        guest::Treat,
        menu::{BarView, Emoji},
        order::Teller,
    },
};
use crate::{
    App,
    auth::{
        Viewer,
        cookies::{self, SetCookies},
        device,
    },
    names::Names,
    problem::Problem,
    web::{Csrf, PageError, PageViewer},
};

const WALLET_PATIENCE: Duration = Duration::from_millis(500);

/// A signed-in person's request for a page.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) app: App,
    pub(crate) viewer: Viewer,
    pub(crate) cart: Cart,
    csrf: Csrf,
    /// Read before anything is loaded: what changes meanwhile is told again, not missed.
    position: String,
    clock: Clock,
    /// Until when who looks is a guest, if they are one and it is known.
    guest_until: Option<Timestamp>,
}

impl FromRequestParts<App> for Frame {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let PageViewer(viewer) = PageViewer::from_request_parts(parts, app).await?;
        let csrf = Csrf::from_request_parts(parts, app).await?;
        let cart = app.cookies().read(&parts.headers, cookies::CART).map(Cart::read);
        let until = app.cookies().read(&parts.headers, cookies::GUEST_UNTIL);
        let until = until.and_then(|seconds| moment(seconds.parse().ok()?, 0));
        Ok(Self {
            viewer,
            csrf,
            cart: cart.unwrap_or_default(),
            position: app.hub().head().map(|head| head.to_string()).unwrap_or_default(),
            clock: Clock { now: app.now(), zone: app.config().time_zone },
            guest_until: until,
            app: app.clone(),
        })
    }
}

impl Frame {
    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What surrounds the page.
    pub(crate) fn shell(&self, tab: Tab, people: &People) -> Shell {
        Shell {
            tab,
            place: self.place(),
            me: Some(people.get(&self.viewer.member.to_string())),
            counter: self.viewer.may(Role::Barista),
            csrf: self.csrf.token(),
            position: self.position.clone(),
            now: super::view::clock::machine(self.clock.now),
            in_cart: self.cart.lines.len(),
        }
    }

    /// For a part of a page: forms need their token, nothing else.
    pub(crate) fn part(&self) -> Shell {
        Shell { csrf: self.csrf.token(), place: self.place(), ..Shell::bare() }
    }

    fn place(&self) -> Place {
        let idle = device::idle(self.app.config(), self.viewer.scope).as_secs();
        match self.viewer.scope {
            Scope::Counter => Place::Counter { idle },
            Scope::Kiosk => Place::Kiosk { idle },
            Scope::Guest => Place::Guest,
            _ => Place::Own,
        }
    }

    /// The family. Without customer-service nobody has a name, and coffee is made all the same.
    pub(crate) async fn people(&self) -> People {
        let names = self.app.names(&self.viewer).await;
        names.as_deref().map(people).unwrap_or_default()
    }

    /// The children whom who looks looks after.
    pub(crate) async fn wards(&self) -> Vec<Person> {
        let Ok(names) = self.app.names(&self.viewer).await else { return Vec::new() };
        let me = self.me();
        let wards = names.wards_of(&me);
        wards.map(|it| Person::new(&it.id, &it.name, &it.emoji, &it.colour)).collect()
    }

    /// Whether who looks is a guest, on their host's beans.
    pub(crate) fn is_guest(&self) -> bool {
        self.viewer.scope == Scope::Guest
    }

    /// For a guest, whose treat it is.
    pub(crate) fn treat(&self, people: &People) -> Option<Treat> {
        self.is_guest().then(|| Treat {
            host: people.host_of(&self.me()).map(|host| host.name),
            until: self.guest_until.map(|until| self.clock.time_ahead(until)),
        })
    }

    /// For choosing whom a drink is for: who looks first, then the others by name. A
    /// guest orders for themselves.
    pub(crate) fn me_first(&self, people: &People) -> Vec<Person> {
        let me = self.viewer.member.to_string();
        let mut all = vec![people.get(&me)];
        if self.is_guest() {
            return all;
        }
        all.extend(people.all().into_iter().filter(|person| person.id != me));
        all
    }

    /// The menu as it stands.
    pub(crate) async fn menu(&self) -> Result<pb::Menu, Problem> {
        let menu = self.app.orders(&self.viewer).get_menu(pb::GetMenuRequest::default()).await?;
        Ok(menu.into_inner())
    }

    /// The menu as it is offered to a member; a guest is offered everything.
    pub(crate) async fn menu_for(&self, whom: &str) -> Result<pb::Menu, Problem> {
        let member_id = if whom.starts_with("mem_") { whom.to_owned() } else { String::new() };
        let request = pb::GetMenuRequest { member_id };
        Ok(self.app.orders(&self.viewer).get_menu(request).await?.into_inner())
    }

    /// One item of the whole menu.
    pub(crate) async fn item(&self, slug: &str) -> Result<pb::MenuItem, Problem> {
        let menu = self.menu().await?;
        let found = menu.items.into_iter().find(|item| item.slug == slug);
        found.ok_or_else(|| {
            Problem::new(Code::NotFound).detail("There is no such drink on the menu.")
        })
    }

    /// The member id of who looks.
    pub(crate) fn me(&self) -> String {
        self.viewer.member.to_string()
    }

    /// What somebody had today; none for adults and guests, and while it is not known.
    pub(crate) async fn day(&self, member_id: String) -> Option<DayView> {
        if self.is_guest() {
            return None;
        }
        let request = pb::GetDayRequest { member_id };
        let mut orders = self.app.orders(&self.viewer);
        let asked = deadline::within(WALLET_PATIENCE, orders.get_day(request));
        DayView::new(&asked.await.ok()?.ok()?.into_inner())
    }

    /// Everything that telling of orders needs.
    pub(crate) async fn teller(&self) -> Teller {
        let (people, menu) = tokio::join!(self.people(), self.menu());
        Teller {
            clock: self.clock,
            people,
            emoji: menu.map(|menu| Emoji::of_menu(&menu.items)).unwrap_or_default(),
            me: self.viewer.member.to_string(),
            pays: !self.is_guest(),
        }
    }

    /// The bar's state and estimate.
    pub(crate) async fn bar(&self) -> Result<BarView, Problem> {
        let bar = self.app.orders(&self.viewer).get_bar(pb::GetBarRequest {}).await?;
        Ok(BarView::new(&bar.into_inner(), &self.clock))
    }

    /// The beans; `None` while customer-service is away, or takes its time: the
    /// menu does not wait for them. A guest's host pays.
    pub(crate) async fn wallet(&self) -> Option<Wallet> {
        if self.is_guest() {
            return None;
        }
        let request = customer::GetBalanceRequest { member_id: String::new() };
        let mut customers = self.app.customers(&self.viewer);
        let asked = deadline::within(WALLET_PATIENCE, customers.get_balance(request));
        Some(Wallet::new(&asked.await.ok()?.ok()?.into_inner()))
    }

    /// One's favourites with what each is now; none for whom they are not, and
    /// while customer-service is away or takes its time.
    pub(crate) async fn favourites(&self) -> Vec<customer::Favourite> {
        if !matches!(self.viewer.scope, Scope::Full | Scope::Kiosk) {
            return Vec::new();
        }
        let mut customers = self.app.customers(&self.viewer);
        let asked = customers.list_favourites(customer::ListFavouritesRequest {});
        match deadline::within(WALLET_PATIENCE, asked).await {
            Ok(Ok(listed)) => listed.into_inner().favourites,
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }

    /// Whether who looks may keep favourites here.
    pub(crate) fn keeps(&self) -> bool {
        self.viewer.scope == Scope::Full
    }

    /// One's own open orders, newest first.
    pub(crate) async fn open_orders(&self) -> Result<Vec<pb::Order>, Problem> {
        let request = pb::ListOrdersRequest {
            member_id: String::new(),
            cursor: String::new(),
            limit: 5,
            open_only: true,
        };
        let orders = self.app.orders(&self.viewer).list_orders(request).await?;
        Ok(orders.into_inner().orders)
    }

    /// Keeps this cart in the browser.
    pub(crate) fn keep(&self, cart: &Cart) -> SetCookies {
        self.app.cookies().cart(&cart.value())
    }
}

fn people(names: &Names) -> People {
    let everybody = names.everybody().iter();
    let everybody = everybody
        .map(|name| Person::new(&name.id, &name.name, &name.emoji, &name.colour))
        .collect::<People>();
    let guests = names.everybody().iter();
    let guests = guests.filter_map(|name| Some((name.id.clone(), name.host.clone()?)));
    everybody.and_left(names.left()).and_guests(guests)
}

/// A new idempotency key: a random UUID.
pub(crate) fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}
