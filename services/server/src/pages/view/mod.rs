//! What the templates show: plain values, made from the services' answers by
//! functions that know the words and the clock, and nothing of HTTP.

mod account;
pub(crate) mod chart;
pub(crate) mod children;
pub(crate) mod clock;
pub(crate) mod device;
pub(crate) mod errors;
pub(crate) mod favourite;
pub(crate) mod guest;
pub(crate) mod invitation;
pub(crate) mod menu;
pub(crate) mod order;
pub(crate) mod pad;
pub(crate) mod passkey;
pub(crate) mod person;
pub(crate) mod pin;
pub(crate) mod relative;
pub(crate) mod shared;

pub(crate) use account::{Card, Entry, News, Wallet};
pub(crate) use clock::Clock;
pub(crate) use errors::Errors;
pub(crate) use person::{People, Person};

use super::assets;

/// Which part of the app a page belongs to: lights up its tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Menu,
    Orders,
    News,
    Me,
    Counter,
    Elsewhere,
}

/// Where a page is shown, which says what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On somebody's own device.
    Own,
    /// At the counter's tablet, which locks itself after so many seconds.
    Counter { idle: u64 },
    /// At the kitchen's, which does so too.
    Kiosk { idle: u64 },
    /// On the phone of a guest, who pays nothing and has nothing else here.
    Guest,
    /// On a device at which nobody acts.
    Device,
}

/// What surrounds every page.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) tab: Tab,
    pub(crate) place: Place,
    /// Signed in? Then there are tabs.
    pub(crate) me: Option<Person>,
    /// May they work at the counter? Then it has a tab.
    pub(crate) counter: bool,
    /// Goes into every form.
    pub(crate) csrf: String,
    /// The log's "epoch-position" that the page shows; empty: not live.
    pub(crate) position: String,
    /// The server's clock, RFC 3339: scripts tell ages by it.
    pub(crate) now: String,
    /// How many drinks wait in the cart.
    pub(crate) in_cart: usize,
}

impl Shell {
    /// For somebody who is not signed in, or of whom nothing is known.
    pub(crate) fn bare() -> Self {
        Self {
            tab: Tab::Elsewhere,
            place: Place::Own,
            me: None,
            counter: false,
            csrf: String::new(),
            position: String::new(),
            now: String::new(),
            in_cart: 0,
        }
    }

    /// The address of an embedded file; changes with its content.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Does it listen to what happens?
    pub(crate) fn is_live(&self) -> bool {
        !self.now.is_empty()
    }

    /// Is it somebody's own device, with everything of theirs?
    pub(crate) fn own(&self) -> bool {
        self.place == Place::Own
    }

    /// Is it a guest's phone?
    pub(crate) fn for_guest(&self) -> bool {
        self.place == Place::Guest
    }

    /// Does nobody else look at it, so that one's orders may stand there?
    pub(crate) fn private(&self) -> bool {
        self.own() || self.for_guest()
    }

    pub(crate) fn at_counter(&self) -> bool {
        matches!(self.place, Place::Counter { .. })
    }

    pub(crate) fn at_kiosk(&self) -> bool {
        matches!(self.place, Place::Kiosk { .. })
    }

    /// Seconds after which whoever does nothing is signed out here.
    pub(crate) fn idle(&self) -> Option<u64> {
        match self.place {
            Place::Counter { idle } | Place::Kiosk { idle } => Some(idle),
            Place::Own | Place::Guest | Place::Device => None,
        }
    }

    /// Where somebody leaves a shared device, and where it shows who may come.
    pub(crate) fn leave(&self) -> &'static str {
        if self.at_kiosk() { "/kiosk" } else { "/who" }
    }

    pub(crate) fn is(&self, tab: &str) -> bool {
        tab == match self.tab {
            Tab::Menu => "menu",
            Tab::Orders => "orders",
            Tab::News => "news",
            Tab::Me => "me",
            Tab::Counter => "counter",
            Tab::Elsewhere => "",
        }
    }
}

/// "1 drink", "3 drinks".
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
