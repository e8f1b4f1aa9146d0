//! Signing in by a passkey or a one-time link, and out again. The link shows a
//! button: only its POST uses the link up, as messengers fetch links to preview them.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use runtime::Code;
use secrecy::SecretString;
use wire::customer::v1 as pb;

use super::passkeys::answer;
use crate::{
    App,
    api::dto::passkey::UsedPasskey,
    auth::{Asker, OwnDevice, cookies},
    extract::Path,
    pages::{
        cart::cookie::Cart,
        frame::Frame,
        mend::mendable,
        view::{Shell, passkey::Offer},
    },
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
    pub(crate) offer: Offer,
    /// Why a passkey signed nobody in.
    pub(crate) refused: Option<String>,
    /// The id of one that is not known here: the browser may forget it.
    pub(crate) unknown: Option<String>,
    /// A guest was here this evening, and is not any more.
    pub(crate) was_guest: bool,
}

#[derive(Template)]
#[template(path = "account/sign_out.html")]
pub(crate) struct SignOutPage {
    pub(crate) shell: Shell,
}

/// `GET /sign-in`: where those land who are not signed in. A device that was paired
/// says what became of it; one that customer-service knows no more forgets that it was.
pub(crate) async fn signed_out(
    State(app): State<App>,
    asker: Result<Asker, Problem>,
    csrf: Csrf,
    offer: Offer,
    Withheld(withheld): Withheld,
    headers: HeaderMap,
) -> Response {
    if let Ok(Asker::Device(device)) = asker {
        let asked = app.customers(&device).get_device(pb::GetDeviceRequest {}).await;
        return match asked.map_err(Problem::from) {
            Err(problem) if problem.code() == Code::Unauthenticated => {
                (app.cookies().forget(cookies::DEVICE), see_other("/pair")).into_response()
            }
            _ => see_other(device.home()).into_response(),
        };
    }
    if app.cookies().read(&headers, cookies::PAIRED_AS).is_some() {
        return see_other("/pair").into_response();
    }
    let shell = Shell { csrf: csrf.token(), ..Shell::bare() };
    let (refused, unknown, was_guest) = (None, None, was_guest(&app, &headers));
    Page(SignedOutPage { shell, withheld, offer, refused, unknown, was_guest }).into_response()
}

fn was_guest(app: &App, headers: &HeaderMap) -> bool {
    app.cookies().read(headers, cookies::GUEST_UNTIL).is_some()
}

/// What a device answered.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Used {
    credential: String,
}

/// `POST /sign-in/passkey`
pub(crate) async fn by_passkey(
    _: OwnDevice,
    State(app): State<App>,
    csrf: Csrf,
    offer: Offer,
    Withheld(withheld): Withheld,
    headers: HeaderMap,
    PageForm(Used { credential }): PageForm<Used>,
) -> Result<Response, PageError> {
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let mut id = None;
    let signed_in = match answer::<UsedPasskey>(&credential) {
        Ok(used) => {
            id = serde_json::to_value(&used.id).ok();
            app.sign_in_by_passkey(used, device.unwrap_or_default()).await
        }
        Err(problem) => Err(problem),
    };
    let problem = match signed_in {
        Ok(pair) => {
            let cookies = app.cookies().signed_in(&pair, app.now());
            return Ok((cookies, see_other("/")).into_response());
        }
        Err(problem) => problem,
    };
    let unknown = problem.code() == Code::PasskeyUnknown;
    let refused = match problem.code() {
        Code::PasskeyUnknown => problem.text().map(str::to_owned),
        _ => mendable(problem.clone())?.1.messages().first().map(|says| (*says).to_owned()),
    };
    let unknown = id.filter(|_| unknown).and_then(|id| id.as_str().map(str::to_owned));
    let shell = Shell { csrf: csrf.token(), ..Shell::bare() };
    let was_guest = was_guest(&app, &headers);
    let page = SignedOutPage { shell, withheld, offer, refused, unknown, was_guest };
    Ok((problem.status(), Page(page)).into_response())
}

/// `GET /sign-in/{secret}`: the button. Looks at nothing, uses up nothing.
pub(crate) async fn page(
    _: OwnDevice,
    csrf: Csrf,
    Withheld(withheld): Withheld,
) -> Page<SignInPage> {
    Page(SignInPage { shell: Shell { csrf: csrf.token(), ..Shell::bare() }, withheld })
}

/// `POST /sign-in/{secret}`
pub(crate) async fn sign_in(
    _: OwnDevice,
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
