//! Every template, rendered with samples: what they show, and that they keep to
//! the content security policy.

use askama::Template;
use wire::{customer::v1 as customer, order::v1 as pb};

use super::{
    account::{sign_in::*, *},
    cart::CartPage,
    cart::cookie::*,
    counter::*,
    drink::DrinkPage,
    errors::ErrorPage,
    menu::*,
    order::*,
    view::menu::*,
    view::order::*,
    view::*,
};

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
        barista: true,
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
        menu,
        cart_says: "2 drinks".to_owned(),
    }
}

/// Every template by a name, with samples.
pub(crate) fn all() -> Vec<(String, String)> {
    use pb::{OrderCommand as C, OrderState as S};
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add =
        |name: &str, html: askama::Result<String>| all.push((name.to_owned(), html.unwrap()));

    let whole = || MenuView::whole(&items());
    add("menu", menu_page(whole(), 0, pb::BarState::Open).render());
    add("menu-cart", menu_page(whole(), 2, pb::BarState::Paused).render());
    add("menu-none", menu_page(MenuView::found("pizza", &[]), 0, pb::BarState::Closed).render());
    add("part-menu", MenuList { menu: MenuView::found("flat", &items()[1..2]) }.render());
    add("part-bar", BarLine { bar: bar(pb::BarState::Open) }.render());
    add("part-wallet", WalletPart { wallet: None }.render());

    let mut errors = Errors::default();
    errors.add("items[0].recipient.guest", "What is your guest’s name?");
    errors.add("items[0].milk", "Oat has just run out.");
    errors.add("items", "Your beans do not reach: it costs 5, you have 3.");
    let with = |in_cart, errors| DrinkPage {
        shell: shell(Tab::Menu, in_cart),
        bar: bar(pb::BarState::Open),
        form: drink_form(errors),
    };
    add("drink", with(0, Errors::default()).render());
    add("drink-cart", with(1, Errors::default()).render());
    add("drink-errors", with(0, errors.clone()).render());

    let with = |cart| CartPage { shell: shell(Tab::Menu, 2), bar: bar(pb::BarState::Open), cart };
    add("cart", with(cart(Errors::default())).render());
    let mut empty = cart(Errors::default());
    empty.lines.clear();
    add("cart-empty", with(empty).render());
    add("cart-errors", with(cart(errors)).render());

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
        add(&name, OrderPage { shell: shell(Tab::Orders, 0), order: told }.render());
    }
    add(
        "part-order",
        OrderCard { shell: shell(Tab::Orders, 0), order: tell(S::Ready, &[]) }.render(),
    );
    let orders = || vec![tell(S::Preparing, &[]), tell(S::Completed, &[]), tell(S::Declined, &[])];
    let next = || "cursor".to_owned();
    add(
        "orders",
        OrdersPage { shell: shell(Tab::Orders, 0), orders: orders(), next: next() }.render(),
    );
    add("part-orders", OrderRows { orders: Vec::new(), next: String::new() }.render());
    add("part-open", OpenOrders { open: orders() }.render());

    let board = || Board::new(&queue(), &teller(PAPA));
    let counter =
        |state, board| CounterPage { shell: shell(Tab::Counter, 0), bar: bar(state), board };
    add("counter", counter(pb::BarState::Open, board()).render());
    add("counter-quiet", counter(pb::BarState::Paused, Board::new(&[], &teller(PAPA))).render());
    add("part-board", BoardPart { shell: shell(Tab::Counter, 0), board: board() }.render());
    add("part-counter-bar", CounterBar { bar: bar(pb::BarState::Closed) }.render());
    add(
        "part-switch",
        Switch { shell: shell(Tab::Counter, 0), bar: bar(pb::BarState::Open) }.render(),
    );
    let offers = || offered(&items());
    add("counter-menu", OffersPage { shell: shell(Tab::Counter, 0), offers: offers() }.render());
    add("part-offers", Offers { shell: shell(Tab::Counter, 0), offers: offers() }.render());

    add("sign-in", SignInPage { shell: Shell::bare() }.render());
    add("link-over", LinkOverPage { shell: Shell::bare() }.render());
    add("sign-out", SignOutPage { shell: shell(Tab::Elsewhere, 0) }.render());
    add("signed-out", SignedOutPage { shell: Shell::bare() }.render());
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
    add("news", NewsPage { shell: shell(Tab::News, 0), news: news() }.render());
    add("part-news", NewsList { news: Vec::new() }.render());
    let entry = |kind: &str, cause: &str, beans| {
        let entry = customer::LedgerEntry {
            kind: kind.to_owned(),
            cause: cause.to_owned(),
            beans,
            at: ago(4000),
            ..customer::LedgerEntry::default()
        };
        Entry::new(&entry, &clock())
    };
    let beans = BeansPage {
        shell: shell(Tab::Menu, 0),
        wallet: Wallet { count: 31, free_bar: false },
        entries: vec![
            entry("order", ORDER, -8),
            entry("allowance", "2026-W47", 20),
            entry("opening", "", 20),
        ],
        next: String::new(),
    };
    add("beans", beans.render());
    let error = |emoji, title, says: &str, retry_after| ErrorPage {
        shell: Shell::bare(),
        emoji,
        title: String::from(title),
        says: says.to_owned(),
        code: "unavailable".to_owned(),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        retry_after,
    };
    add("error-404", error("🍂", "Nothing here", "There is no such page.", None).render());
    add(
        "error-503",
        error("🛠️", "One moment", "The bar’s notebook cannot be reached.", Some(5)).render(),
    );
    all
}

#[test]
fn every_template_renders_with_samples_and_keeps_to_the_policy() {
    let all = all();
    for (name, html) in &all {
        assert!(!html.contains("style="), "{name}: an inline style");
        assert!(!html.contains("<style"), "{name}: an inline stylesheet");
        assert!(!html.contains(" onclick="), "{name}: an inline handler");
        assert!(!html.contains("<3"), "{name}: a note is not escaped");
        for tag in html.split("<script").skip(1) {
            let (tag, body) = tag.split_once('>').unwrap();
            assert!(tag.contains("src=\"/assets/"), "{name}: {tag}");
            assert!(body.starts_with("</script>"), "{name}: an inline script");
        }
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let get = form.contains("method=\"get\"");
            assert!(get || form.contains("name=\"csrf\""), "{name}: a form without its token");
        }
        let whole = html.trim_start().starts_with("<!doctype html>");
        assert_eq!(whole, !name.starts_with("part-"), "{name}: page or part");
    }
    let templates =
        count_files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")));
    // Parts that are only ever included: layout, 6 in parts/, cup, cart bar, closed, ticket.
    assert!(templates <= all.len() + 10, "a template without a sample?");
}

fn count_files(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count_files(&path) } else { 1 }).sum()
}

#[test]
fn an_order_with_nothing_to_do_offers_no_button() {
    let all = all();
    let html = |name: &str| &all.iter().find(|(known, _)| known == name).unwrap().1;
    assert!(html("order-queued").contains("/cancel\""));
    assert!(!html("order-preparing").contains("<form"));
    assert!(html("order-ready").contains("/pick-up\""));
    assert!(html("counter").contains("/accept\"") && html("counter").contains("/tick\""));
    assert!(html("menu").contains("data-position=\"k3x-120\""));
    assert!(html("drink-errors").contains("What is your guest’s name?"));
}

/// Writes the samples, with the assets, into the folder that PAGES names, to be
/// looked at in a browser.
#[test]
fn written_down_where_somebody_wants_to_look_at_them() {
    let Some(folder) = std::env::var_os("PAGES").map(std::path::PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    for asset in super::assets::ASSETS {
        std::fs::write(folder.join(asset.name), asset.bytes).unwrap();
    }
    let prefix = format!("/assets/{}/", super::assets::version());
    for (name, html) in all() {
        std::fs::write(folder.join(format!("{name}.html")), html.replace(&prefix, "")).unwrap();
    }
}
