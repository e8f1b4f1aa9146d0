//! The pages on which drinks are chosen and ordered, and the counter.

use super::*;

pub(super) fn add(all: &mut Samples) {
    menu(all);
    drinks(all);
    favourites(all);
    carts(all);
    orders(all);
    counter(all);
}

fn menu(all: &mut Samples) {
    let whole = || MenuView::whole(&on_offer());
    all.add("menu", menu_page(whole(), 0, pb::BarState::Open));
    all.add("menu-cart", menu_page(whole(), 2, pb::BarState::Paused));
    let first = menu_page(whole(), 0, pb::BarState::Open);
    all.add("menu-first", MenuPage { alone: true, ..first });
    all.add("menu-none", menu_page(MenuView::found("pizza", &[], &[]), 0, pb::BarState::Closed));
    let found = MenuView::found("flat", &items()[1..2], &[]);
    all.add("part-menu", MenuList { shell: shell(Tab::Menu, 0), menu: found });
    all.add("part-bar", BarLine { bar: bar(pb::BarState::Open) });
    all.add("part-wallet", WalletPart { wallet: None });
}

/// What can be wrong with an order.
fn refused() -> Errors {
    let mut errors = Errors::default();
    errors.add("items[0].recipient.guest", "What is your guest’s name?");
    errors.add("items[0].milk", "Oat has just run out.");
    errors.add("items", "Your beans do not reach: it costs 5, you have 3.");
    errors
}

fn drinks(all: &mut Samples) {
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
    all.add("drink-errors", with(0, refused()));
}

fn favourites(all: &mut Samples) {
    use customer::FavouriteState as F;
    let says_no = || Errors::general("2 drinks a day are allowed. Possible is: cookie.");
    for (name, favourites, ask) in [
        ("favourites", vec![F::AsKept, F::PriceChanged, F::SoldOut, F::ChoicesChanged], None),
        ("favourites-ask", vec![F::AsKept], Some((favourite(0, F::AsKept).id, "Ask for it"))),
        ("favourites-none", Vec::new(), None),
    ] {
        let favourites = favourites.into_iter().enumerate();
        let shown = FavouritesPage {
            shell: shell(Tab::Menu, 0),
            bar: bar(pb::BarState::Open),
            errors: ask.as_ref().map(|_| says_no()).unwrap_or_default(),
            ask,
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
        ask: None,
    };
    let ask = Some("Ask for it");
    let limited = AgainPage { ask, errors: says_no(), ..again(Some(9), "") };
    all.add("order-again-ask", limited);
    let guests = Shell { place: Place::Guest, ..shell(Tab::Orders, 0) };
    all.add("guest-again", AgainPage { shell: guests, ..again(Some(9), "") });
    all.add("order-again", again(Some(9), "It costs 5 now, and not 4."));
    all.add("order-again-off", again(None, "Oat milk is sold out today."));
}

fn carts(all: &mut Samples) {
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
    all.add("cart-errors", with(cart(refused())));
}

fn orders(all: &mut Samples) {
    use pb::{OrderCommand as C, OrderState as S};
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
}

fn counter(all: &mut Samples) {
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
}
