//! The pages about children, and what must not be in a cup.

use super::*;
use crate::pages::{
    children::{ChildrenPage, approvals::*, child::ChildPage, diet::DietPage},
    view::children::*,
};

fn day() -> Option<DayView> {
    DayView::new(&pb::Day {
        drinks: 2,
        caffeine_mg: 65,
        most_drinks: Some(2),
        most_caffeine_mg: Some(100),
        decaf_after: Some(900),
        child: true,
    })
}

/// Something that Oma's grandchild asks Mia for.
fn asked() -> pb::Order {
    use pb::{OrderCommand as C, OrderState as S};
    pb::Order {
        placed_by: PAPA.to_owned(),
        deadline: ago(-7_000),
        barista: String::new(),
        owed_beans: 0,
        approval: Some(pb::Approval {
            child_ids: vec![PAPA.to_owned()],
            guardian_ids: vec![MIA.to_owned()],
            why: "2 drinks a day are allowed, and there were 2 today".to_owned(),
            then_at: None,
        }),
        ..order(S::Held, &[C::Approve, C::Refuse])
    }
}

/// An order with warnings, read or not.
fn warned(read: bool) -> pb::Order {
    use pb::{OrderCommand as C, OrderState as S};
    let mut items = order(S::Queued, &[]).items;
    items[0].warnings = vec!["no nuts".to_owned(), "vegan".to_owned()];
    let allowed: &[C] =
        if read { &[C::Accept, C::Ready, C::Decline] } else { &[C::Acknowledge, C::Decline] };
    let acknowledged = read.then(|| pb::Acknowledged { by: PAPA.to_owned(), at: ago(20) });
    pb::Order { items, acknowledged, ..order(S::Queued, allowed) }
}

pub(super) fn add(all: &mut Samples) {
    let shell = || shell(Tab::Me, 0);
    let (mia, oma) = (|| people().get(MIA), || people().get(OMA));
    let children = |children, waiting| ChildrenPage { shell: shell(), children, waiting };
    all.add("children", children(vec![(mia(), day()), (oma(), None)], 1));
    all.add("children-none", children(Vec::new(), 0));

    let told = || vec![teller(MIA).order(&asked())];
    all.add("approvals", ApprovalsPage { shell: shell(), orders: told() });
    all.add("part-approvals", ApprovalsList { shell: shell(), orders: Vec::new() });
    let asked = teller(MIA).order(&asked());
    all.add("order-asked", OrderPage { shell: shell(), order: asked });

    let limits = customer::Limits {
        drinks: Some(2),
        caffeine_mg: Some(100),
        decaf_after: Some(900),
        only: Some(customer::Slugs { slugs: vec!["cocoa".to_owned(), "chamomile".to_owned()] }),
    };
    let diet = || customer::Diet { avoids: vec!["nuts".to_owned()], vegan: false };
    let diet_form =
        |action: &str, errors| DietForm::new(action.to_owned(), &diet(), &on_offer(), errors);
    let child = |limits| ChildPage {
        shell: shell(),
        person: mia(),
        day: day(),
        limits,
        diet: diet_form("/children/x/diet", Errors::default()),
        pin: people::pin(customer::PinKind::Pictures, "/children/x/pin"),
    };
    all.add("child", child(LimitsForm::of(&limits, &on_offer())));
    let mut errors = Errors::default();
    errors.add("/drinks", "A whole number, or nothing.");
    errors.add("/decaf", "A time such as 15:00, or nothing.");
    let typed = [("drinks", "two <3"), ("decaf", "tea"), ("only", "no")];
    let typed = typed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    all.add("child-errors", child(LimitsForm::refused(&typed, &on_offer(), errors)));

    let own = |child, errors| DietPage { shell: shell(), diet: diet_form("/diet", errors), child };
    all.add("diet", own(false, Errors::default()));
    all.add("diet-errors", own(false, Errors::general("One of gluten, milk, eggs.")));
    all.add("diet-child", own(true, Errors::default()));

    let menu =
        MenuPage { day: day(), ..menu_page(MenuView::whole(&on_offer()), 0, pb::BarState::Open) };
    all.add("menu-child", menu);
    let says = "2 drinks a day are allowed, and there were 2 today.";
    let drink = |withheld, ask, errors| DrinkPage {
        shell: shell(),
        bar: bar(pb::BarState::Open),
        form: drink_form(errors),
        withheld,
        ask,
        keeps: true,
        name: String::new(),
    };
    all.add("drink-limited", drink(false, Some("Ask for it"), Errors::general(says)));
    all.add("drink-withheld", drink(true, None, Errors::default()));

    let board = Board::new(&[warned(false), warned(true)], &teller(PAPA));
    let bar = bar(pb::BarState::Open);
    all.add("counter-warned", CounterPage { shell: shell(), bar, board });
}
