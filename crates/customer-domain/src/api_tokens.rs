//! Personal API tokens: what one may be for.

use types::{Role, Roles, Scope};

/// How many one member has at a time.
pub const MOST: i64 = 20;
/// What its secret begins with, so that scanners find one that was published.
pub const PREFIX: &str = "evt_";

/// Why somebody gets no such token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeRefused {
    #[error("a token is for usual, read-orders or reports")]
    NotForTokens,
    #[error("only an admin reads reports")]
    NotAdmin,
}

/// What a token of somebody with these roles may be for.
pub fn scope(asked: &str, roles: Roles) -> Result<Scope, ScopeRefused> {
    match Scope::parse(asked) {
        Some(scope @ (Scope::Usual | Scope::ReadOrders)) => Ok(scope),
        Some(Scope::Reports) if roles.contains(Role::Admin) => Ok(Scope::Reports),
        Some(Scope::Reports) => Err(ScopeRefused::NotAdmin),
        Some(Scope::Full | Scope::Counter | Scope::Display | Scope::Kiosk | Scope::Guest)
        | None => Err(ScopeRefused::NotForTokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_something_narrow_and_reports_are_an_admins() {
        let (member, admin) = (Roles::from([Role::Member]), Roles::from([Role::Admin]));
        assert_eq!(scope("usual", member), Ok(Scope::Usual));
        assert_eq!(scope("read-orders", member), Ok(Scope::ReadOrders));
        assert_eq!(scope("reports", member), Err(ScopeRefused::NotAdmin));
        assert_eq!(scope("reports", admin), Ok(Scope::Reports));
        for wide in ["full", "counter", "guest", "", "everything"] {
            assert_eq!(scope(wide, admin), Err(ScopeRefused::NotForTokens), "{wide}");
        }
    }
}
