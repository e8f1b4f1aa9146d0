//! What must not be in one's own cup.

use askama::Template;
use axum::response::{IntoResponse, Response};
use wire::customer::v1 as pb;

use crate::{
    pages::{
        frame::Frame,
        mend::mendable,
        view::{Errors, Shell, Tab, children::DietForm},
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "children/diet.html")]
pub(crate) struct DietPage {
    pub(crate) shell: Shell,
    pub(crate) diet: DietForm,
    /// A child reads it; its guardian changes it.
    pub(crate) child: bool,
}

/// `GET /diet`
pub(crate) async fn page(frame: Frame) -> Result<Page<DietPage>, PageError> {
    Ok(Page(show(&frame, None).await?))
}

/// `typed`: what was refused.
async fn show(frame: &Frame, typed: Option<(pb::Diet, Errors)>) -> Result<DietPage, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let (diner, menu, people) = tokio::join!(
        customers.get_diner(pb::GetDinerRequest { member_id: String::new() }),
        frame.menu(),
        frame.people(),
    );
    let diner = diner?.into_inner();
    let child = diner.kind() == pb::MemberKind::Child;
    let (diet, errors) =
        typed.unwrap_or_else(|| (diner.diet.unwrap_or_default(), Errors::default()));
    Ok(DietPage {
        shell: frame.shell(Tab::Me, &people),
        diet: DietForm::new("/diet".to_owned(), &diet, &menu?, errors),
        child,
    })
}

/// `POST /diet`
pub(crate) async fn set(
    frame: Frame,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let diet = DietForm::typed(&fields);
    let request = pb::SetDietRequest { member_id: String::new(), diet: Some(diet.clone()) };
    match frame.app.customers(&frame.viewer).set_diet(request).await {
        Ok(_) => Ok(see_other("/me").into_response()),
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            Ok((status, Page(show(&frame, Some((diet, errors))).await?)).into_response())
        }
    }
}
