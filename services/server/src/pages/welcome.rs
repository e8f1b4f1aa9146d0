//! The first admin's first page: who they are and what a drink costs. Whom they
//! invite comes next, on the family's page.

use askama::Template;
use axum::response::{IntoResponse, Response};
use wire::customer::v1 as pb;

use super::{
    frame::Frame,
    house::{Bar, house},
    mend::mendable,
    view::{
        Shell, Tab,
        relative::{CardForm, Relative},
    },
};
use crate::{
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "welcome/page.html")]
pub(crate) struct WelcomePage {
    pub(crate) shell: Shell,
    pub(crate) card: CardForm,
    pub(crate) free_bar: bool,
    /// Beans that everybody gets.
    pub(crate) weekly: i64,
}

/// `GET /welcome`
pub(crate) async fn page(frame: Frame) -> Result<Page<WelcomePage>, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let (me, house) = tokio::join!(customers.get_me(pb::GetMeRequest {}), house(&frame));
    let card = CardForm::of(&Relative::new(&me?.into_inner()).person);
    let house = house?;
    Ok(Page(show(&frame, card, house.free_bar, &house).await))
}

/// `POST /welcome`: sent twice, it says the same twice.
pub(crate) async fn set(
    frame: Frame,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let (card, bar) = (CardForm::typed(&fields), Bar::picked(&fields));
    let before = house(&frame).await?;
    let mut customers = frame.app.customers(&frame.viewer);
    let changes = card.changes(frame.viewer.member.to_string());
    if let Err(refused) = customers.update_member(changes).await {
        let (status, errors) = mendable(Problem::from(refused))?;
        let card = CardForm { errors, ..card };
        let page = show(&frame, card, bar == Bar::Free, &before).await;
        return Ok((status, Page(page)).into_response());
    }
    frame.app.forget_names();
    let request = pb::SetHouseRequest {
        free_bar: bar == Bar::Free,
        floor_beans: before.floor_beans,
        weekly_allowance_beans: before.weekly_allowance_beans,
        version: before.version,
    };
    customers.set_house(request).await?;
    Ok(see_other("/family").into_response())
}

async fn show(frame: &Frame, card: CardForm, free_bar: bool, house: &pb::House) -> WelcomePage {
    let shell = frame.shell(Tab::Me, &frame.people().await);
    WelcomePage { shell, card, free_bar, weekly: house.weekly_allowance_beans }
}
