//! The pages about people.

use super::*;
use crate::pages::{
    family::{FamilyPage, link::LinkPage, member::MemberPage},
    trust::qr::Qr,
    view::{
        device::Devices,
        relative::{CardForm, Relative},
    },
};

fn member(id: &str, roles: &[customer::Role]) -> customer::Member {
    let Person { id, name, emoji, colour } = people().get(id);
    let roles = roles.iter().map(|role| i32::from(*role)).collect();
    customer::Member { id, name, emoji, colour, roles, balance_beans: 0 }
}

fn devices(action: &str) -> Devices {
    let session = |device: &str, scope: &str, used, current| customer::Session {
        id: "ses_01h455vb4pex5vsknk084sn02q".to_owned(),
        device: device.to_owned(),
        scope: scope.to_owned(),
        created_at: ago(900_000),
        last_used_at: ago(used),
        current,
    };
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1";
    let sessions = [
        session(iphone, "full", 60, true),
        session("Mozilla/5.0 (Macintosh; Intel Mac OS X) Firefox/140.0", "full", 90_000, false),
        session("A shortcut <3", "usual", 400_000, false),
    ];
    Devices::new(&sessions, &clock(), action.to_owned())
}

pub(super) fn add(all: &mut Samples) {
    use customer::Role::{Admin, Barista, Member};
    let shell = || shell(Tab::Me, 0);
    let (mia, papa, oma) = (
        || Relative::new(&member(MIA, &[Member, Barista, Admin])),
        || Relative::new(&member(PAPA, &[Member, Barista])),
        || Relative::new(&member(OMA, &[Member])),
    );
    let wrong = || {
        let mut errors = Errors::default();
        errors.add("/name", "A name has 1 to 60 characters, and something to see.");
        errors.add("/emoji", "An emoji is one sign that is no letter.");
        CardForm { name: "<3".to_owned(), emoji: "AB".to_owned(), errors, ..CardForm::empty(3) }
    };
    let me = |admin: bool, card: Option<CardForm>| MePage {
        shell: shell(),
        withheld: !admin,
        card: card.unwrap_or_else(|| CardForm::of(&mia().person)),
        me: if admin { mia() } else { oma() },
        devices: devices("/me/sign-out"),
        wallet: Some(Wallet { count: 31, free_bar: false }),
        admin,
    };
    all.add("me", me(true, None));
    all.add("me-errors", me(false, Some(wrong())));

    let family = |card| FamilyPage {
        shell: shell(),
        family: vec![mia(), papa(), oma()],
        id: OMA.to_owned(),
        card,
        roles: papa().roles,
    };
    all.add("family", family(CardForm::empty(3)));
    all.add("family-errors", family(wrong()));

    let one = |refused| MemberPage {
        shell: shell(),
        person: papa().person,
        card: CardForm::of(&papa().person),
        roles: papa().roles,
        refused,
        devices: devices("/family/x/sign-out"),
    };
    all.add("member", one(Errors::default()));
    let last = "The family would be left without an admin; make somebody else one first.";
    all.add("member-last-admin", one(Errors::general(last)));

    let link = format!("https://coffee.local:8443/sign-in/{}", "k7".repeat(21));
    let shown = LinkPage {
        shell: shell(),
        person: papa().person,
        qr: Qr::of(&link),
        link: link.into(),
        expires: "Mon 09:14".to_owned(),
    };
    all.add("family-link", shown);
}
