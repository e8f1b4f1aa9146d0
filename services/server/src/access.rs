//! Holds the table of who may do what (`wire::access`) at the gateway's door: a
//! route is registered with its rule or not at all. The services hold the same
//! table at theirs.

use axum::extract::Request;
use http::Method;
use runtime::Code;
use types::Role;
use wire::access::{self, Ended, Needs, Rule};

use crate::{App, auth::Identity, problem::Problem};

/// One line of the table, as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// GET, POST, …
    pub method: Method,
    /// `/v1/orders/{id}`
    pub path: String,
    /// Who may.
    pub rule: Rule,
}

impl Endpoint {
    /// With its rule from the table.
    ///
    /// # Panics
    ///
    /// When the table has none: nothing starts with a door that is not guarded.
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let rule = access::of_route(method.as_str(), path)
            .unwrap_or_else(|| panic!("{method} {path} has no rule in wire::access"));
        Self { method, path: path.to_owned(), rule }
    }
}

/// Whether a request may go on to its handler; `auth::identify` has seen it.
pub(crate) fn admit(rule: Rule, request: &Request) -> Result<(), Problem> {
    if matches!(rule.needs, Needs::Nothing | Needs::Secret) {
        return Ok(());
    }
    let extensions = request.extensions();
    let nobody = Identity::Nobody;
    let identity = extensions.get::<Identity>().unwrap_or(&nobody);
    if let Identity::Device(device) = identity {
        return if rule.admits_device(device.scope) {
            Ok(())
        } else if rule.needs == Needs::Device {
            Err(Problem::new(Code::Forbidden).detail("This device is for something else."))
        } else {
            identity.viewer().map(drop)
        };
    }
    let viewer = identity.viewer()?;
    if !rule.admits(viewer.scope) {
        return Err(Problem::new(Code::Forbidden).detail("This sign-in is not for that."));
    }
    let role = |needed: Role| {
        if viewer.may(needed) {
            Ok(())
        } else {
            Err(Problem::new(Code::Forbidden).detail(format!("Only a {needed} may do this.")))
        }
    };
    match rule.needs {
        Needs::Nothing | Needs::Secret | Needs::Device | Needs::Member => {}
        Needs::Barista => role(Role::Barista)?,
        Needs::Admin => role(Role::Admin)?,
    }
    let known = || extensions.get::<App>().is_some_and(|app| app.verifier().is_fresh());
    if rule.ended == Ended::AsKnown || known() {
        Ok(())
    } else {
        Err(Problem::new(Code::IdentityUnavailable)
            .detail("Whether this sign-in was ended cannot be checked at the moment.")
            .retry_after(std::time::Duration::from_secs(5)))
    }
}
