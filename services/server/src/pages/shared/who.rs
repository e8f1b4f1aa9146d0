//! "Who are you?": the counter's tablet while nobody acts at it. It shows what
//! there is to make, so that full hands need no PIN to read on.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use types::MemberId;
use wire::order::v1 as pb;

use super::{DeviceFrame, pad};
use crate::{
    App,
    auth::Asker,
    extract::Path,
    pages::view::{
        People, Person, Shell,
        menu::{BarView, Emoji},
        order::{Board, Teller},
        shared::{person, who_may},
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "shared/who.html")]
pub(crate) struct WhoPage {
    pub(crate) shell: Shell,
    /// The device's name.
    pub(crate) name: String,
    pub(crate) people: Vec<Person>,
    pub(crate) bar: BarView,
    pub(crate) board: Board,
}

#[derive(Template)]
#[template(path = "counter/board.html")]
pub(crate) struct WhoBoard {
    pub(crate) shell: Shell,
    pub(crate) board: Board,
}

#[derive(Template)]
#[template(path = "counter/bar.html")]
pub(crate) struct WhoBar {
    pub(crate) bar: BarView,
}

struct Seen {
    name: String,
    people: Vec<Person>,
    bar: BarView,
    board: Board,
    position: String,
}

async fn look(frame: &DeviceFrame) -> Result<Seen, Problem> {
    let mut orders = frame.app.orders(&frame.device);
    let mut menus = frame.app.orders(&frame.device);
    let (itself, queue, menu) = tokio::join!(
        frame.of_itself(),
        orders.get_queue(pb::GetQueueRequest {}),
        menus.get_menu(pb::GetMenuRequest::default()),
    );
    let (device, faces) = itself?;
    let pb::Queue { orders, bar, position } = queue?.into_inner();
    let teller = Teller {
        clock: frame.clock,
        people: faces.iter().map(person).collect::<People>(),
        emoji: menu.map(|menu| Emoji::of_menu(&menu.into_inner().items)).unwrap_or_default(),
        me: String::new(),
        pays: true,
    };
    Ok(Seen {
        name: device.name,
        people: who_may(&faces),
        bar: BarView::new(&bar.unwrap_or_default(), &frame.clock),
        board: Board::new(&orders, &teller),
        position,
    })
}

/// `GET /who`. Whoever has said so already goes on.
pub(crate) async fn page(
    asker: Asker,
    frame: Result<DeviceFrame, PageError>,
) -> Result<Response, PageError> {
    let Asker::Device(_) = asker else { return Ok(see_other("/counter").into_response()) };
    let frame = frame?;
    let Seen { name, people, bar, board, position } = look(&frame).await?;
    let shell = Shell { position, ..frame.live() };
    Ok(Page(WhoPage { shell, name, people, bar, board }).into_response())
}

/// `GET /who/board`
pub(crate) async fn board(frame: DeviceFrame) -> Result<Page<WhoBoard>, PageError> {
    let Seen { board, .. } = look(&frame).await?;
    Ok(Page(WhoBoard { shell: frame.still(), board }))
}

/// `GET /who/bar`
pub(crate) async fn bar(frame: DeviceFrame) -> Result<Page<WhoBar>, PageError> {
    Ok(Page(WhoBar { bar: frame.bar().await? }))
}

/// `GET /who/{id}`: the keys.
pub(crate) async fn keys(
    frame: DeviceFrame,
    id: Result<Path<MemberId>, Problem>,
) -> Result<Page<pad::PadPage>, PageError> {
    let Path(id) = id?;
    Ok(Page(pad::show(&frame, id, pad::Typed::default()).await?))
}

/// `POST /who/{id}`: a key was tapped.
pub(crate) async fn tapped(
    frame: DeviceFrame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(form): PageForm<pad::PadForm>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    pad::tapped(&frame, id, form).await
}

/// `POST /who`: the tablet is locked, by hand or by itself.
pub(crate) async fn leave(
    State(app): State<App>,
    headers: HeaderMap,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Response {
    (leaving(&app, &headers).await, see_other("/who")).into_response()
}

/// Ends the sign-in of whoever acts at a shared device. The tablet is locked also
/// while customer-service is away; then the sign-in ends by itself within the hour.
pub(super) async fn leaving(app: &App, headers: &HeaderMap) -> crate::auth::cookies::SetCookies {
    if let Err(problem) = app.sign_out(headers).await {
        tracing::warn!(?problem, "could not end a sign-in at a shared device");
    }
    app.cookies().signed_out().and(app.cookies().cart(""))
}
