//! Guests, for their host: the code that lets visitors in for one evening, who came
//! in by it, and its end.

pub(crate) mod enter;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use customer::CreateGuestPassResponse as Made;
use http::StatusCode;
use runtime::Code;
use secrecy::{ExposeSecret, SecretString};
use types::GuestPassId;
use wire::customer::v1 as customer;

use super::{
    frame::Frame,
    mend::mendable,
    order::place::errors_of,
    trust::qr::Qr,
    view::{
        Errors, Shell, Tab,
        guest::{Here, PassView},
    },
};
use crate::{
    extract::Path,
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "guests/page.html")]
pub(crate) struct GuestsPage {
    pub(crate) shell: Shell,
    /// The code that was just made.
    pub(crate) made: Option<ShownPass>,
    pub(crate) passes: Vec<PassView>,
    pub(crate) here: Here,
    /// Why none was made.
    pub(crate) errors: Errors,
}

#[derive(Template)]
#[template(path = "guests/here.html")]
pub(crate) struct GuestsHere {
    pub(crate) here: Here,
}

/// A pass to be scanned, shown once: only its secret's hash is stored.
pub(crate) struct ShownPass {
    pub(crate) link: SecretString,
    pub(crate) qr: Option<Qr>,
    /// "04:00"
    pub(crate) until: Option<String>,
}

impl ShownPass {
    /// The link in clear, for this page alone.
    pub(crate) fn address(&self) -> &str {
        self.link.expose_secret()
    }
}

/// Those that are still good, newest first.
async fn passes(frame: &Frame) -> Result<Vec<PassView>, Problem> {
    let mut customers = frame.app.customers(&frame.viewer);
    let listed = customers.list_guest_passes(customer::ListGuestPassesRequest {}).await?;
    let customer::ListGuestPassesResponse { passes } = listed.into_inner();
    Ok(passes.iter().map(|pass| PassView::new(pass, frame.clock())).collect())
}

/// `GET /guests`
pub(crate) async fn page(frame: Frame) -> Result<Page<GuestsPage>, PageError> {
    Ok(Page(show(&frame, Errors::default()).await?))
}

async fn show(frame: &Frame, errors: Errors) -> Result<GuestsPage, PageError> {
    let (passes, people) = tokio::join!(passes(frame), frame.people());
    let (passes, shell) = (passes?, frame.shell(Tab::Me, &people));
    Ok(GuestsPage { shell, made: None, here: Here::new(&passes, frame.clock()), passes, errors })
}

/// `GET /guests/list`
pub(crate) async fn list(frame: Frame) -> Result<Page<GuestsHere>, PageError> {
    let passes = passes(&frame).await?;
    Ok(Page(GuestsHere { here: Here::new(&passes, frame.clock()) }))
}

/// `POST /guests`: a new code, to be held out.
pub(crate) async fn make(
    frame: Frame,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let made = customers.create_guest_pass(customer::CreateGuestPassRequest {}).await;
    let Made { secret, pass } = match made {
        Ok(made) => made.into_inner(),
        Err(refused) => {
            let (status, errors) = refusal(refused.into())?;
            return Ok((status, Page(show(&frame, errors).await?)).into_response());
        }
    };
    let link = frame.app.guest_address(&SecretString::from(secret));
    let pass = pass.map(|pass| PassView::new(&pass, frame.clock()));
    let until = pass.as_ref().map(|pass| pass.until.clone());
    let made = ShownPass { qr: Qr::of(link.expose_secret()), link, until };
    let (passes, people) = tokio::join!(passes(&frame), frame.people());
    // The code is shown whatever else is not known now: there is no other time.
    let passes = passes.unwrap_or_else(|_| pass.into_iter().collect());
    let page = GuestsPage {
        shell: frame.shell(Tab::Me, &people),
        made: Some(made),
        here: Here::new(&passes, frame.clock()),
        passes,
        errors: Errors::default(),
    };
    Ok(Page(page).into_response())
}

/// Who may not host, or hosts enough already, reads it beside the button.
fn refusal(problem: Problem) -> Result<(StatusCode, Errors), PageError> {
    match problem.code() {
        Code::Forbidden | Code::TooManyRequests => Ok((problem.status(), errors_of(&problem))),
        _ => mendable(problem),
    }
}

/// `POST /guests/{id}/end`
pub(crate) async fn end(
    frame: Frame,
    id: Result<Path<GuestPassId>, Problem>,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    let Path(id) = id?;
    let request = customer::EndGuestPassRequest { id: id.to_string() };
    frame.app.customers(&frame.viewer).end_guest_pass(request).await?;
    // Whoever came in by it is nobody here any more.
    frame.app.forget_names();
    Ok(see_other("/guests"))
}
