//! Every template, rendered with samples.

mod account;
mod around;
mod beans;
mod children;
mod guests;
mod numbers;
mod ordering;
mod people;
mod shared;
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
        place: Place::Own,
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
    let (emoji, me) = (Emoji::of_menu(&items()), me.to_owned());
    Teller { clock: clock(), people: people(), emoji, me, pays: true }
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
        treat: None,
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
    let mut all = Samples::default();
    ordering::add(&mut all);
    account::add(&mut all);
    children::add(&mut all);
    people::add(&mut all);
    shared::add(&mut all);
    guests::add(&mut all);
    numbers::add(&mut all);
    beans::add(&mut all);
    around::add(&mut all);
    all
}
