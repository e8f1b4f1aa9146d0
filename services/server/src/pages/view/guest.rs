//! Guests, as their host sees them, and hosts, as their guests do.

use chrono::TimeDelta;
use wire::customer::v1 as pb;

use super::{
    Clock, Person,
    clock::{machine, moment},
    person::names,
};

/// A pass that is still good, for its host.
#[derive(Debug, Clone)]
pub(crate) struct PassView {
    pub(crate) id: String,
    /// "19:40"
    pub(crate) since: String,
    /// "04:00"
    pub(crate) until: String,
    /// Who came in by it.
    pub(crate) guests: Vec<Person>,
}

impl PassView {
    pub(crate) fn new(pass: &pb::GuestPass, clock: &Clock) -> Self {
        let pb::GuestPass { id, created_at, ends_at, guests } = pass;
        let say = |at: &Option<prost_types::Timestamp>| {
            let at = at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
            at.map(|at| clock.time_ahead(at)).unwrap_or_default()
        };
        let person =
            |guest: &pb::Member| Person::new(&guest.id, &guest.name, &guest.emoji, &guest.colour);
        Self {
            id: id.clone(),
            since: say(created_at),
            until: say(ends_at),
            guests: guests.iter().map(person).collect(),
        }
    }

    /// What its end means.
    pub(crate) fn says(&self) -> String {
        let Self { id: _, since: _, until, guests } = self;
        let out = match guests.as_slice() {
            [] => String::new(),
            [one] => format!("{} is signed out. ", one.name),
            all => format!("{} are signed out. ", names(all)),
        };
        format!("{out}The code would be good until {until}; it lets nobody in any more.")
    }
}

/// Who has come in by one's passes.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    /// First who came first.
    pub(crate) guests: Vec<Person>,
    /// When to look again, for scripts: no event tells that somebody came in.
    pub(crate) again: String,
}

impl Here {
    /// By any of them, newest first.
    pub(crate) fn new(passes: &[PassView], clock: &Clock) -> Self {
        let oldest_first = passes.iter().rev();
        Self {
            guests: oldest_first.flat_map(|pass| pass.guests.clone()).collect(),
            again: machine(clock.now + TimeDelta::seconds(SOON)),
        }
    }
}

/// Seconds after which somebody at the door looks at their phone again.
const SOON: i64 = 8;

/// On whose beans a guest orders, and until when.
#[derive(Debug, Clone)]
pub(crate) struct Treat {
    /// None: it is not known now.
    pub(crate) host: Option<String>,
    /// "04:00"; none: it is not known now.
    pub(crate) until: Option<String>,
}

impl Treat {
    /// "You are Mia’s guest until 04:00. What you order is Mia’s treat."
    pub(crate) fn says(&self) -> String {
        let until = match &self.until {
            Some(until) => format!("until {until}"),
            None => "this evening".to_owned(),
        };
        match &self.host {
            Some(host) => {
                format!("You are {host}’s guest {until}. What you order is {host}’s treat.")
            }
            None => format!("You are a guest {until}. What you order costs you nothing."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_reads_whose_treat_it_is_and_no_more_than_is_known() {
        let says = |host: Option<&str>, until: Option<&str>| {
            Treat { host: host.map(str::to_owned), until: until.map(str::to_owned) }.says()
        };
        let all = says(Some("Mia"), Some("04:00"));
        assert_eq!(all, "You are Mia’s guest until 04:00. What you order is Mia’s treat.");
        assert!(says(Some("Mia"), None).contains("Mia’s guest this evening."));
        assert!(says(None, Some("04:00")).contains("a guest until 04:00."));
    }
}
