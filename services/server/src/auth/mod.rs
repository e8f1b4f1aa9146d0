//! Who asks: a bearer token (API), which may be a personal one that is exchanged,
//! or the cookies of the pages, whose tokens are refreshed on any request when they
//! are old. Tokens are verified here, with the keys and revocations that
//! customer-service streams. A paired device has cookies of its own, which count
//! while nobody is signed in over them.

pub mod api_tokens;
pub mod cookies;
pub mod csrf;
pub mod device;
pub mod refresh;

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, header, request::Parts};
use runtime::{Code, Person, deadline, grpc::Holder, tokens::TokenError};
use types::Role;

use crate::{App, limits, problem::Problem, web};
use cookies::{Names, SetCookies};
use csrf::Source;
pub use device::{Asker, OwnDevice, PairedDevice, Speaks};

/// A signed-in person, and the token that speaks for them.
#[derive(Clone)]
pub struct Viewer {
    person: Person,
    token: Arc<str>,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Viewer({})", self.member)
    }
}

impl Deref for Viewer {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.person
    }
}

impl Viewer {
    /// Whether they may do what this role does; an admin may do everybody's work,
    /// in the services' own tables too.
    pub const fn may(&self, role: Role) -> bool {
        self.person.is(role) || self.person.is(Role::Admin)
    }
}

/// What a request shows of whom it comes from.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Nothing.
    Nobody,
    /// A good token.
    Somebody(Viewer),
    /// A good token of a paired device at which nobody acts.
    Device(PairedDevice),
    /// A token that does not count, or that cannot be renewed at the moment.
    Refused(Problem),
}

impl Identity {
    /// The viewer, or why there is none.
    pub fn viewer(&self) -> Result<&Viewer, Problem> {
        match self {
            Self::Somebody(viewer) => Ok(viewer),
            Self::Nobody => Err(Problem::new(Code::Unauthenticated)
                .detail("Send an access token, or open one of your sign-in links.")),
            Self::Device(_) => {
                Err(Problem::new(Code::Unauthenticated)
                    .detail("Nobody is signed in at this device."))
            }
            Self::Refused(problem) => Err(problem.clone()),
        }
    }
}

/// What the request had, and the cookies that its answer must set.
struct Found {
    identity: Identity,
    by_cookie: bool,
    set: SetCookies,
}

/// Refresh when less than this is left, so that a page's token outlives its calls.
const SOON: chrono::TimeDelta = chrono::TimeDelta::seconds(60);
/// So long a page waits for a new token that it could do without.
const BRIEFLY: Duration = Duration::from_millis(500);

/// That a form came when too much was sent already.
#[derive(Debug, Clone)]
pub(crate) struct OverLimit(pub(crate) Problem);

/// Puts [`Identity`] and [`FormSecret`] into the request's extensions, refuses
/// what another site made a browser send and what is too much, and gives the
/// answer its cookies.
pub async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let page = web::wants_page(request.headers(), request.uri().path());
    let refuse = |problem: Problem| web::refusal(problem, page);
    let address = limits::address(&app, &request);
    let Found { identity, by_cookie, set } = find(&app, request.headers(), address).await;

    let bearer = request.headers().contains_key(header::AUTHORIZATION);
    if !request.method().is_safe() && !bearer {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let unsafe_source = match csrf::source(request.headers(), host) {
            Source::Ours => false,
            Source::Foreign => true,
            // Forms prove themselves with their token; scripts have nothing else.
            Source::Unknown => by_cookie && web::is_api(request.uri().path()),
        };
        if unsafe_source {
            return refuse(
                Problem::new(Code::CrossOrigin)
                    .detail("Only our own pages may do this with your cookies."),
            );
        }
    }
    if let Err(problem) = app.limits().request(&identity, address, app.now()).await {
        if request.method() != Method::POST || !page || !web::is_form(request.headers()) {
            return refuse(problem);
        }
        // Its page refuses it, with the form in it.
        request.extensions_mut().insert(OverLimit(problem));
    }
    if request.method() == Method::POST
        && signs_in(request.uri().path())
        && let Err(problem) = app.limits().sign_in(address, app.now()).await
    {
        return refuse(problem);
    }

    let known = app.cookies().read(request.headers(), cookies::FORMS).filter(|secret| {
        (16..=64).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic())
    });
    let (secret, new) = match known {
        Some(secret) => (FormSecret(secret.into()), false),
        None => (FormSecret(csrf::new_secret().into()), true),
    };
    let extensions = request.extensions_mut();
    extensions.insert(identity);
    extensions.insert(limits::Household::of(address));
    extensions.insert(secret.clone());
    extensions.insert(app.clone());
    let mut response = next.run(request).await;
    if new && web::is_page(&response) {
        app.cookies().forms(&secret.0).append_to(response.headers_mut());
    }
    // A handler that signs in or out has the last word.
    set.append_missing_to(response.headers_mut());
    response
}

/// Paths at which secrets could be guessed.
fn signs_in(path: &str) -> bool {
    const BEGIN: [&str; 10] = [
        "/v1/session",
        "/sign-in/",
        "/join",
        "/guest/",
        "/v1/guest-sessions",
        "/v1/pairings",
        "/pair",
        "/v1/device/session",
        "/who/",
        "/kiosk/",
    ];
    BEGIN.iter().any(|begins| path.starts_with(begins))
}

/// The secret that this browser's form tokens are made from.
#[derive(Debug, Clone)]
pub(crate) struct FormSecret(pub(crate) Arc<str>);

async fn find(app: &App, headers: &HeaderMap, address: std::net::IpAddr) -> Found {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (identity, set) = (bearer(app, value, address).await, SetCookies::default());
        return Found { identity, by_cookie: false, set };
    }
    let person = by_cookies(app, headers, address, cookies::PERSON).await;
    match &person.identity {
        Identity::Nobody => {}
        Identity::Refused(problem) if problem.code() == Code::Unauthenticated => {}
        Identity::Refused(problem) if problem.code() == Code::InvalidCredential => {}
        Identity::Somebody(viewer) if viewer.device.is_some() && device::acts(headers) => {
            // They did something: the device locks itself later.
            let idle = device::idle(app.config(), viewer.scope);
            let set = app.cookies().again(headers, cookies::PERSON, idle);
            return Found { set: person.set.or(set), ..person };
        }
        Identity::Somebody(_) | Identity::Device(_) | Identity::Refused(_) => return person,
    }
    let device = by_cookies(app, headers, address, cookies::DEVICE).await;
    match &device.identity {
        Identity::Nobody => person,
        _ => Found { set: person.set.and(device.set), by_cookie: true, ..device },
    }
}

/// Whose cookies of these names there are.
async fn by_cookies(
    app: &App,
    headers: &HeaderMap,
    address: std::net::IpAddr,
    names: Names,
) -> Found {
    let without_cookies =
        |identity| Found { identity, by_cookie: false, set: SetCookies::default() };
    let access = app.cookies().read(headers, names.access);
    let refresh = app.cookies().read(headers, names.refresh);
    let now = app.now();
    let current = access.map(|token| verify(app, token));
    if let Some(Ok(asker)) = &current
        && (asker.holder().expires_at() - now > SOON || refresh.is_none())
    {
        let (identity, set) = (asker.clone().into(), SetCookies::default());
        return Found { identity, by_cookie: true, set };
    }
    if let Some(Err(problem)) = &current
        && problem.code() == Code::Unavailable
    {
        return without_cookies(Identity::Refused(problem.clone()));
    }
    let Some(refresh) = refresh else {
        return without_cookies(match current {
            Some(Err(problem)) => Identity::Refused(problem),
            _ => Identity::Nobody,
        });
    };
    // With a token that still counts nobody waits long for another.
    let patience =
        if matches!(current, Some(Ok(_))) { BRIEFLY } else { app.config().request_deadline };
    let renewed = match app.limits().sign_in(address, app.now()).await {
        Ok(()) => deadline::within(patience, app.refresher().renew(app, refresh))
            .await
            .unwrap_or_else(|elapsed| Err(runtime::AppError::from(elapsed).into())),
        Err(problem) => Err(problem),
    };
    let (identity, set) = match renewed {
        Ok(pair) => match verify(app, &pair.access_token) {
            Ok(asker) => {
                let set = match &asker {
                    Asker::Person(Viewer { person, .. }) if person.device.is_some() => {
                        let idle = device::idle(app.config(), person.scope);
                        app.cookies().keep(names, &pair, idle)
                    }
                    Asker::Person(_) | Asker::Device(_) => {
                        app.cookies().keep_long(names, &pair, now)
                    }
                };
                (asker.into(), set)
            }
            Err(problem) => (Identity::Refused(problem), SetCookies::default()),
        },
        Err(problem) if problem.status() == http::StatusCode::UNAUTHORIZED => {
            (Identity::Refused(problem), app.cookies().forget(names))
        }
        // Not now; the old one will do while it lasts.
        Err(problem) => match current {
            Some(Ok(asker)) => (asker.into(), SetCookies::default()),
            _ => (Identity::Refused(problem), SetCookies::default()),
        },
    };
    Found { identity, by_cookie: true, set }
}

async fn bearer(app: &App, value: &http::HeaderValue, address: std::net::IpAddr) -> Identity {
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim();
            let verified = if api_tokens::is_one(token) {
                app.api_tokens().asker(app, token, address).await
            } else {
                verify(app, token)
            };
            match verified {
                Ok(asker) => asker.into(),
                Err(problem) => Identity::Refused(problem),
            }
        }
        _ => Identity::Refused(
            Problem::new(Code::Unauthenticated).detail("Only bearer tokens are understood."),
        ),
    }
}

fn verify(app: &App, token: &str) -> Result<Asker, Problem> {
    let verified = app.verifier().verify(token, app.now());
    let holder = verified.map_err(|error| {
        let detail = match error {
            TokenError::Expired => "The access token has expired.",
            TokenError::Revoked => "This sign-in was ended.",
            // Just started, and customer-service has not told its keys yet.
            TokenError::UnknownKey if app.verifier().keys().is_empty() => {
                return Problem::unavailable()
                    .detail("Who is signed in cannot be checked yet. Please try again.");
            }
            _ => "The access token is not one of ours.",
        };
        Problem::new(Code::Unauthenticated).detail(detail)
    })?;
    let token = token.into();
    Ok(match holder {
        Holder::Person(person) => Asker::Person(Viewer { person, token }),
        Holder::Device(device) => Asker::Device(PairedDevice { device, token }),
    })
}

impl From<Asker> for Identity {
    fn from(asker: Asker) -> Self {
        match asker {
            Asker::Person(viewer) => Self::Somebody(viewer),
            Asker::Device(device) => Self::Device(device),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Identity>()
            .map_or_else(|| Err(Problem::new(Code::Unauthenticated)), |who| who.viewer().cloned())
    }
}
