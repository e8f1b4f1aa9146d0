use std::fmt;

use serde::{Deserialize, Serialize};

/// What a sign-in may be used for. A role says what a person may do; a scope
/// says how much of that this very sign-in carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// A person's own device: everything that is theirs.
    Full,
    /// The counter's shared tablet: the counter's work, and nothing of whoever does it.
    Counter,
    /// A screen that everybody looks at: what a display needs, to read.
    Display,
    /// The kitchen's shared tablet: a child orders for themselves.
    Kiosk,
    /// A personal API token that places its owner's usual.
    Usual,
    /// A personal API token that reads its owner's orders.
    ReadOrders,
    /// An admin's API token that reads the family's reports.
    Reports,
    /// A visitor who orders for one evening, on their host's beans.
    Guest,
}

impl Scope {
    pub const ALL: [Self; 8] = [
        Self::Full,
        Self::Counter,
        Self::Display,
        Self::Kiosk,
        Self::Usual,
        Self::ReadOrders,
        Self::Reports,
        Self::Guest,
    ];

    /// The stable name: in tokens, in the database, in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Counter => "counter",
            Self::Display => "display",
            Self::Kiosk => "kiosk",
            Self::Usual => "usual",
            Self::ReadOrders => "read-orders",
            Self::Reports => "reports",
            Self::Guest => "guest",
        }
    }

    /// The scope of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_one_name_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.name()), Some(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
        assert_eq!(Scope::parse("Full"), None);
    }
}
