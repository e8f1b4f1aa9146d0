//! The pages about people.

use super::*;
use crate::pages::{
    account::leave::LeavePage,
    account::{join::JoinPage, tokens::*},
    family::{FamilyPage, link::LinkPage, member::MemberPage},
    trust::qr::Qr,
    view::{
        device::Devices,
        invitation::{Expected, Invitations},
        passkey::{Offer, Passkeys},
        pin::PinForm,
        relative::{CardForm, KinForm, Relative},
    },
    welcome::WelcomePage,
};

fn member(id: &str, roles: &[customer::Role]) -> customer::Member {
    let Person { id, name, emoji, colour } = people().get(id);
    let roles = roles.iter().map(|role| i32::from(*role)).collect();
    let kind = customer::MemberKind::Adult.into();
    customer::Member { id, name, emoji, colour, roles, kind, ..customer::Member::default() }
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

fn passkeys(action: &str) -> Passkeys {
    let passkey = |name: &str, used: Option<i64>, synced| customer::Passkey {
        id: "psk_01h455vb4pex5vsknk084sn02q".to_owned(),
        name: name.to_owned(),
        created_at: ago(900_000),
        last_used_at: used.and_then(ago),
        synced,
    };
    let passkeys = vec![
        passkey("iPhone, Safari", Some(3_600), true),
        passkey("The blue key on my keyring <3", None, false),
    ];
    Passkeys::new(passkeys, &clock(), action.to_owned())
}

fn invitations(action: &str) -> Invitations {
    let one = |code: bool| customer::Invitation {
        id: "inv_01h455vb4pex5vsknk084sn02q".to_owned(),
        label: String::new(),
        created_at: ago(120),
        expires_at: code.then(|| ago(-80_000)).flatten(),
        code_expires_at: code.then(|| ago(-1_600)).flatten(),
    };
    Invitations::new(&[one(true), one(false)], &clock(), action.to_owned())
}

/// One who holds something that works, and one who does not any more.
fn expected() -> Vec<Expected> {
    let invited = |id, invitations| customer::Invited {
        member: Some(member(id, &[customer::Role::Member])),
        invitations,
    };
    let link = customer::Invitation {
        expires_at: ago(-80_000),
        code_expires_at: ago(-1_600),
        ..customer::Invitation::default()
    };
    let both = [invited(PAPA, vec![link]), invited(OMA, Vec::new())];
    both.into_iter().filter_map(|one| Expected::new(one, &clock())).collect()
}

pub(super) fn pin(kind: customer::PinKind, action: &str) -> PinForm {
    let stored = customer::StoredPin { kind: kind.into(), set_at: ago(90_000) };
    PinForm::new(&[stored], kind, action.to_owned(), &clock())
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
    let none = || Passkeys { list: Vec::new(), action: "/me/passkeys/remove".to_owned() };
    let me = |admin: bool, card: Option<CardForm>| MePage {
        shell: shell(),
        withheld: !admin,
        passkeys: if admin { passkeys("/me/passkeys/remove") } else { none() },
        offer: if admin { Offer::Here } else { Offer::PlainHttp },
        new_passkey: "Mac, Safari".to_owned(),
        refused: Errors::default(),
        card: card.unwrap_or_else(|| CardForm::of(&mia().person)),
        me: if admin { mia() } else { oma() },
        devices: devices("/me/sign-out"),
        invitations: Invitations { list: Vec::new(), action: "/me/withdraw".to_owned() },
        wallet: Some(Wallet { count: 31, free_bar: false }),
        pin: admin.then(|| pin(customer::PinKind::Digits, "/me/pin")),
        admin,
        guardian: admin,
    };
    let welcome = |card| WelcomePage { shell: shell(), card, free_bar: false, weekly: 50 };
    all.add("welcome", welcome(CardForm::of(&mia().person)));
    all.add("welcome-wrong", welcome(wrong()));
    all.add("me", me(true, None));
    let mut errors = Errors::default();
    errors.add(
        "pin",
        "This is among the first that anybody tries; take one that is harder to guess.",
    );
    let easy = me(true, None);
    all.add("me-pin", MePage { pin: easy.pin.map(|pin| pin.with(errors)), ..me(true, None) });
    all.add("me-errors", me(false, Some(wrong())));
    let late = "That took longer than five minutes. Please begin again.";
    let late = MePage { refused: Errors::general(late), ..me(true, None) };
    all.add("me-passkey-too-late", MePage { passkeys: none(), ..late });
    all.add("me-nameless", MePage { offer: Offer::Nameless, ..me(true, None) });

    let family = |card| FamilyPage {
        shell: shell(),
        family: vec![mia(), papa(), oma()],
        expected: expected(),
        id: OMA.to_owned(),
        card,
        roles: papa().roles,
        kin: KinForm::empty(&[mia(), papa(), oma()]),
    };
    all.add("family", family(CardForm::empty(3)));
    all.add("family-errors", family(wrong()));

    let kid = || Relative { child: true, guardians: vec![PAPA.to_owned()], ..oma() };
    let one = |refused| MemberPage {
        shell: shell(),
        kin: KinForm::of(&papa(), &[mia(), papa(), oma()]),
        person: papa().person,
        card: CardForm::of(&papa().person),
        roles: papa().roles,
        refused,
        passkeys: passkeys("/family/x/passkeys/remove"),
        devices: devices("/family/x/sign-out"),
        invitations: invitations("/family/x/withdraw"),
        stays: Errors::default(),
        pin: pin(customer::PinKind::Pictures, "/family/x/pin"),
    };
    all.add("member", one(Errors::default()));
    let last = "The family would be left without an admin; make somebody else one first.";
    all.add("member-last-admin", one(Errors::general(last)));
    let mut stays = Errors::default();
    stays.add("name", "Type the name exactly as it stands.");
    all.add("member-stays", MemberPage { stays, ..one(Errors::default()) });

    let leave = |errors| LeavePage { shell: shell(), name: "Mia".to_owned(), errors };
    all.add("leave", leave(Errors::default()));
    all.add("leave-last-admin", leave(Errors::general(last)));
    let child = |kin| MemberPage {
        person: kid().person,
        card: CardForm::of(&kid().person),
        roles: kid().roles,
        kin,
        ..one(Errors::default())
    };
    let everybody = [mia(), papa(), kid()];
    all.add("member-child", child(KinForm::of(&kid(), &everybody)));
    let nobody =
        customer::Kin { kind: customer::MemberKind::Child.into(), guardian_ids: Vec::new() };
    let says = Errors::general("A child has a guardian; choose at least one adult.");
    let refused = || KinForm::refused(OMA, &everybody, &nobody, says.clone());
    all.add("family-child", FamilyPage { kin: refused(), ..family(CardForm::empty(3)) });
    all.add("member-child-errors", child(refused()));

    let link = format!("https://coffee.local:8443/sign-in/{}", "k7".repeat(21));
    let shown = |mine: bool| LinkPage {
        shell: shell(),
        person: papa().person,
        mine,
        qr: Qr::of(&link),
        link: link.clone().into(),
        expires: "Mon 09:14".to_owned(),
        code: "012345".to_owned().into(),
        code_expires: "09:44".to_owned(),
        join: "coffee.local:8443/join".to_owned(),
    };
    all.add("family-link", shown(false));
    all.add("another-device", shown(true));

    let join = |refused: Option<&str>| JoinPage {
        shell: Shell { csrf: "csrf-token".to_owned(), ..Shell::bare() },
        withheld: true,
        refused: refused.map(str::to_owned),
    };
    all.add("join", join(None));
    all.add(
        "join-refused",
        join(Some("This code opens nothing. Look again, or ask for a new one.")),
    );
    add_tokens(all);
}

fn add_tokens(all: &mut Samples) {
    let token = |name: &str, scope: &str, used| {
        let token = customer::ApiToken {
            id: "tok_01h455vb4pex5vsknk084sn02q".to_owned(),
            name: name.to_owned(),
            scope: scope.to_owned(),
            created_at: ago(9_000),
            last_used_at: used,
        };
        TokenView::new(&token, &clock())
    };
    let tokens = |made: Option<&str>, errors| TokensPage {
        shell: shell(Tab::Me, 0),
        tokens: vec![
            token("iPhone, my usual", "usual", ago(400)),
            token("The kitchen's display", "read-orders", None),
        ],
        made: made.map(str::to_owned),
        url: "https://coffee.local:8443/v1/me/usual/order".to_owned(),
        reports: true,
        name: String::new(),
        errors,
    };
    all.add("tokens", tokens(None, Errors::default()));
    let secret = "evt_q0oVw4hJ5c8S1m9fJ2nZ7kQ3xT6yB0aLrPdE4uHgWsM";
    all.add("tokens-made", tokens(Some(secret), Errors::default()));
    let mut errors = Errors::default();
    errors.add("name", "Say what it is for.");
    errors.add("", "You have 20 tokens already.");
    all.add("tokens-errors", tokens(None, errors));
}
