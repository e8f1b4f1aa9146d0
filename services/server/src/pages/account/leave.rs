//! What is stored about oneself, and leaving for good.

use askama::Template;
use axum::response::{IntoResponse, Response};
use wire::customer::v1 as pb;

use crate::{
    api::v1::me::export::file,
    pages::{
        cart::cookie::Cart,
        family::member::Goes,
        frame::Frame,
        mend::mendable,
        view::{Errors, Shell, Tab},
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "account/leave.html")]
pub(crate) struct LeavePage {
    pub(crate) shell: Shell,
    /// As it has to be typed.
    pub(crate) name: String,
    pub(crate) errors: Errors,
}

/// `GET /me/export`: one file.
pub(crate) async fn export(frame: Frame) -> Result<Response, PageError> {
    Ok(file(&frame.app, &frame.viewer).await?)
}

/// `GET /me/leave`
pub(crate) async fn page(frame: Frame) -> Result<Page<LeavePage>, PageError> {
    Ok(Page(show(&frame, Errors::default()).await?))
}

async fn show(frame: &Frame, errors: Errors) -> Result<LeavePage, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let (me, people) = tokio::join!(customers.get_me(pb::GetMeRequest {}), frame.people());
    let pb::Member { name, .. } = me?.into_inner();
    Ok(LeavePage { shell: frame.shell(Tab::Me, &people), name, errors })
}

/// `POST /me/leave`
pub(crate) async fn leave(
    frame: Frame,
    PageForm(Goes { name }): PageForm<Goes>,
) -> Result<Response, PageError> {
    let member_id = frame.viewer.member.to_string();
    let request = pb::RemoveMemberRequest { member_id, name };
    match frame.app.customers(&frame.viewer).remove_member(request).await {
        Ok(_) => {
            frame.app.forget_names();
            let cookies = frame.app.cookies().signed_out();
            Ok((cookies, frame.keep(&Cart::default()), see_other("/sign-in")).into_response())
        }
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            Ok((status, Page(show(&frame, errors).await?)).into_response())
        }
    }
}
