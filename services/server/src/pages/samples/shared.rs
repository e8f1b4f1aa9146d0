//! The pages of shared devices.

use super::*;
use crate::pages::{
    family::devices::{DevicesPage, PairingPage},
    shared::{
        display::{DisplayBoard, DisplayPage},
        kiosk::{DonePage, KioskPage},
        pad::PadPage,
        pair::{Ended, PairPage, ShownCode, Shows},
        who::{WhoBar, WhoBoard, WhoPage},
    },
    trust::qr::Qr,
    view::{
        pad::Keys,
        shared::{AskingDevice, KINDS, Kind, SharedDevice, shown},
    },
};

const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) Version/18.5 Safari/604.1";

fn everybody() -> Vec<Person> {
    people().all()
}

fn device(name: &str, kind: customer::DeviceKind, who: &str) -> SharedDevice {
    let device = customer::Device {
        id: "dev_01h455vb4pex5vsknk084sn02q".to_owned(),
        name: name.to_owned(),
        kind: kind.into(),
        says: IPAD.to_owned(),
        paired_by: MIA.to_owned(),
        paired_at: ago(900_000),
        last_used_at: ago(400),
        member_id: who.to_owned(),
    };
    SharedDevice::new(&device, &people(), &clock())
}

fn displayed() -> Vec<pb::DisplayedOrder> {
    use pb::OrderState as S;
    let order = |number, state: S, member_ids: &[&str], guests: &[&str]| pb::DisplayedOrder {
        number,
        state: state.into(),
        member_ids: member_ids.iter().map(|&id| id.to_owned()).collect(),
        guests: guests.iter().map(|&guest| guest.to_owned()).collect(),
    };
    vec![
        order(11, S::Ready, &[OMA], &[]),
        order(12, S::Ready, &[MIA], &["Leo <3"]),
        order(13, S::Preparing, &[PAPA], &[]),
        order(14, S::Queued, &[MIA], &[]),
        order(15, S::Queued, &[OMA], &[]),
    ]
}

/// The same page on a shared device.
fn at(place: Place, tab: Tab) -> Shell {
    Shell { place, ..shell(tab, 0) }
}

pub(super) fn add(all: &mut Samples) {
    let alone = || Shell { me: None, counter: false, ..at(Place::Device, Tab::Elsewhere) };
    let still = || Shell { now: String::new(), ..alone() };
    let person = || people().get(PAPA);

    let pair =
        |shows, somebody, was| PairPage { shell: still(), withheld: false, shows, somebody, was };
    let address = "https://coffee.local:8443/family/devices";
    let code = || ShownCode {
        code: "WDJB-MJHT".to_owned(),
        address: "coffee.local:8443/family/devices".to_owned(),
        qr: Qr::of(&format!("{address}/pair?code=WDJB-MJHT")),
        until: "09:24".to_owned(),
        interval: 5,
    };
    all.add("pair", pair(Shows::Start(Ended::None), true, None));
    all.add("pair-code", pair(Shows::Code(Box::new(code())), false, None));
    all.add("pair-again", pair(Shows::Start(Ended::Refused), false, Kind::named("counter")));

    // Nobody acts, so nothing may be done.
    let locked = || {
        let alone = |order| pb::Order { allowed: Vec::new(), ..order };
        Board::new(&queue().into_iter().map(alone).collect::<Vec<_>>(), &teller(""))
    };
    let who = |people| WhoPage {
        shell: alone(),
        name: "Kitchen counter".to_owned(),
        people,
        bar: bar(pb::BarState::Open),
        board: locked(),
    };
    all.add("who", who(everybody()));
    all.add("who-nobody", who(Vec::new()));
    all.add("part-who-board", WhoBoard { shell: still(), board: locked() });
    all.add("part-who-bar", WhoBar { bar: bar(pb::BarState::Open) });

    let pad = |keys, home, typed: &str, says: &str, wait| PadPage {
        shell: still(),
        person: person(),
        home,
        keys,
        typed: typed.to_owned(),
        says: says.to_owned(),
        wait,
    };
    all.add("pad", pad(Keys::Digits, "/who", "73", "", None));
    let wrong = "That was not it. You have a few more tries before you have to wait.";
    all.add("pad-wrong", pad(Keys::Digits, "/who", "", wrong, None));
    let wait = "Too many wrong tries. Please wait 30 seconds.";
    all.add("pad-locked", pad(Keys::Digits, "/who", "", wait, Some(31)));
    all.add("pad-pictures", pad(Keys::Pictures, "/kiosk", "1", "", None));

    let kiosk = |people| KioskPage { shell: still(), people, bar: bar(pb::BarState::Open) };
    all.add("kiosk", kiosk(everybody()));
    all.add("kiosk-nobody", kiosk(Vec::new()));
    let done = |held| DonePage { shell: Shell::bare(), number: 12, held };
    all.add("kiosk-done", done(false));
    all.add("kiosk-asked", done(true));
    let child = |tab| at(Place::Kiosk { idle: 60 }, tab);
    let menu = menu_page(MenuView::whole(&on_offer()), 0, pb::BarState::Open);
    all.add("kiosk-menu", MenuPage { shell: child(Tab::Menu), ..menu });
    let drink = DrinkPage {
        shell: child(Tab::Menu),
        bar: bar(pb::BarState::Open),
        form: drink_form(Errors::default()),
        withheld: false,
        ask: None,
        keeps: false,
        name: String::new(),
    };
    all.add("kiosk-drink", drink);
    let barista = at(Place::Counter { idle: 300 }, Tab::Counter);
    let board = Board::new(&queue(), &teller(PAPA));
    let counter = CounterPage { shell: barista, bar: bar(pb::BarState::Open), board };
    all.add("counter-shared", counter);

    let display = |orders: &[pb::DisplayedOrder], state| DisplayPage {
        shell: alone(),
        bar: bar(state),
        columns: shown(orders, &people()),
    };
    all.add("display", display(&displayed(), pb::BarState::Open));
    all.add("display-empty", display(&[], pb::BarState::Paused));
    let columns = shown(&displayed(), &people());
    all.add("part-display", DisplayBoard { bar: bar(pb::BarState::Open), columns });

    use customer::DeviceKind as D;
    let devices = |devices, errors| DevicesPage {
        shell: shell(Tab::Me, 0),
        devices,
        code: String::new(),
        errors,
    };
    let paired = vec![
        device("Kitchen counter", D::Counter, PAPA),
        device("The wall <3", D::Display, ""),
        device("Children’s corner", D::Kiosk, ""),
    ];
    all.add("devices", devices(paired, Errors::default()));
    let unknown = Errors::general("No device shows this code. Let the device show a new one.");
    all.add("devices-none", devices(Vec::new(), unknown));
    let pairing = customer::Pairing {
        user_code: "WDJB-MJHT".to_owned(),
        device: IPAD.to_owned(),
        asked_at: ago(70),
        expires_at: ago(-530),
    };
    let asking = PairingPage {
        shell: shell(Tab::Me, 0),
        asking: AskingDevice::new(&pairing, &clock()),
        name: String::new(),
        kinds: KINDS.into_iter().map(|kind| (kind, kind.slug == "counter")).collect(),
        errors: Errors::default(),
    };
    all.add("pairing", asking);
}

#[test]
fn what_a_kiosk_may_not_use_is_not_shown() {
    let all = super::all();
    for name in ["kiosk-menu", "kiosk-drink"] {
        let html = all.html(name);
        for not in [
            "/notifications",
            "href=\"/me\"",
            "/cart\"",
            "action=\"/favourites\"",
            "name=\"for\"",
            "name=\"note\"",
        ] {
            assert!(!html.contains(not), "{name}: {not}");
        }
        assert!(html.contains("form=\"leave\"") && html.contains("data-idle=\"60\""), "{name}");
    }
    let locked = all.html("who");
    for not in ["/accept\"", "/tick\"", "/counter/bar"] {
        assert!(!locked.contains(not), "{not}");
    }
    assert!(all.html("counter-shared").contains("Switch"));
    assert!(!all.html("counter").contains("Switch"));
}
