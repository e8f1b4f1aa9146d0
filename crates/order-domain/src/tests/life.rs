//! An order's life, case by case.

use types::Beans;

use super::helpers::{Family, at, give, wish};
use crate::{
    Actor, Because, Command, CommandKind, NoticeKind, Outcome, Rejection, StateKind, Step, Waits,
    table,
};

fn reason() -> String {
    "no oats left".to_owned()
}

#[test]
fn the_plain_way_leads_to_completed_and_closes_at_its_price() {
    let family = Family::new();
    let mut order = family.ready();
    assert_eq!(order.due(at(4)).notices, [NoticeKind::Ready]);
    give(&mut order, &Command::PickUp, family.actor(family.customer), 4).unwrap();
    assert_eq!(order.state.kind(), StateKind::Completed);
    assert_eq!((order.owed(), order.revision, order.version), (Beans::new(5), 1, 5));
    assert!(order.is_closed());
    assert_eq!(order.due(at(5)).step, Step::Close);
    assert_eq!(order.due_at(), None);
}

#[test]
fn what_an_order_owes_follows_its_state_and_its_items() {
    let family = Family::new();
    let mut order = family.preparing();
    let strike = Command::Strike { line: 2, reason: reason() };
    give(&mut order, &strike, family.actor(family.barista), 5).unwrap();
    assert_eq!((order.owed(), order.revision), (Beans::new(3), 2));
    assert_eq!(order.due(at(6)).step, Step::Settle);
    give(&mut order, &Command::Settled { revision: 2 }, Actor::System, 6).unwrap();
    assert_eq!(order.due(at(7)).step, Step::Wait);
    let cancel = Command::Cancel { reason: reason() };
    give(&mut order, &cancel, family.actor(family.admin), 8).unwrap();
    assert_eq!((order.owed(), order.revision), (Beans::ZERO, 3));
    assert!(order.is_final() && !order.is_closed());
    assert_eq!(order.due(at(9)).step, Step::Settle);
    give(&mut order, &Command::Settled { revision: 3 }, Actor::System, 9).unwrap();
    assert!(order.is_closed());
}

#[test]
fn the_last_item_cannot_be_struck() {
    let family = Family::new();
    let mut order = family.preparing();
    let barista = family.actor(family.barista);
    give(&mut order, &Command::Strike { line: 1, reason: reason() }, &barista, 5).unwrap();
    let last = Command::Strike { line: 2, reason: reason() };
    assert_eq!(give(&mut order, &last, &barista, 6), Err(Rejection::LastItem));
    let unknown = Command::Strike { line: 9, reason: reason() };
    assert_eq!(give(&mut order, &unknown, &barista, 6), Err(Rejection::NoSuchItem { line: 9 }));
}

#[test]
fn a_replacement_never_costs_more_than_what_was_chosen() {
    let family = Family::new();
    let mut order = family.preparing();
    let replace =
        Command::Replace { line: 2, wish: wish("flat-white", family.customer), reason: reason() };
    give(&mut order, &replace, family.actor(family.barista), 5).unwrap();
    let item = order.item(2).unwrap();
    assert_eq!((item.drink.slug.as_str(), item.drink.price), ("flat-white", Beans::new(2)));
    assert_eq!(item.replaced.as_deref(), Some("no oats left"));
    assert_eq!(order.revision, 1, "it owes the same");
    assert_eq!(give(&mut order, &replace, family.actor(family.barista), 6), Ok(Outcome::AlreadySo));
}

#[test]
fn amending_keeps_number_and_place_and_never_gives_a_line_twice() {
    let family = Family::new();
    let mut order = family.queued();
    let amend = Command::Amend { wishes: vec![wish("espresso", family.customer)] };
    give(&mut order, &amend, family.actor(family.customer), 50).unwrap();
    assert_eq!(order.state.kind(), StateKind::Placed);
    assert_eq!((order.number, order.queued_at, order.placed_at), (12, Some(at(1)), at(0)));
    assert_eq!(order.items[0].line, 3);
    assert_eq!((order.owed(), order.revision), (Beans::new(2), 2));
    assert_eq!(order.deadline, Some(at(50 + 120)));
    // A settlement that was under way for what it owed before does not queue it.
    let late = Command::Queue { revision: 1 };
    assert!(matches!(give(&mut order, &late, Actor::System, 51), Err(Rejection::Stale { .. })));
    give(&mut order, &Command::Queue { revision: 2 }, Actor::System, 52).unwrap();
    assert_eq!((order.queued_at, order.deadline), (Some(at(1)), Some(at(52 + 300))));
}

#[test]
fn a_customer_amends_and_cancels_until_somebody_accepts() {
    let family = Family::new();
    let customer = family.actor(family.customer);
    let cancel = Command::Cancel { reason: String::new() };
    let amend = Command::Amend { wishes: vec![wish("espresso", family.customer)] };
    for mut order in [family.order(Some(at(900))), family.order(None), family.queued()] {
        give(&mut order.clone(), &cancel, &customer, 5).unwrap();
        give(&mut order, &amend, &customer, 5).unwrap();
    }
    let taken = Err(Rejection::TakenBy { barista: family.barista });
    assert_eq!(give(&mut family.preparing(), &cancel, &customer, 5), taken);
    assert_eq!(give(&mut family.preparing(), &amend, &customer, 5), taken);
    let stranger = family.actor(family.stranger);
    assert_eq!(give(&mut family.queued(), &cancel, stranger, 5), Err(Rejection::NotYours));
}

#[test]
fn the_counter_says_why() {
    let family = Family::new();
    let barista = family.actor(family.barista);
    for reason in ["", "  ", "\n"] {
        let cancel = Command::Cancel { reason: reason.to_owned() };
        let decline = Command::Decline { reason: reason.to_owned() };
        assert_eq!(give(&mut family.queued(), &cancel, &barista, 5), Err(Rejection::ReasonMissing));
        assert_eq!(
            give(&mut family.queued(), &decline, &barista, 5),
            Err(Rejection::ReasonMissing)
        );
    }
    let long = Command::Decline { reason: "x".repeat(201) };
    assert_eq!(
        give(&mut family.queued(), &long, &barista, 5),
        Err(Rejection::ReasonTooLong { most: 200 })
    );
}

#[test]
fn two_baristas_race_and_the_second_hears_who_was_first() {
    let family = Family::new();
    let mut order = family.preparing();
    let (first, second) = (family.actor(family.barista), family.actor(family.other_barista));
    assert_eq!(give(&mut order, &Command::Accept, &first, 5), Ok(Outcome::AlreadySo));
    let taken = Err(Rejection::TakenBy { barista: family.barista });
    for command in [Command::Accept, Command::Ready, Command::Release] {
        assert_eq!(give(&mut order, &command, &second, 5), taken);
    }
    let take_over = Command::HandOver { to: family.other_barista };
    give(&mut order, &take_over, &second, 6).unwrap();
    assert_eq!(order.barista(), Some(family.other_barista));
    assert_eq!(order.deadline, Some(at(2 + 3600)), "the customer waits no longer for it");
}

#[test]
fn a_version_that_is_not_the_present_one_is_stale_unless_it_is_so_already() {
    let family = Family::new();
    let order = family.preparing();
    let waits = Waits::default();
    let barista = family.actor(family.barista);
    let decide = |command: &Command, actor: &Actor, version| {
        order.decide(command, actor, version, at(5), &waits)
    };
    let stale = Err(Rejection::Stale { current: 3 });
    assert_eq!(decide(&Command::Accept, &barista, 2), Ok(Outcome::AlreadySo));
    assert_eq!(decide(&Command::Ready, &barista, 2), stale);
    assert_eq!(decide(&Command::Expire, &Actor::System, 2), stale);
    assert!(matches!(
        decide(&Command::Expire, &Actor::System, 3),
        Err(Rejection::NotNow { state: StateKind::Preparing, command: CommandKind::Expire })
    ));
    assert!(matches!(decide(&Command::Ready, &barista, 3), Ok(Outcome::Changed(_))));
}

#[test]
fn recall_and_release_set_a_new_deadline() {
    let family = Family::new();
    let mut order = family.ready();
    assert_eq!(order.deadline, Some(at(3 + 1800)));
    give(&mut order, &Command::Recall, family.actor(family.barista), 100).unwrap();
    assert_eq!((order.deadline, order.remind_at), (Some(at(3700)), Some(at(1000))));
    give(&mut order, &Command::Release, family.actor(family.barista), 200).unwrap();
    assert_eq!((order.deadline, order.remind_at), (Some(at(500)), None));
}

#[test]
fn the_clock_leads_each_state_on() {
    let family = Family::new();
    let held = family.order(Some(at(900)));
    assert_eq!((held.revision, held.owed()), (0, Beans::ZERO));
    assert_eq!(held.due(at(899)).step, Step::Wait);
    assert_eq!(held.due(at(899)).look_again, Some(at(900)));
    assert_eq!(held.due(at(900)).step, Step::ComeDue);
    let placed = family.order(None);
    assert_eq!(placed.due(at(0)).step, Step::SettleAndQueue);
    assert_eq!(placed.due(at(120)).step, Step::Reject);
    assert_eq!(family.queued().due(at(300)).step, Step::Wait);
    assert_eq!(family.queued().due(at(301)).step, Step::Expire);
    let preparing = family.preparing();
    assert_eq!(preparing.due(at(901)).notices, []);
    assert_eq!(preparing.due(at(901)).look_again, Some(at(902)));
    assert_eq!(preparing.due(at(902)).notices, [NoticeKind::Remind]);
    assert_eq!(preparing.due(at(902)).look_again, Some(at(3602)));
    assert_eq!(preparing.due(at(3602)).step, Step::Cancel);
    assert_eq!(family.ready().due(at(1803)).step, Step::Uncollect);
}

#[test]
fn a_held_order_that_is_cancelled_owes_nothing_and_is_closed_at_once() {
    let family = Family::new();
    let mut order = family.order(Some(at(900)));
    let cancel = Command::Cancel { reason: String::new() };
    give(&mut order, &cancel, family.actor(family.customer), 5).unwrap();
    assert_eq!(order.revision, 0);
    assert!(order.is_closed());
}

#[test]
fn a_held_order_is_placed_at_that_days_prices() {
    let family = Family::new();
    let mut order = family.order(Some(at(900)));
    let mut dearer = wish("flat-white", family.customer);
    dearer.drink.price = Beans::new(9);
    give(&mut order, &Command::ComeDue { wishes: vec![dearer] }, Actor::System, 900).unwrap();
    assert_eq!((order.state.kind(), order.owed()), (StateKind::Placed, Beans::new(9)));
    assert_eq!((order.revision, order.deadline), (1, Some(at(1020))));
}

#[test]
fn uncollected_may_be_picked_up_the_same_day_and_forgiven() {
    let family = Family::new();
    let mut order = family.ready();
    give(&mut order, &Command::Uncollect { pick_up_until: at(9000) }, Actor::System, 1803).unwrap();
    assert!(order.is_closed(), "it owes what it owed");
    let late = order.decide(
        &Command::PickUp,
        &family.actor(family.customer),
        0,
        at(9001),
        &Waits::default(),
    );
    assert_eq!(late, Err(Rejection::TooLate));
    give(&mut order, &Command::PickUp, family.actor(family.customer), 9000).unwrap();
    assert_eq!(order.state.kind(), StateKind::Completed);
    let barista = family.actor(family.barista);
    assert_eq!(give(&mut order, &Command::Forgive, &barista, 9100), Err(Rejection::NotAllowed));
    give(&mut order, &Command::Forgive, family.actor(family.admin), 9100).unwrap();
    assert_eq!((order.owed(), order.revision), (Beans::ZERO, 2));
    assert!(!order.is_closed());
}

#[test]
fn a_rejected_order_tells_its_customer_why() {
    let family = Family::new();
    let mut order = family.order(None);
    give(&mut order, &Command::Reject { because: Because::NotEnoughBeans }, Actor::System, 1)
        .unwrap();
    assert_eq!((order.owed(), order.revision), (Beans::ZERO, 2));
    let notice = order.notice(NoticeKind::Rejected).unwrap();
    assert_eq!(notice.members, [family.customer]);
    assert_eq!(notice.reason.as_deref(), Some(Because::NotEnoughBeans.text()));
    assert_eq!(order.notice(NoticeKind::Ready), None);
}

#[test]
fn ready_is_told_to_who_ordered_and_for_whom_it_is() {
    let family = Family::new();
    let notice = family.ready().notice(NoticeKind::Ready).unwrap();
    assert_eq!(notice.members, [family.customer, family.stranger]);
}

#[test]
fn each_pair_of_state_and_command_is_in_the_table_once() {
    let rows = table::table();
    assert_eq!(rows.len(), StateKind::ALL.len() * CommandKind::all().count());
    let markdown = table::markdown();
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| **")).count(), 22);
    let find = |state, command| {
        rows.iter().find(|row| row.state == state && row.command == command).unwrap()
    };
    use table::Then;
    let accept = find(StateKind::Queued, CommandKind::Accept);
    assert_eq!((accept.then, &accept.by[..]), (Then::Enters(StateKind::Preparing), &["B"][..]));
    let amend = find(StateKind::Queued, CommandKind::Amend);
    assert_eq!((amend.then, &amend.by[..]), (Then::Enters(StateKind::Placed), &["C"][..]));
    let recall = find(StateKind::Ready, CommandKind::Recall);
    assert_eq!(recall.then, Then::Enters(StateKind::Preparing));
    let expire = find(StateKind::Ready, CommandKind::Expire);
    assert_eq!(expire.then, Then::Refused("wrong-state"));
    println!("{markdown}");
}
