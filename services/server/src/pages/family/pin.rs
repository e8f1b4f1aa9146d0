//! Somebody's picture PIN for the kitchen's tablet.

use axum::response::{IntoResponse, Response};
use types::MemberId;
use wire::customer::v1 as pb;

use super::member;
use crate::{
    extract::Path,
    pages::{account::pin, frame::Frame},
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

/// `POST /family/{id}/pin`
pub(crate) async fn change(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    match pin::set(&frame, id.to_string(), pb::PinKind::Pictures, &fields).await? {
        None => Ok(see_other(&format!("/family/{id}")).into_response()),
        Some((status, errors)) => {
            let typed = member::Typed { pin: Some(errors), ..member::Typed::default() };
            Ok((status, Page(member::show(&frame, id, typed).await?)).into_response())
        }
    }
}
