//! What holds for everybody in the house: free bar or beans, debts, allowance.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use runtime::Code;
use wire::customer::v1 as pb;

use super::{
    frame::Frame,
    order::place::errors_of,
    view::{Errors, People, Shell, Tab, clock::moment},
};
use crate::{
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "house/page.html")]
pub(crate) struct HousePage {
    pub(crate) shell: Shell,
    pub(crate) form: HouseView,
}

/// The form, as it is shown.
pub(crate) struct HouseView {
    pub(crate) version: u64,
    pub(crate) free_bar: bool,
    /// The floor, with the sign turned: phones' number keys have no minus.
    pub(crate) debt: String,
    pub(crate) weekly: String,
    /// By whom, when; empty: by nobody yet.
    pub(crate) changed: String,
    pub(crate) errors: Errors,
}

/// The form, as browsers send it.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct HouseForm {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    bar: Bar,
    #[serde(default)]
    debt: String,
    #[serde(default)]
    weekly: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Bar {
    #[default]
    Paid,
    Free,
}

impl Bar {
    /// As a form has it among other fields.
    pub(super) fn picked(fields: &[(String, String)]) -> Self {
        let free = fields.iter().any(|(name, value)| name == "bar" && value == "free");
        if free { Self::Free } else { Self::Paid }
    }
}

/// `GET /house`
pub(crate) async fn page(frame: Frame) -> Result<Page<HousePage>, PageError> {
    let (house, people) = tokio::join!(house(&frame), frame.people());
    let house = house?;
    let form = HouseView {
        version: house.version,
        free_bar: house.free_bar,
        debt: house.floor_beans.min(0).unsigned_abs().to_string(),
        weekly: house.weekly_allowance_beans.to_string(),
        changed: changed(&frame, &people, &house),
        errors: Errors::default(),
    };
    Ok(Page(HousePage { shell: frame.shell(Tab::Menu, &people), form }))
}

/// `POST /house`
pub(crate) async fn set(
    frame: Frame,
    PageForm(form): PageForm<HouseForm>,
) -> Result<Response, PageError> {
    let mut errors = Errors::default();
    let debt = whole(&form.debt, "floor_beans", &mut errors);
    let weekly_allowance_beans = whole(&form.weekly, "weekly_allowance_beans", &mut errors);
    if !errors.is_empty() {
        return Ok(again(&frame, StatusCode::UNPROCESSABLE_ENTITY, form, errors).await);
    }
    let request = pb::SetHouseRequest {
        free_bar: form.bar == Bar::Free,
        floor_beans: -debt,
        weekly_allowance_beans,
        version: form.version,
    };
    match frame.app.customers(&frame.viewer).set_house(request).await {
        Ok(_) => Ok(see_other("/house").into_response()),
        Err(status) => {
            let problem = Problem::from(status);
            match problem.code() {
                Code::Stale | Code::InvalidRequest => {
                    let errors = errors_of(&problem);
                    // What is saved next is meant to stand over what is shown now.
                    let version = if problem.code() == Code::Stale { 0 } else { form.version };
                    let form = HouseForm { version, ..form };
                    Ok(again(&frame, problem.status(), form, errors).await)
                }
                _ => Err(problem.into()),
            }
        }
    }
}

async fn again(frame: &Frame, status: StatusCode, form: HouseForm, errors: Errors) -> Response {
    let people = frame.people().await;
    // Who changed it meanwhile, where that can be told.
    let changed = house(frame).await.map(|house| changed(frame, &people, &house));
    let form = HouseView {
        version: form.version,
        free_bar: form.bar == Bar::Free,
        debt: form.debt,
        weekly: form.weekly,
        changed: changed.unwrap_or_default(),
        errors,
    };
    let page = HousePage { shell: frame.shell(Tab::Menu, &people), form };
    (status, Page(page)).into_response()
}

pub(super) async fn house(frame: &Frame) -> Result<pb::House, Problem> {
    let house = frame.app.customers(&frame.viewer).get_house(pb::GetHouseRequest {}).await?;
    Ok(house.into_inner())
}

fn changed(frame: &Frame, people: &People, house: &pb::House) -> String {
    let at = house.changed_at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
    at.map(|at| {
        let by = people.get(&house.changed_by).name;
        format!("{by} set this, {}.", frame.clock().say(at))
    })
    .unwrap_or_default()
}

/// How many beans a field says; 0 where it says nothing.
fn whole(text: &str, field: &str, errors: &mut Errors) -> i64 {
    text.trim().parse().ok().filter(|beans| *beans >= 0).unwrap_or_else(|| {
        errors.add(field, "How many? A whole number, please; 0 is one.");
        0
    })
}
