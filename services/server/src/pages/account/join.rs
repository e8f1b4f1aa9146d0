//! Signing in by a code that is typed: inside the app on the home screen, where
//! no link from a messenger leads.

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
    limits::Household,
    pages::view::{Shell, clock::about},
    problem::Problem,
    secure_context::Withheld,
    web::{Csrf, Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "account/join.html")]
pub(crate) struct JoinPage {
    pub(crate) shell: Shell,
    pub(crate) withheld: bool,
    /// Why the code before was refused.
    pub(crate) refused: Option<String>,
}

/// `GET /join`
pub(crate) async fn page(csrf: Csrf, Withheld(withheld): Withheld) -> Page<JoinPage> {
    Page(show(&csrf, withheld, None))
}

fn show(csrf: &Csrf, withheld: bool, refused: Option<String>) -> JoinPage {
    JoinPage { shell: Shell { csrf: csrf.token(), ..Shell::bare() }, withheld, refused }
}

/// What was typed. Never shown again: a wrong code is typed anew.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    code: SecretString,
}

/// `POST /join`
pub(crate) async fn join(
    _: OwnDevice,
    State(app): State<App>,
    from: Household,
    csrf: Csrf,
    Withheld(withheld): Withheld,
    headers: HeaderMap,
    PageForm(Typed { code }): PageForm<Typed>,
) -> Result<Response, PageError> {
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let problem = match app.join(&code, device.unwrap_or_default(), &from).await {
        Ok(pair) => {
            let cookies = app.cookies().signed_in(&pair, app.now());
            return Ok((cookies, see_other("/")).into_response());
        }
        Err(problem) => problem,
    };
    let (status, says) = refusal(&problem).ok_or_else(|| problem.clone())?;
    let mut answer = (status, Page(show(&csrf, withheld, Some(says)))).into_response();
    if let Some(seconds) = problem.retry_after_seconds() {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(answer)
}

/// What its reader can do about it; `None`: a page of its own says that.
fn refusal(problem: &Problem) -> Option<(StatusCode, String)> {
    match problem.code() {
        Code::InvalidRequest => {
            Some((StatusCode::BAD_REQUEST, "A code has six digits.".to_owned()))
        }
        Code::InvalidCredential => {
            let says = problem.text().unwrap_or("This code opens nothing.").to_owned();
            Some((StatusCode::UNPROCESSABLE_ENTITY, says))
        }
        Code::TooManyRequests => {
            let seconds = problem.retry_after_seconds().unwrap_or(60);
            let wait = about(i64::try_from(seconds).unwrap_or(i64::MAX - 60));
            let says = format!("Too many wrong codes from here. Try again in {wait}.");
            Some((StatusCode::TOO_MANY_REQUESTS, says))
        }
        _ => None,
    }
}
