//! What holds for every way an order can go.

use proptest::{collection::vec, prelude::*};
use types::{Beans, MemberId};

use super::helpers::{Family, at, wish};
use crate::{
    Actor, Approval, Because, Command, CommandKind, Order, Outcome, State, StateKind, Waits,
};

/// A command in outline: made whole with the family and the order at hand.
#[derive(Debug, Clone)]
struct Move {
    kind: CommandKind,
    giver: usize,
    line: u32,
    amount: i64,
    version: u64,
    seconds: i64,
}

fn a_move() -> impl Strategy<Value = Move> {
    let kinds: Vec<_> = CommandKind::all().collect();
    (prop::sample::select(kinds), 0..7_usize, 0..5_u32, 0..4_i64, 0..3_u64, 0..400_i64).prop_map(
        |(kind, giver, line, amount, version, seconds)| Move {
            kind,
            giver,
            line,
            amount,
            version,
            seconds,
        },
    )
}

fn actor(family: &Family, giver: usize) -> Actor {
    match family.everybody().get(giver) {
        Some(member) => family.actor(*member),
        None => Actor::System,
    }
}

fn command(family: &Family, order: &Order, wanted: &Move) -> Command {
    let slug = if wanted.amount % 2 == 0 { "espresso" } else { "flat-white" };
    let to: MemberId = family.everybody()[wanted.line as usize % 6];
    let reason = if wanted.amount == 3 { String::new() } else { "because".to_owned() };
    let line = wanted.line;
    let wishes = vec![wish(slug, to); wanted.amount as usize];
    match wanted.kind {
        CommandKind::Accept => Command::Accept,
        CommandKind::Ready => Command::Ready,
        CommandKind::Release => Command::Release,
        CommandKind::HandOver => Command::HandOver { to },
        CommandKind::Recall => Command::Recall,
        CommandKind::PickUp => Command::PickUp,
        CommandKind::Cancel => Command::Cancel { reason },
        CommandKind::Decline => Command::Decline { reason },
        CommandKind::Forgive => Command::Forgive,
        CommandKind::Amend => Command::Amend { wishes },
        CommandKind::Tick => Command::Tick { line, ticked: wanted.amount > 0 },
        CommandKind::Strike => Command::Strike { line, reason },
        CommandKind::Replace => Command::Replace { line, wish: wish(slug, to), reason },
        CommandKind::Approve => Command::Approve { wishes },
        CommandKind::Refuse => Command::Refuse { reason },
        CommandKind::Acknowledge => Command::Acknowledge,
        CommandKind::ComeDue => Command::ComeDue { wishes },
        CommandKind::Queue => Command::Queue { revision: order.revision - (wanted.amount / 3) },
        CommandKind::Reject => Command::Reject { because: Because::NotEnoughBeans },
        CommandKind::Expire => Command::Expire,
        CommandKind::Uncollect => Command::Uncollect { pick_up_until: at(2_000) },
        CommandKind::Settled => Command::Settled { revision: order.revision - wanted.amount / 2 },
    }
}

/// What an order owes, said again from its definition.
fn owed_by_definition(order: &Order) -> Beans {
    let price = order.items.iter().filter(|i| i.struck.is_none()).map(|i| i.drink.price).sum();
    let forgiven = order.forgiven_by.is_some();
    match order.state.kind() {
        StateKind::Placed | StateKind::Queued | StateKind::Preparing | StateKind::Ready => price,
        StateKind::Completed | StateKind::Uncollected if !forgiven => price,
        _ => Beans::ZERO,
    }
}

/// An order as it may begin: held or not, waiting for the guardian or not, with
/// warnings or not.
fn begun(family: &Family, held: bool, asks: bool, warned: bool) -> Order {
    let until = held.then(|| at(60));
    let mut order = if asks { family.asking(until) } else { family.order(until) };
    if warned {
        order.items[0].warnings = vec!["no nuts".to_owned()];
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_in_whatever_order(
        moves in vec(a_move(), 1..40),
        held in any::<bool>(),
        asks in any::<bool>(),
        warned in any::<bool>(),
    ) {
        let family = Family::new();
        let waits = Waits::default();
        let mut order = begun(&family, held, asks, warned);
        let mut lines: Vec<u32> = order.items.iter().map(|item| item.line).collect();
        let mut clock = 0;
        for wanted in &moves {
            clock += wanted.seconds;
            let now = at(clock);
            let actor = actor(&family, wanted.giver);
            let command = command(&family, &order, wanted);
            let expected = if wanted.version == 0 { 0 } else { order.version + wanted.version - 1 };
            let before = order.clone();
            let decision = order.decide(&command, &actor, expected, now, &waits);
            prop_assert_eq!(&order, &before, "deciding changes nothing");
            let Ok(Outcome::Changed(event)) = decision else { continue };

            prop_assert!(expected == 0 || expected == before.version);
            order.apply(&event);
            prop_assert_eq!(order.version, before.version + 1);
            prop_assert_eq!(event.version, order.version);

            // Finals stay final; only an uncollected order is still picked up.
            if before.is_final() && order.state.kind() != before.state.kind() {
                prop_assert_eq!(before.state.kind(), StateKind::Uncollected);
                prop_assert_eq!(order.state.kind(), StateKind::Completed);
            }
            // Owed is a function; its every change raises the revision, and nothing else does.
            prop_assert_eq!(order.owed(), owed_by_definition(&order));
            let placed =
                order.entered != before.entered && order.state.kind() == StateKind::Placed;
            let raised = placed || order.owed() != before.owed();
            prop_assert!(order.state.kind() != StateKind::Placed || !order.is_settled());
            prop_assert_eq!(order.revision, before.revision + i64::from(raised));
            prop_assert!(order.settled_revision <= order.revision);
            prop_assert!(order.settled_revision >= before.settled_revision);
            // Nothing is made before its warnings were read, nor without a guardian's yes.
            let made = matches!(event.kind(), "accepted" | "ready");
            prop_assert!(!made || !before.has_unread_warnings());
            if before.approval().is_some() && order.state.kind() == StateKind::Placed {
                let by = order.approved_by;
                prop_assert!(by == Some(family.guardian) || by == Some(family.admin));
            }
            // Only what is settled stands in the queue for the first time.
            if event.kind() == "queued" {
                prop_assert_eq!(order.settled_revision, order.revision);
            }
            // A line is one item for ever.
            for item in &order.items {
                let known = before.item(item.line).is_some();
                prop_assert!(known || !lines.contains(&item.line));
            }
            lines.extend(order.items.iter().map(|item| item.line));
            prop_assert!(order.live_items().count() > 0);
            // Somebody always looks after an order that is not closed.
            prop_assert_eq!(order.due_at().is_none(), order.is_closed());
            // What was stored is what was meant.
            let stored = serde_json::to_string(&order).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Order>(&stored).unwrap(), &order);

            // The same again, by the same giver, at the version it came from: so already.
            let again = order.decide(&command, &actor, expected, now, &waits);
            prop_assert_eq!(again, Ok(Outcome::AlreadySo));
        }
    }

    #[test]
    fn the_process_manager_alone_closes_every_order(
        moves in vec(a_move(), 0..15),
        held in any::<bool>(),
        asks in any::<bool>(),
    ) {
        let family = Family::new();
        let waits = Waits::default();
        let mut order = begun(&family, held, asks, false);
        let mut clock = 0;
        for wanted in &moves {
            clock += wanted.seconds / 20;
            let actor = actor(&family, wanted.giver);
            let command = command(&family, &order, wanted);
            if let Ok(Outcome::Changed(event)) = order.decide(&command, &actor, 0, at(clock), &waits) {
                order.apply(&event);
            }
        }
        // From here on nobody but the clock does anything.
        for _ in 0..20 {
            let due = order.due(at(clock));
            let Some(command) = due.step.command(&order, at(clock)) else {
                match due.look_again {
                    Some(at) => clock = at.timestamp(),
                    None => break,
                }
                continue;
            };
            let outcome = order.decide(&command, &Actor::System, due.version, at(clock), &waits);
            match outcome {
                Ok(Outcome::Changed(event)) => order.apply(&event),
                other => prop_assert!(false, "{command:?} of {due:?} came to {other:?}"),
            }
        }
        prop_assert!(order.is_closed(), "{:?}", order.state);
    }
}

/// Every state, reached by hand, with every command by everybody.
#[test]
fn every_state_answers_every_command_of_everybody() {
    let family = Family::new();
    let waits = Waits::default();
    let barista = family.barista;
    let approval = Approval {
        children: vec![family.customer],
        guardians: vec![family.guardian],
        why: String::new(),
        then_at: None,
    };
    let states = [
        State::Held { until: at(9), approval: None },
        State::Held { until: at(9), approval: Some(approval) },
        State::Placed,
        State::Queued,
        State::Preparing { barista },
        State::Ready { barista },
        State::Completed { barista },
        State::Rejected { because: Because::NotSettledInTime },
        State::Declined { by: crate::By::Member(barista), reason: "x".to_owned() },
        State::Cancelled { by: crate::By::System, reason: "x".to_owned() },
        State::Expired,
        State::Uncollected { barista, pick_up_until: at(9) },
    ];
    let mut asked = 0;
    for state in states {
        let mut order = family.order(None);
        order.state = state;
        for kind in CommandKind::all() {
            for giver in 0..7 {
                for (line, amount) in [(1, 1), (2, 0), (9, 3)] {
                    let wanted = Move { kind, giver, line, amount, version: 0, seconds: 0 };
                    let command = command(&family, &order, &wanted);
                    let decision = order.decide(&command, &actor(&family, giver), 0, at(5), &waits);
                    if let Ok(Outcome::Changed(event)) = &decision {
                        order.clone().apply(event);
                    }
                    if let Err(rejection) = decision {
                        assert!(!rejection.code().is_empty() && !rejection.to_string().is_empty());
                    }
                    asked += 1;
                }
            }
        }
        // What a reader is offered is what the table accepts of them.
        for member in family.everybody() {
            let reader = family.reader(member);
            let accepted: Vec<_> = CommandKind::PERSONAL
                .into_iter()
                .filter(|kind| {
                    (0..5_u32).any(|line| {
                        (0..4_i64).any(|amount| {
                            let wanted = Move {
                                kind: *kind,
                                giver: 0,
                                line,
                                amount,
                                version: 0,
                                seconds: 0,
                            };
                            let command = command(&family, &order, &wanted);
                            let actor = Actor::Person(reader.clone());
                            let decision = order.decide(&command, &actor, 0, at(5), &waits);
                            matches!(decision, Ok(Outcome::Changed(_)))
                        })
                    })
                })
                .collect();
            assert_eq!(order.allowed(&reader, at(5)), accepted, "{:?}", order.state);
        }
    }
    assert_eq!(asked, 12 * 22 * 7 * 3);
}
