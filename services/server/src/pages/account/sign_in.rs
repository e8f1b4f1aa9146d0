//! Signing in by a one-time link, and out again. The link shows a button: only
//! its POST uses the link up, as messengers fetch links to preview them.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use runtime::Code;
use secrecy::SecretString;

use crate::{
    App,
    extract::Path,
    pages::{cart::cookie::Cart, frame::Frame, view::Shell},
    problem::Problem,
    secure_context::Withheld,
    web::{Csrf, Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "account/sign_in.html")]
pub(crate) struct SignInPage {
    pub(crate) shell: Shell,
    pub(crate) withheld: bool,
}

#[derive(Template)]
#[template(path = "account/link_over.html")]
pub(crate) struct LinkOverPage {
    pub(crate) shell: Shell,
}

#[derive(Template)]
#[template(path = "account/signed_out.html")]
pub(crate) struct SignedOutPage {
    pub(crate) shell: Shell,
    pub(crate) withheld: bool,
}

#[derive(Template)]
#[template(path = "account/sign_out.html")]
pub(crate) struct SignOutPage {
    pub(crate) shell: Shell,
}

/// `GET /sign-in`: where those land who are not signed in.
pub(crate) async fn signed_out(Withheld(withheld): Withheld) -> Page<SignedOutPage> {
    Page(SignedOutPage { shell: Shell::bare(), withheld })
}

/// `GET /sign-in/{secret}`: the button. Looks at nothing, uses up nothing.
pub(crate) async fn page(csrf: Csrf, Withheld(withheld): Withheld) -> Page<SignInPage> {
    Page(SignInPage { shell: Shell { csrf: csrf.token(), ..Shell::bare() }, withheld })
}

/// `POST /sign-in/{secret}`
pub(crate) async fn sign_in(
    State(app): State<App>,
    secret: Result<Path<String>, Problem>,
    headers: HeaderMap,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let Path(secret) = secret?;
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    match app.sign_in(&SecretString::from(secret), device.unwrap_or_default()).await {
        Ok(pair) => Ok((app.cookies().signed_in(&pair, app.now()), see_other("/")).into_response()),
        Err(problem) => match problem.code() {
            Code::InvalidCredential | Code::Unauthenticated | Code::NotFound => {
                let page = Page(LinkOverPage { shell: Shell::bare() });
                Ok((StatusCode::GONE, page).into_response())
            }
            _ => Err(problem.into()),
        },
    }
}

/// `GET /sign-out`: asks once more, as it takes a new link to come back.
pub(crate) async fn leaving(frame: Frame) -> Page<SignOutPage> {
    Page(SignOutPage { shell: frame.part() })
}

/// `POST /sign-out`
pub(crate) async fn sign_out(
    frame: Frame,
    headers: HeaderMap,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    frame.app.sign_out(&headers).await?;
    let cookies = frame.app.cookies().signed_out();
    Ok((cookies, frame.keep(&Cart::default()), see_other("/sign-in")).into_response())
}
