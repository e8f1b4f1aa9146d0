//! The menu: what there is, what it costs, whether somebody makes it now.

use askama::Template;
use types::Role;
use wire::order::v1 as pb;

use super::{
    frame::{Frame, new_key},
    view::{
        Shell, Tab, Wallet,
        children::DayView,
        count,
        favourite::UsualView,
        guest::Treat,
        menu::{BarView, Emoji, MenuView},
        order::{OrderView, Teller},
    },
};
use crate::{
    extract::Query,
    problem::Problem,
    web::{Page, PageError},
};

#[derive(Template)]
#[template(path = "menu/page.html")]
pub(crate) struct MenuPage {
    pub(crate) shell: Shell,
    pub(crate) greeting: &'static str,
    pub(crate) bar: BarView,
    pub(crate) wallet: Option<Wallet>,
    pub(crate) open: Vec<OrderView>,
    pub(crate) usual: UsualView,
    /// Idempotency key of ordering the usual.
    pub(crate) usual_key: String,
    pub(crate) menu: MenuView,
    pub(crate) cart_says: String,
    /// The first admin, and nobody else has been invited yet.
    pub(crate) alone: bool,
    /// What a child's limits leave of the day.
    pub(crate) day: Option<DayView>,
    /// Whose treat it is, for a guest.
    pub(crate) treat: Option<Treat>,
}

#[derive(Template)]
#[template(path = "menu/list.html")]
pub(crate) struct MenuList {
    pub(crate) shell: Shell,
    pub(crate) menu: MenuView,
}

#[derive(Template)]
#[template(path = "menu/bar.html")]
pub(crate) struct BarLine {
    pub(crate) bar: BarView,
}

#[derive(Template)]
#[template(path = "menu/wallet.html")]
pub(crate) struct WalletPart {
    pub(crate) wallet: Option<Wallet>,
}

/// What is searched for.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

/// Characters of a search; the rest is not looked at.
const LONGEST_QUERY: usize = 80;

/// `GET /?q=`
pub(crate) async fn page(
    frame: Frame,
    search: Result<Query<Search>, Problem>,
) -> Result<Page<MenuPage>, PageError> {
    let Query(search) = search?;
    let me = frame.me();
    let (people, menu, found, bar, wallet, open, favourites, day) = tokio::join!(
        frame.people(),
        frame.menu_for(&me),
        find(&frame, &search),
        frame.bar(),
        frame.wallet(),
        frame.open_orders(),
        frame.favourites(),
        frame.day(String::new()),
    );
    let menu = menu?;
    let teller = Teller {
        clock: *frame.clock(),
        people,
        emoji: Emoji::of_menu(&menu.items),
        me: frame.viewer.member.to_string(),
        pays: !frame.is_guest(),
    };
    let alone = frame.viewer.may(Role::Admin) && teller.people.all().len() == 1;
    Ok(Page(MenuPage {
        treat: frame.treat(&teller.people),
        shell: frame.shell(Tab::Menu, &teller.people),
        greeting: frame.clock().greeting(),
        bar: bar?,
        wallet,
        usual: UsualView::new(&favourites, &teller.emoji),
        usual_key: new_key(),
        open: open?.iter().map(|order| teller.order(order)).collect(),
        menu: match found? {
            Some((query, items)) => MenuView::found(&query, &items, &menu.sold_out),
            None => MenuView::whole(&menu),
        },
        cart_says: count(frame.cart.lines.len(), "drink", "drinks"),
        alone,
        day,
    }))
}

/// `GET /menu/list?q=`
pub(crate) async fn list(
    frame: Frame,
    search: Result<Query<Search>, Problem>,
) -> Result<Page<MenuList>, PageError> {
    let Query(search) = search?;
    let me = frame.me();
    let (found, menu) = tokio::join!(find(&frame, &search), frame.menu_for(&me));
    let menu = match found? {
        Some((query, items)) => MenuView::found(&query, &items, &menu?.sold_out),
        None => MenuView::whole(&menu?),
    };
    Ok(Page(MenuList { shell: frame.part(), menu }))
}

/// `GET /menu/bar`
pub(crate) async fn bar(frame: Frame) -> Result<Page<BarLine>, PageError> {
    Ok(Page(BarLine { bar: frame.bar().await? }))
}

/// `GET /menu/wallet`
pub(crate) async fn wallet(frame: Frame) -> Page<WalletPart> {
    Page(WalletPart { wallet: frame.wallet().await })
}

/// What was searched for, and what was found; `None`: nothing was searched for.
async fn find(
    frame: &Frame,
    search: &Search,
) -> Result<Option<(String, Vec<pb::MenuItem>)>, Problem> {
    let query: String = search.q.trim().chars().take(LONGEST_QUERY).collect();
    if query.is_empty() {
        return Ok(None);
    }
    let request = pb::SearchMenuRequest { query: query.clone() };
    let found = frame.app.orders(&frame.viewer).search_menu(request).await?.into_inner();
    Ok(Some((query, found.items)))
}
