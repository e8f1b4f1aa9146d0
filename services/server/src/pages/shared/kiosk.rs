//! The kitchen's tablet: a child taps their picture, says who they are with four
//! pictures, orders, and the tablet goes back by itself.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use types::MemberId;

use super::{DeviceFrame, pad, who};
use crate::{
    App,
    auth::Asker,
    extract::{Path, Query},
    pages::view::{Person, Shell, menu::BarView, shared::who_may},
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "shared/kiosk.html")]
pub(crate) struct KioskPage {
    pub(crate) shell: Shell,
    pub(crate) people: Vec<Person>,
    pub(crate) bar: BarView,
}

#[derive(Template)]
#[template(path = "shared/done.html")]
pub(crate) struct DonePage {
    pub(crate) shell: Shell,
    pub(crate) number: i32,
    /// A guardian is asked first.
    pub(crate) held: bool,
}

/// `GET /kiosk`: everybody's picture. Whoever has said who they are goes on.
pub(crate) async fn page(
    asker: Asker,
    frame: Result<DeviceFrame, PageError>,
) -> Result<Response, PageError> {
    let Asker::Device(_) = asker else { return Ok(see_other("/").into_response()) };
    let frame = frame?;
    let (itself, bar) = tokio::join!(frame.of_itself(), frame.bar());
    let (_, faces) = itself?;
    let page = KioskPage { shell: frame.still(), people: who_may(&faces), bar: bar? };
    Ok(Page(page).into_response())
}

/// `GET /kiosk/{id}`: the pictures.
pub(crate) async fn keys(
    frame: DeviceFrame,
    id: Result<Path<MemberId>, Problem>,
) -> Result<Page<pad::PadPage>, PageError> {
    let Path(id) = id?;
    Ok(Page(pad::show(&frame, id, pad::Typed::default()).await?))
}

/// `POST /kiosk/{id}`: a picture was tapped.
pub(crate) async fn tapped(
    frame: DeviceFrame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(form): PageForm<pad::PadForm>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    pad::tapped(&frame, id, form).await
}

/// The order that was just placed.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Placed {
    number: i32,
    #[serde(default)]
    held: bool,
}

/// `GET /kiosk/done?number=&held=`: goes back by itself.
pub(crate) async fn done(
    placed: Result<Query<Placed>, Problem>,
) -> Result<Page<DonePage>, PageError> {
    let Query(Placed { number, held }) = placed?;
    Ok(Page(DonePage { shell: Shell::bare(), number, held }))
}

/// `POST /kiosk`: somebody changed their mind.
pub(crate) async fn leave(
    State(app): State<App>,
    headers: HeaderMap,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Response {
    (who::leaving(&app, &headers).await, see_other("/kiosk")).into_response()
}

/// The answer to whoever has ordered at a kiosk: they are signed out, the screen
/// says thank you, and the next child may come.
pub(crate) async fn ordered(app: &App, headers: &HeaderMap, number: i32, held: bool) -> Response {
    let next = see_other(&format!("/kiosk/done?number={number}&held={held}"));
    (who::leaving(app, headers).await, next).into_response()
}
