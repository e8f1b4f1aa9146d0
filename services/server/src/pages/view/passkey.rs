//! Passkeys as the pages show them.

use wire::customer::v1 as pb;

use super::{Clock, clock::moment};

/// The passkeys of one person, and where a form that removes one is sent.
#[derive(Debug, Clone)]
pub(crate) struct Passkeys {
    pub(crate) list: Vec<Passkey>,
    pub(crate) action: String,
}

/// One passkey.
#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    pub(crate) id: String,
    pub(crate) name: String,
    /// "Used Fri 14:05, made 1 Jul, 12:00"
    pub(crate) when: String,
    /// It is on its owner's other devices, too.
    pub(crate) synced: bool,
}

impl Passkeys {
    pub(crate) fn new(passkeys: Vec<pb::Passkey>, clock: &Clock, action: String) -> Self {
        let list = passkeys.into_iter().map(|passkey| Passkey::new(passkey, clock)).collect();
        Self { list, action }
    }
}

impl Passkey {
    fn new(passkey: pb::Passkey, clock: &Clock) -> Self {
        let pb::Passkey { id, name, created_at, last_used_at, synced } = passkey;
        let say = |at: Option<prost_types::Timestamp>| {
            at.and_then(|at| moment(at.seconds, at.nanos)).map(|at| clock.say(at))
        };
        let made = say(created_at).unwrap_or_default();
        let when = match say(last_used_at) {
            Some(used) => format!("Used {used}, made {made}"),
            None => format!("Made {made}, not used yet"),
        };
        Self { id, name, when, synced }
    }
}

/// Whether a page can make and use passkeys: browsers tie them to the house's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    Here,
    /// The page was opened under another name than this address's.
    At(String),
    /// The house's address is plain HTTP.
    PlainHttp,
    /// The house has no name, only a number.
    Nameless,
}
