//! Every template, rendered with samples.

mod children;
mod numbers;
mod people;
mod tests;

use askama::Template;
use wire::{customer::v1 as customer, order::v1 as pb};

use super::{
    account::{me::*, sign_in::*, *},
    beans::{member::*, *},
    cart::CartPage,
    cart::cookie::*,
    counter::*,
    drink::DrinkPage,
    errors::{ErrorPage, Onward},
    favourites::*,
    house::*,
    menu::*,
    order::again::*,
    order::*,
    trust::*,
    view::favourite::*,
    view::menu::*,
    view::order::*,
    view::passkey::Offer,
    view::*,
};
use crate::web::Again;

const NOW: &str = "2026-11-22T08:14:00Z";
const MIA: &str = "mem_01h455vb4pex5vsknk084sn001";
const PAPA: &str = "mem_01h455vb4pex5vsknk084sn002";
const OMA: &str = "mem_01h455vb4pex5vsknk084sn003";
const ORDER: &str = "ord_01h455vb4pex5vsknk084sn02q";

fn clock() -> Clock {
    Clock { now: NOW.parse().unwrap(), zone: chrono_tz::Europe::Berlin }
}

fn ago(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: clock().now.timestamp() - seconds, nanos: 0 })
}

fn people() -> People {
    [
        Person::new(MIA, "Mia", "🦊", "#d9682b"),
        Person::new(PAPA, "Papa", "🐻", "#7a5230"),
        Person::new(OMA, "Oma Gertrud", "🌷", "#b0436f"),
    ]
    .into_iter()
    .collect()
}

fn shell(tab: Tab, in_cart: usize) -> Shell {
    Shell {
        tab,
        me: Some(people().get(MIA)),
        counter: true,
        csrf: "csrf-token".to_owned(),
        position: "k3x-120".to_owned(),
        now: NOW.to_owned(),
        in_cart,
    }
}

fn choice(slug: &str, name: &str, price: i64, mg: i32, allergens: &[&str]) -> pb::Choice {
    pb::Choice {
        slug: slug.to_owned(),
        name: name.to_owned(),
        price_beans: price,
        caffeine_mg: mg,
        allergens: allergens.iter().map(|&name| name.to_owned()).collect(),
        sold_out: slug == "oat",
    }
}

fn item(
    category: &str,
    slug: &str,
    name: &str,
    emoji: &str,
    price: i64,
    mg: i32,
    description: &str,
) -> pb::MenuItem {
    let size = |slug: &str, name: &str, price, percent| pb::Size {
        slug: slug.to_owned(),
        name: name.to_owned(),
        price_beans: price,
        caffeine_percent: percent,
    };
    let milky = matches!(slug, "flat-white" | "cappuccino" | "latte" | "cocoa");
    pb::MenuItem {
        id: "itm_01h455vb4pex5vsknk084sn02q".to_owned(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        category: category.to_owned(),
        emoji: emoji.to_owned(),
        price_beans: price,
        caffeine_mg: mg,
        allergens: Vec::new(),
        sizes: if milky {
            vec![size("small", "Small", 0, 100), size("large", "Large", 1, 150)]
        } else {
            vec![size("cup", "Cup", 0, 100)]
        },
        milks: if milky {
            vec![
                choice("whole", "Whole milk", 0, 0, &["milk"]),
                choice("oat", "Oat", 1, 0, &["gluten"]),
                choice("soy", "Soy", 1, 0, &["soy"]),
            ]
        } else {
            Vec::new()
        },
        extras: vec![
            choice("extra-shot", "Extra shot", 1, 63, &[]),
            choice("vanilla", "Vanilla", 1, 0, &[]),
            choice("hazelnut", "Hazelnut", 1, 0, &["nuts"]),
            choice("cinnamon", "Cinnamon", 0, 0, &[]),
        ],
        sold_out: slug == "cold-brew",
    }
}

fn items() -> Vec<pb::MenuItem> {
    vec![
        item("Coffee", "espresso", "Espresso", "☕", 2, 63, "Short, strong, and over too soon."),
        item(
            "Coffee",
            "flat-white",
            "Flat white",
            "🥛",
            3,
            126,
            "Two short shots under silky milk.",
        ),
        item(
            "Coffee",
            "cappuccino",
            "Cappuccino",
            "☕",
            3,
            63,
            "A third coffee, a third milk, a third foam, and cocoa on top if you ask.",
        ),
        item("Coffee", "cold-brew", "Cold brew", "🧊", 3, 150, "Steeped since last night."),
        item("Tea & more", "chamomile", "Chamomile tea", "🌼", 1, 0, "From the garden."),
        item("Tea & more", "earl-grey", "Earl Grey", "🫖", 1, 40, "With bergamot."),
        item("For children", "cocoa", "Cocoa", "🍫", 2, 5, "Warm, not hot."),
    ]
}

fn on_offer() -> pb::Menu {
    let mut items = items();
    items[3].sold_out = true;
    let slug = items[3].slug.clone();
    let sold_out = vec![pb::SoldOut { slug, name: String::new(), until: ago(-40_000) }];
    pb::Menu { items, sold_out, etag: String::new() }
}

fn drink(line: i32, slug: &str, name: &str, summary: &str, whom: &str, note: &str) -> pb::Item {
    pb::Item {
        line,
        menu_item_id: "itm_01h455vb4pex5vsknk084sn02q".to_owned(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        summary: summary.to_owned(),
        note: note.to_owned(),
        member_id: if whom.starts_with("mem_") { whom.to_owned() } else { String::new() },
        guest: if whom.starts_with("mem_") { String::new() } else { whom.to_owned() },
        price_beans: 4,
        caffeine_mg: 126,
        allergens: vec!["milk".to_owned()],
        ..pb::Item::default()
    }
}

fn order(state: pb::OrderState, allowed: &[pb::OrderCommand]) -> pb::Order {
    pb::Order {
        id: ORDER.to_owned(),
        number: 12,
        placed_by: MIA.to_owned(),
        state: state.into(),
        version: 3,
        items: vec![
            drink(
                1,
                "flat-white",
                "Flat white",
                "large, oat milk, extra shot",
                MIA,
                "Extra hot, please <3",
            ),
            drink(2, "cocoa", "Cocoa", "small, whole milk", "Leo from next door", ""),
        ],
        price_beans: 8,
        owed_beans: 8,
        barista: if state == pb::OrderState::Queued { String::new() } else { PAPA.to_owned() },
        placed_at: ago(400),
        state_since: ago(130),
        estimated_ready_at: ago(-240),
        allowed: allowed.iter().map(|&command| command.into()).collect(),
        ..pb::Order::default()
    }
}

fn teller(me: &str) -> Teller {
    Teller { clock: clock(), people: people(), emoji: Emoji::of_menu(&items()), me: me.to_owned() }
}

fn tell(state: pb::OrderState, allowed: &[pb::OrderCommand]) -> OrderView {
    teller(MIA).order(&order(state, allowed))
}

fn bar(state: pb::BarState) -> BarView {
    let until = if state == pb::BarState::Open { None } else { ago(-1500) };
    let bar = pb::Bar {
        state: state.into(),
        until,
        queued: 2,
        preparing: 1,
        estimate_seconds: Some(330),
    };
    BarView::new(&bar, &clock())
}

fn queue() -> Vec<pb::Order> {
    use pb::{OrderCommand as C, OrderState as S};
    let ticket = |number, state, age, items: Vec<pb::Item>, allowed: &[C], by: &str| pb::Order {
        id: format!("ord_01h455vb4pex5vsknk084sn0{number}"),
        number,
        items,
        placed_by: by.to_owned(),
        state_since: ago(age),
        ..order(state, allowed)
    };
    let waiting = [C::Accept, C::Ready, C::Decline, C::Cancel];
    let making = [C::Ready, C::Release, C::Tick, C::Cancel, C::HandOver];
    let mut half = order(S::Preparing, &making).items;
    half[1].ticked = true;
    vec![
        ticket(14, S::Queued, 320, order(S::Queued, &[]).items, &waiting, MIA),
        ticket(
            15,
            S::Queued,
            45,
            vec![drink(1, "espresso", "Espresso", "", OMA, "")],
            &waiting,
            OMA,
        ),
        ticket(13, S::Preparing, 560, half, &making, PAPA),
        ticket(
            11,
            S::Ready,
            70,
            vec![drink(1, "earl-grey", "Earl Grey", "vanilla", OMA, "")],
            &[C::PickUp, C::Recall],
            OMA,
        ),
    ]
}

fn drink_form(errors: Errors) -> DrinkForm {
    let chosen = Chosen {
        drink: "flat-white".to_owned(),
        size: "large".to_owned(),
        extras: vec!["extra-shot".to_owned()],
        whom: if errors.is_empty() { String::new() } else { "guest".to_owned() },
        ..Chosen::default()
    };
    DrinkForm::new(&items()[1], &chosen, people().all(), errors, "key-1".to_owned())
}

fn cart(errors: Errors) -> CartView {
    let line = |name: &str, emoji: &str, options: &[&str], whom: &str| CartLine {
        name: name.to_owned(),
        emoji: emoji.to_owned(),
        options: options.iter().map(|&option| option.to_owned()).collect(),
        note: if name == "Cocoa" { "not too hot".to_owned() } else { String::new() },
        whom: people().get(whom),
        price: Some(4),
    };
    CartView {
        lines: vec![
            line("Flat white", "🥛", &["large", "oat milk"], MIA),
            line("Cocoa", "🍫", &["small"], OMA),
        ],
        key: "key-1".to_owned(),
        digest: "0123456789abcdef".to_owned(),
        says: "2 drinks".to_owned(),
        total: Some(8),
        left: Some(23),
        free_bar: false,
        already_sent: false,
        errors,
    }
}

fn menu_page(menu: MenuView, in_cart: usize, state: pb::BarState) -> MenuPage {
    MenuPage {
        shell: shell(Tab::Menu, in_cart),
        greeting: clock().greeting(),
        bar: bar(state),
        wallet: Some(Wallet { count: 31, free_bar: false }),
        open: if in_cart > 0 {
            vec![tell(pb::OrderState::Preparing, &[]), tell(pb::OrderState::Ready, &[])]
        } else {
            Vec::new()
        },
        usual: if in_cart > 0 {
            UsualView::default()
        } else {
            usual(customer::FavouriteState::AsKept)
        },
        usual_key: "key-1".to_owned(),
        menu,
        cart_says: "2 drinks".to_owned(),
        alone: false,
        day: None,
    }
}

fn favourite(at: usize, state: customer::FavouriteState) -> FavouriteView {
    use customer::FavouriteState as F;
    let (says, price) = match state {
        F::AsKept | F::Unspecified => ("", Some(4)),
        F::PriceChanged => ("It costs 5 now, and not 4.", Some(5)),
        F::SoldOut => ("Oat milk is sold out today.", None),
        F::ChoicesChanged => ("It does not go with this milk.", None),
        F::NotOnTheMenu => ("This is not on the menu any more.", None),
    };
    let kept = customer::Favourite {
        id: "fav_01h455vb4pex5vsknk084sn02q".to_owned(),
        name: ["Morning", "Flat white", "With Oma on Sundays", "Late"][at].to_owned(),
        slug: "flat-white".to_owned(),
        drink: "Flat white".to_owned(),
        summary: "large, oat milk, extra shot".to_owned(),
        note: if at == 0 { "Extra hot, please <3".to_owned() } else { String::new() },
        price_beans: 4,
        usual: at == 0,
        now: Some(customer::FavouriteNow {
            state: state.into(),
            says: says.to_owned(),
            price_beans: price,
        }),
        ..customer::Favourite::default()
    };
    FavouriteView::new(&kept, &Emoji::of_menu(&items()))
}

fn usual(state: customer::FavouriteState) -> UsualView {
    UsualView { one: Some(favourite(0, state)), all: 3 }
}

/// One rendered template.
struct Sample {
    name: String,
    html: String,
    /// The struct that it was rendered from.
    of: &'static str,
}

#[derive(Default)]
struct Samples(Vec<Sample>);

impl Samples {
    fn add<T: Template>(&mut self, name: &str, template: T) {
        let of = std::any::type_name::<T>().rsplit("::").next().unwrap();
        self.0.push(Sample { name: name.to_owned(), html: template.render().unwrap(), of });
    }

    fn html(&self, name: &str) -> &str {
        &self.0.iter().find(|sample| sample.name == name).unwrap().html
    }
}

/// Every template with samples.
fn all() -> Samples {
    use pb::{OrderCommand as C, OrderState as S};
    let mut all = Samples::default();

    let whole = || MenuView::whole(&on_offer());
    all.add("menu", menu_page(whole(), 0, pb::BarState::Open));
    all.add("menu-cart", menu_page(whole(), 2, pb::BarState::Paused));
    let first = menu_page(whole(), 0, pb::BarState::Open);
    all.add("menu-first", MenuPage { alone: true, ..first });
    all.add("menu-none", menu_page(MenuView::found("pizza", &[], &[]), 0, pb::BarState::Closed));
    all.add("part-menu", MenuList { menu: MenuView::found("flat", &items()[1..2], &[]) });
    all.add("part-bar", BarLine { bar: bar(pb::BarState::Open) });
    all.add("part-wallet", WalletPart { wallet: None });

    let mut errors = Errors::default();
    errors.add("items[0].recipient.guest", "What is your guest’s name?");
    errors.add("items[0].milk", "Oat has just run out.");
    errors.add("items", "Your beans do not reach: it costs 5, you have 3.");
    let with = |in_cart, errors| DrinkPage {
        shell: shell(Tab::Menu, in_cart),
        bar: bar(pb::BarState::Open),
        form: drink_form(errors),
        withheld: false,
        ask: None,
        keeps: true,
        name: String::new(),
    };
    all.add("drink", with(0, Errors::default()));
    all.add("drink-cart", with(1, Errors::default()));
    all.add("drink-errors", with(0, errors.clone()));

    use customer::FavouriteState as F;
    for (name, favourites) in [
        ("favourites", vec![F::AsKept, F::PriceChanged, F::SoldOut, F::ChoicesChanged]),
        ("favourites-none", Vec::new()),
    ] {
        let favourites = favourites.into_iter().enumerate();
        let shown = FavouritesPage {
            shell: shell(Tab::Menu, 0),
            bar: bar(pb::BarState::Open),
            errors: Errors::default(),
            favourites: favourites
                .map(|(at, state)| (favourite(at, state), format!("key-{at}")))
                .collect(),
        };
        all.add(name, shown);
    }
    all.add("part-usual", UsualPart { usual: usual(F::PriceChanged) });
    let again = |now, says: &str| AgainPage {
        shell: shell(Tab::Orders, 0),
        bar: bar(pb::BarState::Open),
        id: ORDER.to_owned(),
        key: "key-1".to_owned(),
        lines: tell(pb::OrderState::Completed, &[])
            .lines
            .into_iter()
            .enumerate()
            .map(|(at, line)| {
                let says = if at == 0 { says.to_owned() } else { String::new() };
                AgainLine { line, says }
            })
            .collect(),
        was: 8,
        now,
        errors: Errors::default(),
    };
    all.add("order-again", again(Some(9), "It costs 5 now, and not 4."));
    all.add("order-again-off", again(None, "Oat milk is sold out today."));

    let with = |cart| CartPage {
        shell: shell(Tab::Menu, 2),
        bar: bar(pb::BarState::Open),
        cart,
        ask: None,
    };
    all.add("cart", with(cart(Errors::default())));
    let mut empty = cart(Errors::default());
    empty.lines.clear();
    all.add("cart-empty", with(empty));
    all.add("cart-errors", with(cart(errors)));

    for (state, allowed) in [
        (S::Held, vec![C::Cancel]),
        (S::Placed, vec![C::Cancel]),
        (S::Queued, vec![C::Cancel]),
        (S::Preparing, vec![]),
        (S::Ready, vec![C::PickUp]),
        (S::Completed, vec![]),
        (S::Rejected, vec![]),
        (S::Declined, vec![]),
        (S::Cancelled, vec![]),
        (S::Expired, vec![]),
        (S::Uncollected, vec![C::PickUp]),
    ] {
        let mut told = order(state, &allowed);
        if is_final(state) && !matches!(state, S::Completed | S::Uncollected) {
            told.owed_beans = 0;
        }
        if state == S::Declined {
            told.reason = "We are out of oat milk, sorry".to_owned();
            told.items[1].struck_reason = "No cocoa left".to_owned();
        }
        let told = teller(MIA).order(&told);
        let name = format!("order-{}", told.state);
        all.add(&name, OrderPage { shell: shell(Tab::Orders, 0), order: told });
    }
    all.add("part-order", OrderCard { shell: shell(Tab::Orders, 0), order: tell(S::Ready, &[]) });
    let orders = || vec![tell(S::Preparing, &[]), tell(S::Completed, &[]), tell(S::Declined, &[])];
    let next = || "cursor".to_owned();
    all.add(
        "orders",
        OrdersPage { shell: shell(Tab::Orders, 0), live: true, orders: orders(), next: next() },
    );
    all.add("part-orders", OrderRows { orders: Vec::new(), next: String::new() });
    all.add("part-open", OpenOrders { open: orders() });

    let board = || Board::new(&queue(), &teller(PAPA));
    let counter =
        |state, board| CounterPage { shell: shell(Tab::Counter, 0), bar: bar(state), board };
    all.add("counter", counter(pb::BarState::Open, board()));
    all.add("counter-quiet", counter(pb::BarState::Paused, Board::new(&[], &teller(PAPA))));
    all.add("part-board", BoardPart { shell: shell(Tab::Counter, 0), board: board() });
    all.add("part-counter-bar", CounterBar { bar: bar(pb::BarState::Closed) });
    all.add("part-switch", Switch { shell: shell(Tab::Counter, 0), bar: bar(pb::BarState::Open) });
    let offers = || offered(&on_offer());
    all.add("counter-menu", OffersPage { shell: shell(Tab::Counter, 0), offers: offers() });
    all.add("part-offers", Offers { shell: shell(Tab::Counter, 0), offers: offers() });

    all.add("sign-in", SignInPage { shell: Shell::bare(), withheld: false });
    all.add("link-over", LinkOverPage { shell: Shell::bare() });
    all.add("sign-out", SignOutPage { shell: shell(Tab::Elsewhere, 0) });
    let signed_out = |offer| SignedOutPage {
        shell: Shell { csrf: "csrf-token".to_owned(), ..Shell::bare() },
        withheld: false,
        offer,
        refused: None,
        unknown: None,
    };
    all.add("signed-out", signed_out(Offer::Here));
    all.add("signed-out-plain", SignedOutPage { withheld: true, ..signed_out(Offer::PlainHttp) });
    let elsewhere = Offer::At("https://coffee.local:8443".to_owned());
    all.add("signed-out-elsewhere", signed_out(elsewhere));
    let unknown = SignedOutPage {
        refused: Some(
            "This passkey is not known here, or not any more. Sign in by a link, and \
                       remove it from your device."
                .to_owned(),
        ),
        unknown: Some("f91f391db4c9b2fd".to_owned()),
        ..signed_out(Offer::Here)
    };
    all.add("signed-out-unknown", unknown);
    let news = || {
        ["ready", "accepted", "queued"]
            .map(|kind| {
                let news = customer::Notification {
                    order_id: ORDER.to_owned(),
                    kind: kind.to_owned(),
                    title: format!("#12 is {kind}"),
                    body: "Flat white, Cocoa".to_owned(),
                    at: ago(100),
                    ..customer::Notification::default()
                };
                News::new(&news, &clock())
            })
            .to_vec()
    };
    all.add("news", NewsPage { shell: shell(Tab::News, 0), withheld: true, news: news() });
    all.add("part-news", NewsList { news: Vec::new() });
    let entry = |kind: &str, cause: &str, beans, words: &str| {
        let entry = customer::LedgerEntry {
            kind: kind.to_owned(),
            cause: cause.to_owned(),
            beans,
            balance_beans: 31,
            other_member_id: OMA.to_owned(),
            words: words.to_owned(),
            at: ago(4000),
            ..customer::LedgerEntry::default()
        };
        Entry::new(&entry, &people(), &clock())
    };
    let entries = || {
        vec![
            entry("order", ORDER, -8, ""),
            entry("gift", "gft_1", 5, "for the dishes <3"),
            entry("gift", "gft_2", -2, ""),
            entry("reward", "coffee-20", 3, ""),
            entry("correction", "cor_1", 1, "counted the jar again"),
            entry("allowance", "2026-W47", 20, ""),
            entry("opening", "", 20, ""),
        ]
    };
    let beans = |errors: Errors, entries, family| BeansPage {
        shell: shell(Tab::Menu, 0),
        wallet: Wallet { count: 31, free_bar: false },
        card: Card::new(&customer::Balance {
            stamp_card: Some(customer::StampCard { stamps: 7, of: 10, filled: 2 }),
            ..customer::Balance::default()
        }),
        form: GiftView {
            key: "key-1".to_owned(),
            people: vec![(people().get(PAPA), false), (people().get(OMA), true)],
            beans: "40".to_owned(),
            words: "for the <3 dishes".to_owned(),
            errors,
        },
        entries,
        next: String::new(),
        admin: true,
        family,
    };
    children::add(&mut all);
    people::add(&mut all);
    numbers::add(&mut all);
    all.add("beans", beans(Errors::default(), entries(), Vec::new()));
    all.add("beans-empty", beans(Errors::default(), Vec::new(), Vec::new()));
    let mut wrong = Errors::general("There are only 31 beans left to give.");
    wrong.add("beans", "How many? A whole number, please.");
    let family =
        [PAPA, OMA].map(|id| Purse { person: people().get(id), beans: 12 }).into_iter().collect();
    all.add("beans-admin", beans(wrong, entries(), family));
    let member = |errors| MemberBeansPage {
        shell: shell(Tab::Menu, 0),
        person: people().get(OMA),
        wallet: Wallet { count: -3, free_bar: true },
        form: CorrectionView {
            key: "key-1".to_owned(),
            takes: true,
            beans: "7".to_owned(),
            words: "the jar".to_owned(),
            errors,
        },
        entries: entries(),
        next: "older".to_owned(),
    };
    all.add("beans-member", member(Errors::default()));
    let mut wrong = Errors::default();
    wrong.add("reason", "Why? They will want to know.");
    all.add("beans-member-wrong", member(wrong));
    let house = |errors| HousePage {
        shell: shell(Tab::Menu, 0),
        form: HouseView {
            version: 3,
            free_bar: false,
            debt: "10".to_owned(),
            weekly: "50".to_owned(),
            changed: "Mia set this, today at 9:14.".to_owned(),
            errors,
        },
    };
    all.add("house", house(Errors::default()));
    let mut wrong = Errors::general("Somebody else changed the house’s settings meanwhile.");
    wrong.add("floor_beans", "How many? A whole number, please; 0 is one.");
    all.add("house-wrong", house(wrong));
    let trust = |standing, phone| TrustPage {
        shell: Shell::bare(),
        standing,
        name: "coffee.local".to_owned(),
        pages: "https://coffee.local:8443".to_owned(),
        phone,
    };
    let ours = |over_https| {
        let here = "http://coffee.local:8080/trust".to_owned();
        let fingerprint = ["4B F9 2F 35 77 B3 4D A6"; 4].join(" ");
        Standing::Ours(Ours { over_https, fingerprint, qr: qr::Qr::of(&here), here })
    };
    all.add("trust", trust(ours(false), Phone::Apple));
    all.add("trust-android", trust(ours(false), Phone::Android));
    all.add("trust-desk", trust(ours(false), Phone::Unknown));
    all.add("trust-done", trust(ours(true), Phone::Apple));
    all.add("trust-known", trust(Standing::Known, Phone::Apple));
    all.add("trust-here", trust(Standing::ThisMachine, Phone::Unknown));
    all.add("trust-off", trust(Standing::Off, Phone::Android));
    let profile = Profile {
        name: "coffee.local".to_owned(),
        profile: uuid::Uuid::nil(),
        root: uuid::Uuid::nil(),
        certificate: "aGVsbG8=".to_owned(),
    };
    all.add("part-profile", profile);
    let error = |emoji, title, says: &str, next| ErrorPage {
        shell: Shell::bare(),
        emoji,
        title: String::from(title),
        says: says.to_owned(),
        code: "unavailable".to_owned(),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        next,
    };
    let leave = || Onward::Leave("/".to_owned());
    all.add("error-404", error("🍂", "Nothing here", "There is no such page.", leave()));
    let away = "The bar does not answer just now.";
    all.add("error-503", error("🛠️", "One moment, please", away, Onward::Reload(5)));
    let fields = [("csrf", "csrf-token"), ("key", "key-1"), ("note", "extra hot <3 \"please\"")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let again = Onward::Post(Again { action: "/menu/flat-white".to_owned(), fields });
    all.add("error-503-form", error("🛠️", "One moment, please", away, again));
    all
}
