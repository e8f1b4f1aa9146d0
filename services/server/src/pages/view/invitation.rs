//! Links and codes that were made and may still be used, and for whom.

use wire::customer::v1 as pb;

use super::{Clock, Person, clock::moment};

/// The invitations of one person, and where a form that takes one back is sent.
#[derive(Debug, Clone)]
pub(crate) struct Invitations {
    pub(crate) list: Vec<Invitation>,
    pub(crate) action: String,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    /// "Link and code", "Link"
    pub(crate) what: &'static str,
    /// "Made 14:05, good until Sat 14:05"
    pub(crate) when: String,
}

impl Invitations {
    pub(crate) fn new(list: &[pb::Invitation], clock: &Clock, action: String) -> Self {
        Self { list: list.iter().map(|one| Invitation::new(one, clock)).collect(), action }
    }
}

/// Somebody who was invited and has not come yet.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) person: Person,
    /// "Code until 14:05, link until Sat 14:05"
    pub(crate) says: String,
    /// Nothing that they hold works any more.
    pub(crate) over: bool,
}

impl Expected {
    pub(crate) fn new(invited: pb::Invited, clock: &Clock) -> Option<Self> {
        let pb::Invited { member, invitations } = invited;
        let pb::Member { id, name, emoji, colour, .. } = member?;
        let last = |ends: &dyn Fn(&pb::Invitation) -> Option<prost_types::Timestamp>| {
            let ends = invitations.iter().filter_map(ends);
            ends.filter_map(|at| moment(at.seconds, at.nanos)).max().map(|at| clock.say(at))
        };
        let endless = invitations.iter().any(|one| one.expires_at.is_none());
        let link = match last(&|one| one.expires_at) {
            _ if endless => Some("link until it is used".to_owned()),
            end => end.map(|end| format!("link until {end}")),
        };
        let code = last(&|one| one.code_expires_at).map(|end| format!("code until {end}"));
        let works: Vec<String> = code.into_iter().chain(link).collect();
        let over = works.is_empty();
        let says =
            if over { "Needs a new invitation".to_owned() } else { capital(&works.join(", ")) };
        Some(Self { person: Person::new(&id, &name, &emoji, &colour), says, over })
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Invitation {
    fn new(invitation: &pb::Invitation, clock: &Clock) -> Self {
        let pb::Invitation { id, label: _, created_at, expires_at, code_expires_at } = invitation;
        let say = |at: &Option<prost_types::Timestamp>| {
            let at = at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
            at.map(|at| clock.say(at))
        };
        let ends = match say(expires_at) {
            Some(end) => format!("good until {end}"),
            None => "good until it is used".to_owned(),
        };
        let what = if code_expires_at.is_some() { "Link and code" } else { "Link" };
        let made = say(created_at).unwrap_or_default();
        Self { id: id.clone(), what, when: format!("Made {made}, {ends}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_expected_sees_what_still_works() {
        let clock =
            Clock { now: "2026-11-22T08:00:00Z".parse().unwrap(), zone: chrono_tz::Europe::Berlin };
        let at = |seconds: i64| {
            Some(prost_types::Timestamp { seconds: clock.now.timestamp() + seconds, nanos: 0 })
        };
        let says = |invitations: &[(Option<i64>, Option<i64>)]| {
            let invitations = invitations.iter().map(|(link, code)| pb::Invitation {
                expires_at: link.and_then(at),
                code_expires_at: code.and_then(at),
                ..pb::Invitation::default()
            });
            let member = Some(pb::Member { name: "Oma".to_owned(), ..pb::Member::default() });
            let invited = pb::Invited { member, invitations: invitations.collect() };
            Expected::new(invited, &clock).unwrap()
        };
        assert!(says(&[]).over);
        assert_eq!(says(&[(Some(7_200), None)]).says, "Link until 11:00");
        let both = [(Some(7_200), Some(600)), (Some(3_600), None)];
        assert_eq!(says(&both).says, "Code until 09:10, link until 11:00");
        assert_eq!(says(&[(None, None), (Some(60), None)]).says, "Link until it is used");
        assert!(Expected::new(pb::Invited::default(), &clock).is_none());
    }
}
