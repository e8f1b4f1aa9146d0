//! A visitor comes in. The code leads to a page with a button: only its POST lets
//! somebody in, as messengers fetch links to preview them.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use runtime::Code;
use secrecy::SecretString;

use crate::{
    App,
    auth::OwnDevice,
    extract::Path,
    pages::{
        mend::mendable,
        order::place::{errors_of, sentence},
        view::{Errors, Shell},
    },
    problem::Problem,
    web::{Csrf, Page, PageError, PageForm, PageViewer, see_other},
};

#[derive(Template)]
#[template(path = "guests/enter.html")]
pub(crate) struct EnterPage {
    pub(crate) shell: Shell,
    /// Somebody is signed in here, and stays who they are.
    pub(crate) in_already: bool,
    /// As it was typed.
    pub(crate) name: String,
    pub(crate) errors: Errors,
}

#[derive(Template)]
#[template(path = "guests/over.html")]
pub(crate) struct PassOverPage {
    pub(crate) shell: Shell,
    pub(crate) says: String,
}

fn show(csrf: &Csrf, name: String, errors: Errors) -> EnterPage {
    let shell = Shell { csrf: csrf.token(), ..Shell::bare() };
    EnterPage { shell, in_already: false, name, errors }
}

/// `GET /guest/{secret}`: the button. Looks at nothing, uses up nothing.
pub(crate) async fn page(
    _: OwnDevice,
    csrf: Csrf,
    viewer: Result<PageViewer, PageError>,
) -> Page<EnterPage> {
    let in_already = viewer.is_ok();
    Page(EnterPage { in_already, ..show(&csrf, String::new(), Errors::default()) })
}

/// What a visitor types.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Visitor {
    #[serde(default)]
    name: String,
}

/// `POST /guest/{secret}`. Whoever is signed in here stays who they are.
pub(crate) async fn enter(
    _: OwnDevice,
    State(app): State<App>,
    csrf: Csrf,
    viewer: Result<PageViewer, PageError>,
    secret: Result<Path<String>, Problem>,
    headers: HeaderMap,
    PageForm(Visitor { name }): PageForm<Visitor>,
) -> Result<Response, PageError> {
    if viewer.is_ok() {
        return Ok(see_other("/").into_response());
    }
    let Path(secret) = secret?;
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let secret = SecretString::from(secret);
    match app.enter_as_guest(&secret, name.trim(), device.unwrap_or_default()).await {
        Ok(pair) => Ok((app.cookies().entered(&pair, app.now()), see_other("/")).into_response()),
        Err(problem) => refused(&csrf, name, problem),
    }
}

/// What a visitor can do about it stands beside the field; a code that is over has a
/// page of its own.
fn refused(csrf: &Csrf, name: String, problem: Problem) -> Result<Response, PageError> {
    let wait = problem.retry_after_seconds();
    let (status, errors) = match problem.code() {
        Code::InvalidCredential | Code::Unauthenticated | Code::NotFound => {
            let says = problem.text().unwrap_or("It lets nobody in any more.");
            let page = PassOverPage { shell: Shell::bare(), says: sentence(says) };
            return Ok((StatusCode::GONE, Page(page)).into_response());
        }
        Code::TooManyRequests => (problem.status(), errors_of(&problem)),
        _ => mendable(problem)?,
    };
    let mut answer = (status, Page(show(csrf, name, errors))).into_response();
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(answer)
}
