//! `/trust`: how a phone learns to believe the house's own authority, and the
//! files that it takes for that. The one page that is also served over plain
//! HTTP, as a phone that does not trust yet must be able to read it.

pub(crate) mod qr;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use runtime::Code;

use self::qr::Qr;
use super::view::Shell;
use crate::{
    App, host,
    problem::Problem,
    secure_context::is_this_machine,
    tls::Authority,
    web::{Page, PageError},
};

/// What is so for all requests of a listener.
#[derive(Debug, Clone)]
pub(crate) struct House {
    /// Whose certificate it is, where it is the house's own.
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) over: Over,
    /// Browsers may be told to come by HTTPS only.
    pub(crate) strict: bool,
}

/// How what is asked here comes to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Https,
    PlainHttp,
}

#[derive(Template)]
#[template(path = "trust/page.html")]
pub(crate) struct TrustPage {
    pub(crate) shell: Shell,
    pub(crate) standing: Standing,
    /// The house's one name.
    pub(crate) name: String,
    /// The pages' address.
    pub(crate) pages: String,
    pub(crate) phone: Phone,
}

/// What there is to be done.
pub(crate) enum Standing {
    /// A phone must be told of the house's own authority.
    Ours(Ours),
    /// Phones know whose certificate it is.
    Known,
    /// Asked from the machine that it runs on: nothing is withheld there.
    ThisMachine,
    /// No HTTPS at all.
    Off,
}

pub(crate) struct Ours {
    /// It was read over HTTPS, so perhaps all is done.
    pub(crate) over_https: bool,
    pub(crate) fingerprint: String,
    /// Where another phone finds this page.
    pub(crate) here: String,
    pub(crate) qr: Option<Qr>,
}

/// Whose instructions come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phone {
    Apple,
    Android,
    Unknown,
}

impl Phone {
    fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        match agent.unwrap_or_default() {
            agent if agent.contains("Android") => Self::Android,
            // An iPad says that it is a Macintosh.
            agent if ["iPhone", "iPad", "Macintosh"].iter().any(|it| agent.contains(it)) => {
                Self::Apple
            }
            _ => Self::Unknown,
        }
    }

    pub(crate) fn shows_apple(self) -> bool {
        self != Self::Android
    }

    pub(crate) fn shows_android(self) -> bool {
        self != Self::Apple
    }
}

/// `GET /trust`
pub(crate) async fn page(
    State(app): State<App>,
    Extension(house): Extension<House>,
    headers: HeaderMap,
) -> Page<TrustPage> {
    let url = &app.config().public_url;
    let standing = match (&house.authority, house.over) {
        (Some(authority), over) => {
            let here = here(&app, &headers);
            Standing::Ours(Ours {
                over_https: over == Over::Https,
                fingerprint: authority.fingerprint(),
                qr: Qr::of(&here),
                here,
            })
        }
        (None, Over::Https) => Standing::Known,
        (None, Over::PlainHttp) if url.is_secure() => Standing::Known,
        (None, Over::PlainHttp) if is_this_machine(&headers) => Standing::ThisMachine,
        (None, Over::PlainHttp) => Standing::Off,
    };
    Page(TrustPage {
        shell: Shell::bare(),
        standing,
        name: url.host().to_owned(),
        pages: url.as_str().to_owned(),
        phone: Phone::of(&headers),
    })
}

/// This page's address over plain HTTP, by the name under which it was found: that
/// works in this network, as the reader has just seen.
fn here(app: &App, headers: &HeaderMap) -> String {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(host::name_of);
    let asked = asked.filter(|_| !is_this_machine(headers));
    let name = asked.unwrap_or_else(|| app.config().public_url.host());
    match app.config().http_listen.port() {
        80 => format!("http://{name}/trust"),
        port => format!("http://{name}:{port}/trust"),
    }
}

fn no_authority() -> PageError {
    Problem::new(Code::NotFound).detail("This house has no authority of its own.").into()
}

/// `GET /trust/everything.crt`: the certificate, for Android and computers.
pub(crate) async fn certificate(
    State(app): State<App>,
    Extension(house): Extension<House>,
) -> Result<Response, PageError> {
    let authority = house.authority.ok_or_else(no_authority)?;
    let name = app.config().public_url.host();
    let headers = [
        (header::CONTENT_TYPE, "application/x-x509-ca-cert".to_owned()),
        // Android finds it among the downloads by this name.
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.crt\"")),
    ];
    Ok((headers, authority.der().to_vec()).into_response())
}

/// An unsigned configuration profile with the root certificate as its one payload.
/// Apple describes the keys under "Device Management", `TopLevel` and
/// `CertificateRoot` (developer.apple.com/documentation/devicemanagement).
#[derive(Template)]
#[template(path = "trust/profile.xml")]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) profile: uuid::Uuid,
    pub(crate) root: uuid::Uuid,
    pub(crate) certificate: String,
}

impl Profile {
    pub(crate) fn new(name: &str, authority: &Authority) -> Self {
        Self {
            name: name.to_owned(),
            profile: authority.uuid("profile"),
            root: authority.uuid("root"),
            certificate: authority.base64(),
        }
    }
}

/// `GET /trust/everything.mobileconfig`: the profile, for iPhone, iPad and Mac.
pub(crate) async fn profile(
    State(app): State<App>,
    Extension(house): Extension<House>,
) -> Result<Response, PageError> {
    let authority = house.authority.ok_or_else(no_authority)?;
    let profile = Profile::new(app.config().public_url.host(), &authority);
    let text = profile.render().map_err(|error| {
        tracing::error!(%error, "the profile could not be rendered");
        PageError::from(Problem::new(Code::Internal))
    })?;
    let headers = [(header::CONTENT_TYPE, "application/x-apple-aspen-config")];
    Ok((headers, text).into_response())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_phone_sees_its_own_instructions_first() {
        let phone = |agent: &'static str| {
            let headers = [(header::USER_AGENT, HeaderValue::from_static(agent))];
            Phone::of(&headers.into_iter().collect())
        };
        assert_eq!(phone("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"), Phone::Apple);
        assert_eq!(phone("Mozilla/5.0 (Linux; Android 10; K)"), Phone::Android);
        assert_eq!(phone("Mozilla/5.0 (X11; Linux x86_64)"), Phone::Unknown);
        assert!(Phone::Unknown.shows_apple() && Phone::Unknown.shows_android());
    }
}
