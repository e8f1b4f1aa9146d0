//! Pairing, on the device: it shows a code until an admin has decided. Without
//! script the page loads itself again.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use wire::customer::v1 as pb;

use crate::{
    App,
    api::dto::nonsense,
    auth::{Asker, cookies, device::home},
    pages::{
        trust::qr::Qr,
        view::{Clock, Place, Shell, clock::moment, shared::Kind},
    },
    problem::Problem,
    secure_context::Withheld,
    web::{Csrf, Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "shared/pair.html")]
pub(crate) struct PairPage {
    pub(crate) shell: Shell,
    pub(crate) withheld: bool,
    pub(crate) shows: Shows,
    /// Somebody is signed in here, who would be signed out.
    pub(crate) somebody: bool,
    /// It was paired before, as this.
    pub(crate) was: Option<Kind>,
}

/// What the page shows.
pub(crate) enum Shows {
    /// A button: nobody makes codes by looking.
    Start(Ended),
    Code(Box<ShownCode>),
}

/// How the last try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    None,
    Refused,
    Expired,
}

/// A code that waits to be typed.
pub(crate) struct ShownCode {
    pub(crate) code: String,
    /// Where it is typed: "coffee.local/family/devices"
    pub(crate) address: String,
    pub(crate) qr: Option<Qr>,
    /// "14:05"
    pub(crate) until: String,
    /// Seconds until the page asks again.
    pub(crate) interval: i32,
}

/// `GET /pair`
pub(crate) async fn page(
    State(app): State<App>,
    asker: Result<Asker, Problem>,
    csrf: Csrf,
    Withheld(withheld): Withheld,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    if let Ok(Asker::Device(device)) = &asker {
        return Ok(see_other(device.home()).into_response());
    }
    let was = app.cookies().read(&headers, cookies::PAIRED_AS).and_then(Kind::named);
    let show = |shows| PairPage {
        shell: Shell { place: Place::Device, csrf: csrf.token(), ..Shell::bare() },
        withheld,
        shows,
        somebody: asker.is_ok(),
        was,
    };
    let Some(secret) = app.cookies().read(&headers, cookies::PAIRING) else {
        return Ok(Page(show(Shows::Start(Ended::None))).into_response());
    };
    let came = app.finish_pairing(secret).await?;
    let over = |ended| (app.cookies().pairing(""), Page(show(Shows::Start(ended)))).into_response();
    match came.state() {
        pb::PairingState::Pending => {
            let code = Box::new(shown(&app, came));
            Ok(Page(show(Shows::Code(code))).into_response())
        }
        pb::PairingState::Refused => Ok(over(Ended::Refused)),
        pb::PairingState::Expired => Ok(over(Ended::Expired)),
        pb::PairingState::Paired => Ok(paired(&app, &headers, came).await?),
        pb::PairingState::Unspecified => Err(nonsense("a pairing in no state").into()),
    }
}

fn shown(app: &App, came: pb::FinishPairingResponse) -> ShownCode {
    let clock = Clock { now: app.now(), zone: app.config().time_zone };
    let until = came.expires_at.and_then(|at| moment(at.seconds, at.nanos));
    let address = app.address_of("/family/devices");
    ShownCode {
        qr: Qr::of(&app.pairing_address(&came.user_code)),
        address: address.split_once("://").map(|(_, rest)| rest.to_owned()).unwrap_or(address),
        code: came.user_code,
        until: until.map(|at| clock.say(at)).unwrap_or_default(),
        interval: came.interval_seconds.max(1),
    }
}

/// It has its own sign-in from now on; whoever was signed in here is not any more.
async fn paired(
    app: &App,
    headers: &HeaderMap,
    came: pb::FinishPairingResponse,
) -> Result<Response, Problem> {
    let tokens = came.tokens.ok_or_else(|| nonsense("paired, and no tokens"))?;
    let device = came.device.ok_or_else(|| nonsense("paired, and no device"))?;
    let kind = Kind::of(device.kind()).ok_or_else(|| nonsense("a device of no kind"))?;
    if let Err(problem) = app.sign_out(headers).await {
        tracing::warn!(?problem, "could not end who was signed in where a device was paired");
    }
    let cookies = app.cookies();
    let set = cookies
        .keep_long(cookies::DEVICE, &tokens, app.now())
        .and(cookies.signed_out())
        .and(cookies.pairing(""))
        .and(cookies.paired_as(kind.slug));
    let next = kind.scope().map_or("/", home);
    Ok((set, see_other(next)).into_response())
}

/// The button that was tapped.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct PairForm {
    /// This is no shared device any more.
    #[serde(default)]
    forget: Option<String>,
}

/// `POST /pair`: a code, please; or never mind.
pub(crate) async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    PageForm(PairForm { forget }): PageForm<PairForm>,
) -> Result<Response, PageError> {
    if forget.is_some() {
        let cookies = app.cookies();
        let set =
            cookies.paired_as("").and(cookies.pairing("")).and(cookies.forget(cookies::DEVICE));
        return Ok((set, see_other("/sign-in")).into_response());
    }
    let says = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let started = app.start_pairing(says.unwrap_or_default()).await?;
    Ok((app.cookies().pairing(&started.device_code), see_other("/pair")).into_response())
}
