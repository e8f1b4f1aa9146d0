//! The counter: what is new, in the making and ready; the bar's switch; what is sold out.

use askama::Template;
use axum::response::Redirect;
use chrono::TimeDelta;
use wire::order::v1 as pb;

use super::{
    frame::Frame,
    view::{
        People, Shell, Tab,
        menu::{BarView, Offered, offered},
        order::Board,
    },
};
use crate::{
    api::dto::wire_time,
    extract::Path,
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "counter/page.html")]
pub(crate) struct CounterPage {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
    pub(crate) board: Board,
}

#[derive(Template)]
#[template(path = "counter/board.html")]
pub(crate) struct BoardPart {
    pub(crate) shell: Shell,
    pub(crate) board: Board,
}

#[derive(Template)]
#[template(path = "counter/bar.html")]
pub(crate) struct CounterBar {
    pub(crate) bar: BarView,
}

#[derive(Template)]
#[template(path = "counter/switch.html")]
pub(crate) struct Switch {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
}

/// What may be sold out, under its headings.
pub(crate) type OffersList = Vec<(&'static str, Vec<Offered>)>;

#[derive(Template)]
#[template(path = "counter/menu.html")]
pub(crate) struct OffersPage {
    pub(crate) shell: Shell,
    pub(crate) offers: OffersList,
}

#[derive(Template)]
#[template(path = "counter/offers.html")]
pub(crate) struct Offers {
    pub(crate) shell: Shell,
    pub(crate) offers: OffersList,
}

struct Seen {
    board: Board,
    bar: BarView,
    position: String,
    people: People,
}

async fn look(frame: &Frame) -> Result<Seen, PageError> {
    let mut orders = frame.app.orders(&frame.viewer);
    let (queue, teller) = tokio::join!(orders.get_queue(pb::GetQueueRequest {}), frame.teller());
    let pb::Queue { orders, bar, position } = queue?.into_inner();
    Ok(Seen {
        board: Board::new(&orders, &teller),
        bar: BarView::new(&bar.unwrap_or_default(), frame.clock()),
        position,
        people: teller.people,
    })
}

/// `GET /counter`
pub(crate) async fn page(frame: Frame) -> Result<Page<CounterPage>, PageError> {
    let Seen { board, bar, position, people } = look(&frame).await?;
    let shell = Shell { position, ..frame.shell(Tab::Counter, &people) };
    Ok(Page(CounterPage { shell, bar, board }))
}

/// `GET /counter/board`
pub(crate) async fn board(frame: Frame) -> Result<Page<BoardPart>, PageError> {
    let Seen { board, .. } = look(&frame).await?;
    Ok(Page(BoardPart { shell: frame.part(), board }))
}

/// `GET /counter/bar`
pub(crate) async fn bar(frame: Frame) -> Result<Page<CounterBar>, PageError> {
    Ok(Page(CounterBar { bar: frame.bar().await? }))
}

/// `GET /counter/switch`
pub(crate) async fn switch(frame: Frame) -> Result<Page<Switch>, PageError> {
    Ok(Page(Switch { shell: frame.part(), bar: frame.bar().await? }))
}

/// The button that was tapped.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct SwitchForm {
    /// Minutes; 0: until somebody opens it.
    pause: Option<u32>,
    close: Option<String>,
    open: Option<String>,
}

/// Minutes; a longer break is closing.
const LONGEST_PAUSE: u32 = 24 * 60;

/// `POST /counter/bar`
pub(crate) async fn set_bar(
    frame: Frame,
    PageForm(form): PageForm<SwitchForm>,
) -> Result<Redirect, PageError> {
    let (state, minutes) = match form {
        SwitchForm { pause: Some(minutes), .. } => (pb::BarState::Paused, minutes),
        SwitchForm { close: Some(_), .. } => (pb::BarState::Closed, 0),
        SwitchForm { open: Some(_), .. } => (pb::BarState::Open, 0),
        SwitchForm { pause: None, close: None, open: None } => {
            return Err(Problem::invalid("form:", "missing", "Open, pause or close?").into());
        }
    };
    if minutes > LONGEST_PAUSE {
        return Err(Problem::invalid("form:pause", "too-long", "A day at most.").into());
    }
    let until =
        (minutes > 0).then(|| wire_time(frame.clock().now + TimeDelta::minutes(minutes.into())));
    let request = pb::SetBarRequest { state: state.into(), until };
    frame.app.orders(&frame.viewer).set_bar(request).await?;
    Ok(see_other("/counter"))
}

async fn offers_now(frame: &Frame) -> Result<OffersList, PageError> {
    Ok(offered(&frame.menu().await?))
}

/// `GET /counter/menu`
pub(crate) async fn menu(frame: Frame) -> Result<Page<OffersPage>, PageError> {
    let (offers, people) = tokio::join!(offers_now(&frame), frame.people());
    Ok(Page(OffersPage { shell: frame.shell(Tab::Counter, &people), offers: offers? }))
}

/// `GET /counter/menu/list`
pub(crate) async fn offers(frame: Frame) -> Result<Page<Offers>, PageError> {
    Ok(Page(Offers { shell: frame.part(), offers: offers_now(&frame).await? }))
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct AvailableForm {
    available: bool,
}

/// `POST /counter/menu/{slug}`: off until the next morning, or back.
pub(crate) async fn set_available(
    frame: Frame,
    slug: Result<Path<String>, Problem>,
    PageForm(AvailableForm { available }): PageForm<AvailableForm>,
) -> Result<Redirect, PageError> {
    let Path(slug) = slug?;
    let request = pb::SetAvailabilityRequest { slug, available, until: None };
    frame.app.orders(&frame.viewer).set_availability(request).await?;
    Ok(see_other("/counter/menu"))
}
