//! Guests: what their host sees, how they come in, and what they see.

use super::*;
use crate::pages::{
    guests::{
        GuestsHere, GuestsPage, ShownPass,
        enter::{EnterPage, PassOverPage},
    },
    trust::qr::Qr,
    view::guest::{Here, PassView, Treat},
};

pub(super) fn add(all: &mut Samples) {
    hosts(all);
    coming_in(all);
    ordering(all);
}

fn pass(guests: &[&str]) -> PassView {
    let guest = |name: &&str| customer::Member {
        id: OMA.to_owned(),
        name: (*name).to_owned(),
        kind: customer::MemberKind::Guest.into(),
        host_id: MIA.to_owned(),
        ..customer::Member::default()
    };
    let pass = customer::GuestPass {
        id: "gst_01h455vb4pex5vsknk084sn02q".to_owned(),
        created_at: ago(3_600),
        ends_at: ago(-60_000),
        guests: guests.iter().map(guest).collect(),
    };
    PassView::new(&pass, &clock())
}

fn hosts(all: &mut Samples) {
    let shown = |passes: Vec<PassView>, errors| GuestsPage {
        shell: shell(Tab::Me, 0),
        made: None,
        here: Here::new(&passes, &clock()),
        passes,
        errors,
    };
    all.add("guests-none", shown(Vec::new(), Errors::default()));
    all.add("guests", shown(vec![pass(&["Kim", "Jo <3"])], Errors::default()));
    let five = Errors::general("Five codes are open already. End one of them first.");
    all.add("guests-errors", shown(vec![pass(&[]), pass(&["Kim"])], five));
    let link = format!("https://coffee.local:8443/guest/{}", "k7".repeat(21));
    let made = ShownPass { qr: Qr::of(&link), link: link.into(), until: Some("04:00".to_owned()) };
    let fresh = shown(vec![pass(&[])], Errors::default());
    all.add("guests-code", GuestsPage { made: Some(made), ..fresh });
    all.add("part-guests", GuestsHere { here: Here::new(&[pass(&["Kim"])], &clock()) });
}

fn coming_in(all: &mut Samples) {
    let enter = |in_already, name: &str, errors| EnterPage {
        shell: Shell { csrf: "csrf-token".to_owned(), ..Shell::bare() },
        in_already,
        name: name.to_owned(),
        errors,
    };
    all.add("guest-enter", enter(false, "", Errors::default()));
    let mut errors = Errors::default();
    errors.add("name", "A name has 1 to 60 characters, and something to see.");
    all.add("guest-enter-errors", enter(false, "<3", errors));
    all.add("guest-enter-already", enter(true, "", Errors::default()));
    let says = "The evening is over.".to_owned();
    all.add("guest-over", PassOverPage { shell: Shell::bare(), says });
}

fn ordering(all: &mut Samples) {
    let at = |tab, in_cart| Shell { place: Place::Guest, counter: false, ..shell(tab, in_cart) };
    let menu = menu_page(MenuView::whole(&on_offer()), 1, pb::BarState::Open);
    let treat = Treat { host: Some("Papa".to_owned()), until: Some("04:00".to_owned()) };
    let menu = MenuPage {
        shell: at(Tab::Menu, 1),
        wallet: None,
        usual: UsualView::default(),
        treat: Some(treat),
        ..menu
    };
    all.add("guest-menu", menu);
    let drink = |in_cart| DrinkPage {
        shell: at(Tab::Menu, in_cart),
        bar: bar(pb::BarState::Open),
        form: drink_form(Errors::default()),
        withheld: false,
        ask: None,
        keeps: false,
        name: String::new(),
    };
    all.add("guest-drink", drink(0));
    all.add("guest-drink-cart", drink(1));
    let cart = cart(Errors::default());
    let bar = bar(pb::BarState::Open);
    all.add("guest-cart", CartPage { shell: at(Tab::Menu, 2), bar, cart, ask: None });
    use pb::{OrderCommand as C, OrderState as S};
    let teller = Teller { pays: false, ..teller(MIA) };
    for (state, allowed) in [(S::Placed, &[C::Cancel][..]), (S::Cancelled, &[])] {
        let told = teller.order(&pb::Order { owed_beans: 0, ..order(state, allowed) });
        let name = format!("guest-order-{}", told.state);
        all.add(&name, OrderPage { shell: at(Tab::Orders, 0), order: told });
    }
    all.add("guest-leave", SignOutPage { shell: at(Tab::Elsewhere, 0) });
}

#[test]
fn a_guest_sees_no_beans_and_nothing_that_is_the_familys() {
    let all = super::all();
    for name in [
        "guest-menu",
        "guest-drink",
        "guest-drink-cart",
        "guest-cart",
        "guest-order-placed",
        "guest-order-cancelled",
        "guest-again",
    ] {
        let html = all.html(name);
        for not in [
            "class=\"beans\"",
            "beans",
            "href=\"/beans\"",
            "href=\"/me\"",
            "/notifications",
            "/favourites",
            "/counter\"",
            "name=\"for\"",
            "cost you nothing",
        ] {
            assert!(!html.contains(not), "{name}: {not}");
        }
        for there in ["href=\"/orders\"", "href=\"/sign-out\"", ">\nLeave</a>"] {
            assert!(html.contains(there), "{name}: {there}");
        }
    }
    assert!(all.html("guest-menu").contains("You are Papa’s guest until 04:00."));
    assert!(all.html("guest-menu").contains("/orders/open") && !all.html("menu").contains("treat"));
    assert!(all.html("guest-drink").contains("formaction=\"/cart\""));
    assert!(all.html("guest-drink").contains("name=\"note\""));
    assert!(all.html("guest-order-placed").contains("/cancel\""));
}

#[test]
fn a_host_at_the_door_shows_one_code_and_hears_who_came_in() {
    let all = super::all();
    let code = all.html("guests-code");
    assert!(code.contains("Point a camera here") && code.contains("Nobody has come in yet."));
    assert!(code.contains("data-until=\"2026-11-22T08:14:08Z\""), "nothing tells who comes in");
    assert!(!all.html("guests").contains("class=\"qr\""), "its secret is not known any more");
    assert!(all.html("guests").contains("are signed out."));
    assert_eq!(all.html("guests-none").matches("<button").count(), 1);
    assert!(all.html("me").contains("href=\"/guests\""));
}
