//! Paired devices: the counter's tablet, a display, the kitchen's kiosk. A device
//! has a sign-in of its own; whoever acts at it has another, which lies over it
//! and goes when the device locks itself.

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::{extract::FromRequestParts, response::Redirect};
use http::{HeaderMap, header, request::Parts};
use runtime::{
    Code,
    grpc::{Device, Holder},
};
use types::{Role, Scope};
use uuid::Uuid;

use super::{Identity, Viewer};
use crate::{config::Config, problem::Problem, web::see_other};

/// Whoever asks with a good token: calls are made in their name.
pub trait Speaks {
    /// The access token. Not for logs, not for pages.
    fn token(&self) -> &str;
}

impl Speaks for Viewer {
    fn token(&self) -> &str {
        &self.token
    }
}

/// A paired device at which nobody acts.
#[derive(Clone)]
pub struct PairedDevice {
    pub(super) device: Device,
    pub(super) token: Arc<str>,
}

impl std::fmt::Debug for PairedDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PairedDevice({})", self.device.device)
    }
}

impl Deref for PairedDevice {
    type Target = Device;

    fn deref(&self) -> &Device {
        &self.device
    }
}

impl Speaks for PairedDevice {
    fn token(&self) -> &str {
        &self.token
    }
}

impl PairedDevice {
    /// The page that it shows while nobody acts.
    pub fn home(&self) -> &'static str {
        home(self.scope)
    }
}

/// The page that a device shows which is for this.
pub(crate) fn home(scope: Scope) -> &'static str {
    match scope {
        Scope::Counter => "/who",
        Scope::Display => "/display",
        Scope::Kiosk => "/kiosk",
        Scope::Full | Scope::Usual | Scope::ReadOrders | Scope::Reports | Scope::Guest => "/",
    }
}

/// Somebody, or a paired device: for what both may see.
#[derive(Debug, Clone)]
pub enum Asker {
    Person(Viewer),
    Device(PairedDevice),
}

impl Asker {
    /// As the verifier knows them.
    pub(crate) fn holder(&self) -> Holder {
        match self {
            Self::Person(viewer) => Holder::Person(viewer.person.clone()),
            Self::Device(device) => Holder::Device(device.device.clone()),
        }
    }

    /// The member's or the device's.
    pub(crate) fn id(&self) -> Uuid {
        match self {
            Self::Person(viewer) => viewer.member.uuid(),
            Self::Device(device) => device.device.device.uuid(),
        }
    }

    /// Whether they see what happens to everybody's orders.
    pub(crate) fn sees_every_order(&self) -> bool {
        match self {
            Self::Person(viewer) => viewer.may(Role::Barista),
            Self::Device(device) => matches!(device.scope, Scope::Counter | Scope::Display),
        }
    }
}

impl Speaks for Asker {
    fn token(&self) -> &str {
        match self {
            Self::Person(viewer) => viewer.token(),
            Self::Device(device) => device.token(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Identity>() {
            Some(Identity::Device(device)) => Ok(Self::Device(device.clone())),
            Some(identity) => identity.viewer().cloned().map(Self::Person),
            None => Err(Problem::new(Code::Unauthenticated)),
        }
    }
}

/// No shared device: where somebody signs in for as long as they like. A shared one
/// goes to its own page instead, whoever acts at it.
#[derive(Debug, Clone, Copy)]
pub struct OwnDevice;

impl<S: Send + Sync> FromRequestParts<S> for OwnDevice {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Redirect> {
        match parts.extensions.get::<Identity>() {
            Some(Identity::Device(device)) => Err(see_other(device.home())),
            Some(Identity::Somebody(viewer)) if viewer.device.is_some() => {
                Err(see_other(home(viewer.scope)))
            }
            _ => Ok(Self),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PairedDevice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Identity>() {
            Some(Identity::Device(device)) => Ok(device.clone()),
            Some(Identity::Somebody(_)) => {
                Err(Problem::new(Code::Forbidden).detail("Only a paired device asks this."))
            }
            Some(Identity::Refused(problem)) => Err(problem.clone()),
            Some(Identity::Nobody) | None => Err(Problem::new(Code::Unauthenticated)
                .detail("Only a paired device asks this. Pair this one first.")),
        }
    }
}

/// How long somebody's sign-in at such a device lasts after they did something.
pub(crate) fn idle(config: &Config, scope: Scope) -> Duration {
    match scope {
        Scope::Kiosk => config.kiosk_idle,
        _ => config.counter_idle,
    }
}

/// What our scripts put on requests that nobody's hand caused: they keep a page
/// up to date, and keep nobody signed in at a shared device.
const BY_ITSELF: &str = "everything-by-itself";

/// Whether somebody did something, as opposed to their page.
pub(super) fn acts(headers: &HeaderMap) -> bool {
    let listens = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/event-stream"));
    !listens && !headers.contains_key(BY_ITSELF)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_that_keeps_itself_up_to_date_keeps_nobody_signed_in() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))])
        };
        assert!(acts(&HeaderMap::new()));
        assert!(acts(&with("accept", "text/html")));
        assert!(!acts(&with("accept", "text/event-stream")));
        assert!(!acts(&with("everything-by-itself", "1")));
    }
}
