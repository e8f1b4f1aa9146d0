//! The display: big, from across the kitchen, live, and nothing but what is called out.

use askama::Template;
use wire::order::v1 as pb;

use super::DeviceFrame;
use crate::{
    pages::view::{
        People, Shell,
        menu::BarView,
        shared::{Shown, person, shown},
    },
    problem::Problem,
    web::{Page, PageError},
};

#[derive(Template)]
#[template(path = "shared/display.html")]
pub(crate) struct DisplayPage {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
    pub(crate) columns: Vec<Shown>,
}

#[derive(Template)]
#[template(path = "shared/display_board.html")]
pub(crate) struct DisplayBoard {
    pub(crate) bar: BarView,
    pub(crate) columns: Vec<Shown>,
}

async fn look(frame: &DeviceFrame) -> Result<(DisplayBoard, String), Problem> {
    let mut orders = frame.app.orders(&frame.device);
    let (itself, display) =
        tokio::join!(frame.of_itself(), orders.get_display(pb::GetDisplayRequest {}));
    // Without names a number is called all the same, but not by a device that is ended.
    let faces = match itself {
        Ok((_, faces)) => faces,
        Err(problem) if problem.is_transient() => Vec::new(),
        Err(problem) => return Err(problem),
    };
    let people: People = faces.iter().map(person).collect();
    let pb::Display { orders, bar, position } = display?.into_inner();
    let bar = BarView::new(&bar.unwrap_or_default(), &frame.clock);
    Ok((DisplayBoard { bar, columns: shown(&orders, &people) }, position))
}

/// `GET /display`
pub(crate) async fn page(frame: DeviceFrame) -> Result<Page<DisplayPage>, PageError> {
    let (DisplayBoard { bar, columns }, position) = look(&frame).await?;
    Ok(Page(DisplayPage { shell: Shell { position, ..frame.live() }, bar, columns }))
}

/// `GET /display/board`
pub(crate) async fn board(frame: DeviceFrame) -> Result<Page<DisplayBoard>, PageError> {
    let (board, _) = look(&frame).await?;
    Ok(Page(board))
}
