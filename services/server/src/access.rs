//! Who may ask for what, in one word for each endpoint of the API
//! (`api::access`) and each page (`pages::table`). The services enforce their own
//! table (`wire::access`) besides.

use axum::extract::Request;
use http::Method;
use runtime::Code;
use types::Role;

use crate::{App, auth::Identity, problem::Problem};

/// What a request must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing: what it gets is for anybody.
    Public,
    /// Nothing but the secret that the request itself carries (a link, a refresh token).
    Secret,
    /// A signed-in person.
    Member,
    /// A signed-in barista or admin.
    Barista,
    /// A signed-in admin, while revocations are known.
    Admin,
}

impl Access {
    /// As the documentation prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "anybody",
            Self::Secret => "whoever holds the secret",
            Self::Member => "member",
            Self::Barista => "barista or admin",
            Self::Admin => "admin",
        }
    }

    /// Whether a request may go on to its handler; `auth::identify` has seen it.
    pub(crate) fn admit(self, request: &Request) -> Result<(), Problem> {
        let extensions = request.extensions();
        let nobody = Identity::Nobody;
        let identity = extensions.get::<Identity>().unwrap_or(&nobody);
        let role = |needed: Role| {
            if identity.viewer()?.may(needed) {
                Ok(())
            } else {
                Err(Problem::new(Code::Forbidden).detail(format!("Only a {needed} may do this.")))
            }
        };
        match self {
            Self::Public | Self::Secret => Ok(()),
            Self::Member => identity.viewer().map(drop),
            Self::Barista => role(Role::Barista),
            Self::Admin => {
                role(Role::Admin)?;
                if extensions.get::<App>().is_some_and(|app| app.verifier().is_fresh()) {
                    Ok(())
                } else {
                    Err(Problem::new(Code::IdentityUnavailable)
                        .detail("Whether this sign-in was ended cannot be checked at the moment.")
                        .retry_after(std::time::Duration::from_secs(5)))
                }
            }
        }
    }
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// GET, POST, …
    pub method: Method,
    /// `/v1/orders/{id}`
    pub path: String,
    /// Who may.
    pub access: Access,
}
