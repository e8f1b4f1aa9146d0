//! Where somebody is signed in, as the pages show it.

use types::Scope;
use wire::customer::v1 as pb;

use super::{Clock, clock::moment};

/// The devices of one person, and where a form that ends one is sent.
#[derive(Debug, Clone)]
pub(crate) struct Devices {
    pub(crate) list: Vec<Device>,
    pub(crate) action: String,
}

/// One sign-in.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    /// "iPhone, Safari"
    pub(crate) name: String,
    /// What it may be used for, where that is not everything.
    pub(crate) only: Option<&'static str>,
    /// "used Fri 14:05, since 1 Jul, 12:00"
    pub(crate) when: String,
    /// It is the one that asks.
    pub(crate) current: bool,
}

impl Devices {
    pub(crate) fn new(sessions: &[pb::Session], clock: &Clock, action: String) -> Self {
        Self { list: sessions.iter().map(|session| Device::new(session, clock)).collect(), action }
    }
}

impl Device {
    fn new(session: &pb::Session, clock: &Clock) -> Self {
        let pb::Session { id, device, scope, created_at, last_used_at, current } = session;
        let say = |at: &Option<prost_types::Timestamp>| {
            let at = at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
            at.map(|at| clock.say(at)).unwrap_or_default()
        };
        Self {
            id: id.clone(),
            name: name(device),
            only: Scope::parse(scope).and_then(only),
            when: format!("Used {}, signed in {}", say(last_used_at), say(created_at)),
            current: *current,
        }
    }
}

const fn only(scope: Scope) -> Option<&'static str> {
    match scope {
        Scope::Full => None,
        Scope::Counter => Some("counter"),
        Scope::Display => Some("display"),
        Scope::Kiosk => Some("kitchen"),
        Scope::Usual => Some("orders the usual"),
        Scope::ReadOrders => Some("reads orders"),
        Scope::Reports => Some("reads reports"),
        Scope::Guest => Some("guest"),
    }
}

/// What a device said it is, said shortly: browsers tell long stories, others are
/// believed in as many words as fit.
pub(crate) fn name(said: &str) -> String {
    const LONGEST: usize = 60;
    let one_of = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| said.contains(mark)).map(|(_, name)| *name)
    };
    if said.trim().is_empty() {
        return "A device".to_owned();
    }
    if !said.starts_with("Mozilla/") {
        return said.chars().take(LONGEST).collect();
    }
    let machine = one_of(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Macintosh", "Mac"),
        ("Windows", "Windows"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ]);
    // Each says that it is also those below it.
    let browser = one_of(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("FxiOS", "Firefox"),
        ("Firefox", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    match (machine, browser) {
        (Some(machine), Some(browser)) => format!("{machine}, {browser}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_as_its_owner_would() {
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
        let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/138.0.0.0 Mobile Safari/537.36";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0";
        for (said, expected) in [
            (iphone, "iPhone, Safari"),
            (android, "Android, Chrome"),
            (edge, "Windows, Edge"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Linux, Firefox",
            ),
            ("Mozilla/5.0", "A browser"),
            ("Ada’s watch", "Ada’s watch"),
            (" ", "A device"),
        ] {
            assert_eq!(name(said), expected);
        }
        assert_eq!(name(&"x".repeat(200)).len(), 60);
    }
}
