//! One child: what it had today, its limits, and what must not be in its cup.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use types::MemberId;
use wire::customer::v1 as pb;

use crate::{
    extract::Path,
    pages::{
        account::pin,
        frame::Frame,
        mend::mendable,
        view::{
            Errors, Person, Shell, Tab,
            children::{DayView, DietForm, LimitsForm},
            pin::PinForm,
        },
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "children/child.html")]
pub(crate) struct ChildPage {
    pub(crate) shell: Shell,
    pub(crate) person: Person,
    pub(crate) day: Option<DayView>,
    pub(crate) limits: LimitsForm,
    pub(crate) diet: DietForm,
    /// For the kitchen's tablet.
    pub(crate) pin: PinForm,
}

type Fields = Vec<(String, String)>;

/// What was typed and refused; nothing: as it is.
enum Typed {
    Nothing,
    Limits(Fields, Errors),
    Diet(pb::Diet, Errors),
    Pin(Errors),
}

/// `GET /children/{id}`
pub(crate) async fn page(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
) -> Result<Page<ChildPage>, PageError> {
    let Path(id) = id?;
    Ok(Page(show(&frame, id, Typed::Nothing).await?))
}

async fn show(frame: &Frame, id: MemberId, typed: Typed) -> Result<ChildPage, PageError> {
    let request = pb::GetDinerRequest { member_id: id.to_string() };
    let pins = pb::ListPinsRequest { member_id: id.to_string() };
    let [mut first, mut second] = [(); 2].map(|()| frame.app.customers(&frame.viewer));
    let (diner, pins, menu, people, day) = tokio::join!(
        first.get_diner(request),
        second.list_pins(pins),
        frame.menu(),
        frame.people(),
        frame.day(id.to_string()),
    );
    let pb::Diner { member_id: _, kind: _, guardian_ids: _, limits, diet } = diner?.into_inner();
    let pb::ListPinsResponse { pins } = pins?.into_inner();
    let menu = menu?;
    let mut limits = LimitsForm::of(&limits.unwrap_or_default(), &menu);
    let action = format!("/children/{id}/diet");
    let diet = diet.unwrap_or_default();
    let mut form = DietForm::new(action, &diet, &menu, Errors::default());
    let action = format!("/children/{id}/pin");
    let mut pictures = PinForm::new(&pins, pb::PinKind::Pictures, action, frame.clock());
    match typed {
        Typed::Nothing => {}
        Typed::Limits(fields, errors) => limits = LimitsForm::refused(&fields, &menu, errors),
        Typed::Diet(diet, errors) => form = DietForm::new(form.action, &diet, &menu, errors),
        Typed::Pin(errors) => pictures = pictures.with(errors),
    }
    Ok(ChildPage {
        shell: frame.shell(Tab::Me, &people),
        person: people.get(&id.to_string()),
        day,
        limits,
        diet: form,
        pin: pictures,
    })
}

/// `POST /children/{id}/limits`
pub(crate) async fn set_limits(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Fields>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let limits = match LimitsForm::typed(&fields) {
        Ok(limits) => limits,
        Err(errors) => {
            let page = show(&frame, id, Typed::Limits(fields, errors)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
        }
    };
    let request = pb::SetLimitsRequest { member_id: id.to_string(), limits: Some(limits) };
    match frame.app.customers(&frame.viewer).set_limits(request).await {
        Ok(_) => Ok(see_other(&format!("/children/{id}")).into_response()),
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let page = show(&frame, id, Typed::Limits(fields, errors)).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

/// `POST /children/{id}/diet`
pub(crate) async fn set_diet(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Fields>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let diet = DietForm::typed(&fields);
    let request = pb::SetDietRequest { member_id: id.to_string(), diet: Some(diet.clone()) };
    match frame.app.customers(&frame.viewer).set_diet(request).await {
        Ok(_) => Ok(see_other(&format!("/children/{id}")).into_response()),
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let page = show(&frame, id, Typed::Diet(diet, errors)).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

/// `POST /children/{id}/pin`
pub(crate) async fn set_pin(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Fields>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    match pin::set(&frame, id.to_string(), pb::PinKind::Pictures, &fields).await? {
        None => Ok(see_other(&format!("/children/{id}")).into_response()),
        Some((status, errors)) => {
            let page = show(&frame, id, Typed::Pin(errors)).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}
