//! Children's limits, what must not be in a cup, and what a guardian says.

use chrono::NaiveTime;
use proptest::{collection::vec, prelude::*};
use types::MemberId;

use super::helpers::{Family, at, give, menu, request, wish};
use crate::{
    Actor, Age, Bite, Command, DayLimits, Diet, Diner, Drink, Had, NoticeKind, Order, Outcome,
    Rejection, State, StateKind, Step, Waits, Within, check_diets, in_words,
};

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

fn drink(slug: &str) -> Drink {
    Drink::parse(&menu(), &request(slug), at(0)).unwrap()
}

fn says(limits: &DayLimits, had: Had, slug: &str, at: NaiveTime) -> Option<String> {
    limits.check(had, [&drink(slug)], at).first().map(|(_, bite)| bite.to_string())
}

#[test]
fn each_limit_says_kindly_what_it_leaves() {
    let none = Had::default();
    let free = DayLimits::default();
    assert_eq!(says(&free, Had { drinks: 40, caffeine_mg: 4_000 }, "espresso", hour(23)), None);

    let two = DayLimits { drinks: Some(2), ..DayLimits::default() };
    assert_eq!(says(&two, Had { drinks: 1, ..none }, "espresso", hour(9)), None);
    let text = says(&two, Had { drinks: 2, ..none }, "espresso", hour(9)).unwrap();
    assert_eq!(text, "2 drinks a day are allowed, and there were 2 today");

    let little = DayLimits { caffeine_mg: Some(80), ..DayLimits::default() };
    assert_eq!(says(&little, none, "espresso", hour(9)), None);
    let text = says(&little, Had { drinks: 1, caffeine_mg: 65 }, "espresso", hour(9)).unwrap();
    let left = "80 mg of caffeine a day are allowed; 15 mg are left today, and this has 65 mg";
    assert_eq!(text, left);

    let early = DayLimits { decaf_after: Some(hour(15)), ..DayLimits::default() };
    assert_eq!(says(&early, none, "espresso", hour(14)), None);
    let text = says(&early, none, "espresso", hour(15)).unwrap();
    assert_eq!(text, "after 15:00 only drinks without caffeine are allowed");

    let only = DayLimits { only: Some(["cocoa".to_owned()].into()), ..DayLimits::default() };
    let text = says(&only, none, "espresso", hour(9)).unwrap();
    assert_eq!(text, "espresso is not among what is allowed");
}

#[test]
fn what_is_eaten_is_no_drink() {
    let bite = Drink { bite: true, caffeine_mg: 0, ..drink("espresso") };
    let one = DayLimits { drinks: Some(1), ..DayLimits::default() };
    assert_eq!(one.check(Had::default(), [&bite, &drink("espresso"), &bite], hour(9)), []);
}

#[test]
fn drinks_of_one_order_count_together() {
    let one = DayLimits { drinks: Some(1), ..DayLimits::default() };
    let espresso = drink("espresso");
    let bites = one.check(Had::default(), [&espresso, &espresso], hour(9));
    assert_eq!(bites, [(1, Bite::Drinks { most: 1, had: 1 })]);
}

#[test]
fn something_else_is_offered_the_most_alike_first() {
    let mut menu = menu();
    let decaf = crate::Choice {
        slug: "decaf".to_owned(),
        name: "Decaf".to_owned(),
        price: types::Beans::ZERO,
        caffeine_mg: -1_000,
        allergens: vec![],
    };
    menu.items[0].extras.push(decaf);
    let limits = DayLimits { caffeine_mg: Some(100), ..DayLimits::default() };
    let diet = Diet { avoids: ["milk".to_owned()].into(), vegan: false };
    let within =
        Within { limits: &limits, diet: &diet, had: Had::default(), at: hour(9), now: at(0) };
    let oat = crate::DrinkRequest { milk: "oat".to_owned(), ..request("flat-white") };
    let wanted = Drink::parse(&menu, &oat, at(0)).unwrap();
    let offers = within.offers(&menu, &wanted);
    let words: Vec<String> = offers.iter().map(in_words).collect();
    assert_eq!(words, ["flat white (small, oat milk, decaf)", "espresso (small)"]);
    // Nothing is offered that the limit would refuse again.
    let full = Within { had: Had { drinks: 0, caffeine_mg: 100 }, ..within };
    let words: Vec<String> = full.offers(&menu, &wanted).iter().map(in_words).collect();
    assert_eq!(words, ["flat white (small, oat milk, decaf)"]);
}

#[test]
fn what_must_not_be_in_a_cup_is_named_by_its_field() {
    let mia = MemberId::new();
    let diner = |diet: Diet| Diner { diet, ..Diner::adult(mia) };
    let no_milk = diner(Diet { avoids: ["milk".to_owned()].into(), vegan: false });
    let vegan = diner(Diet { vegan: true, ..Diet::default() });
    let wishes = [wish("espresso", mia), wish("flat-white", mia)];
    for diner in [&no_milk, &vegan] {
        let wrong = check_diets(&menu(), &wishes, |member| (member == mia).then_some(diner));
        let fields: Vec<_> = wrong.iter().map(|it| (it.path.as_str(), it.code)).collect();
        assert_eq!(fields, [("items[1].milk", "holds-allergen")]);
        assert_eq!(wrong[0].message, "Whole milk holds milk, which must not be in it");
    }
    let other = [wish("flat-white", MemberId::new())];
    assert_eq!(check_diets(&menu(), &other, |it| (it == mia).then_some(&no_milk)), []);
    assert_eq!(no_milk.diet.warnings(), ["no milk"]);
    assert_eq!(vegan.diet.warnings(), ["vegan"]);
}

#[test]
fn the_menu_offers_nothing_that_must_not_be() {
    let dan = MemberId::new();
    let only = DayLimits { only: Some(["flat-white".to_owned()].into()), ..DayLimits::default() };
    let diner = Diner {
        member: dan,
        age: Age::Child { guardians: vec![MemberId::new()], limits: only },
        diet: Diet { avoids: ["milk".to_owned()].into(), vegan: false },
    };
    let menu = menu();
    let offered = menu.for_diner(&diner);
    let slugs: Vec<_> = offered.items.iter().map(|item| item.slug.as_str()).collect();
    assert_eq!(slugs, ["flat-white"]);
    let milks: Vec<_> = offered.items[0].milks.iter().map(|milk| milk.slug.as_str()).collect();
    assert_eq!(milks, ["oat"]);
    assert_eq!(menu.for_diner(&Diner::adult(dan)), menu);
}

#[test]
fn a_guardian_says_yes_and_it_goes_on() {
    let family = Family::new();
    let mut order = family.asking(None);
    assert_eq!(order.due(at(1)).notices, [NoticeKind::Approval]);
    let notice = order.notice(NoticeKind::Approval).unwrap();
    assert_eq!(notice.members, [family.guardian]);
    assert_eq!(notice.reason.as_deref(), Some("2 drinks a day are allowed"));
    let yes = Command::Approve { wishes: order.live_wishes() };
    for other in [family.customer, family.stranger, family.barista] {
        let refused = give(&mut order, &yes, family.actor(other), 1);
        assert_eq!(refused, Err(Rejection::NotGuardian));
    }
    give(&mut order, &yes, family.actor(family.guardian), 2).unwrap();
    assert_eq!(order.state, State::Placed);
    assert_eq!(order.approved_by, Some(family.guardian));
    assert!(!order.is_settled());
    let again = give(&mut order, &yes, family.actor(family.guardian), 3);
    assert_eq!(again, Ok(Outcome::AlreadySo));
}

#[test]
fn what_is_for_later_waits_for_its_time_after_the_yes() {
    let family = Family::new();
    let mut order = family.asking(Some(at(600)));
    // Nobody is waited for longer than until it is to be made.
    assert_eq!(order.deadline, Some(at(600)));
    let yes = Command::Approve { wishes: order.live_wishes() };
    give(&mut order, &yes, family.actor(family.guardian), 60).unwrap();
    assert_eq!(order.state, State::Held { until: at(600), approval: None });
    assert_eq!(order.due(at(600)).step, Step::ComeDue);
}

#[test]
fn a_guardian_says_no_with_or_without_a_reason() {
    let family = Family::new();
    for reason in ["", "it is late"] {
        let mut order = family.asking(None);
        let no = Command::Refuse { reason: reason.to_owned() };
        assert_eq!(
            give(&mut order, &no, family.actor(family.customer), 1),
            Err(Rejection::NotGuardian)
        );
        give(&mut order, &no, family.actor(family.guardian), 2).unwrap();
        assert_eq!(order.state.kind(), StateKind::Declined);
        assert_eq!(order.reason().unwrap_or_default(), reason);
        assert_eq!(order.due(at(3)).notices, [NoticeKind::Declined]);
    }
}

#[test]
fn without_an_answer_it_is_declined_and_never_placed() {
    let family = Family::new();
    let mut order = family.asking(None);
    let come_due = Command::ComeDue { wishes: order.live_wishes() };
    assert!(give(&mut order, &come_due, Actor::System, 1).is_err());
    let deadline = at(0) + Waits::default().approval;
    assert_eq!(order.due(at(60)).step, Step::Wait);
    assert_eq!(order.due(at(60)).look_again, Some(deadline));
    let due = order.due(deadline);
    assert_eq!(due.step, Step::NotApproved);
    let command = due.step.command(&order, deadline).unwrap();
    give(&mut order, &command, Actor::System, 7_200).unwrap();
    assert_eq!(order.state.kind(), StateKind::Declined);
    assert!(order.is_closed());
}

#[test]
fn warnings_are_read_before_anything_is_made_and_again_when_they_change() {
    let family = Family::new();
    let bert = || family.actor(family.barista);
    let mut order = family.queued();
    assert!(give(&mut order.clone(), &Command::Acknowledge, bert(), 2).is_err());
    order.items[0].warnings = vec!["no nuts".to_owned()];
    for command in [Command::Accept, Command::Ready] {
        assert_eq!(give(&mut order, &command, bert(), 2), Err(Rejection::WarningsUnread));
    }
    let customer = give(&mut order, &Command::Acknowledge, family.actor(family.customer), 2);
    assert_eq!(customer, Err(Rejection::NotAllowed));
    give(&mut order, &Command::Acknowledge, bert(), 3).unwrap();
    let read = order.acknowledged.unwrap();
    assert_eq!((read.by, read.at), (family.barista, at(3)));
    give(&mut order, &Command::Accept, bert(), 4).unwrap();
    // Something else instead, for somebody with a warning.
    let mut other = wish("espresso", family.customer);
    other.warnings = vec!["vegan".to_owned()];
    let replace = Command::Replace { line: 1, wish: other, reason: "no milk left".to_owned() };
    give(&mut order, &replace, bert(), 5).unwrap();
    assert_eq!(give(&mut order, &Command::Ready, bert(), 6), Err(Rejection::WarningsUnread));
    give(&mut order, &Command::Acknowledge, bert(), 7).unwrap();
    give(&mut order, &Command::Ready, bert(), 8).unwrap();
}

/// A child with a day's limits, and what is asked for it.
fn asked() -> impl Strategy<Value = (DayLimits, Vec<(bool, usize, u8)>)> {
    let limits = (prop::option::of(0..5_u32), prop::option::of(0..400_u32)).prop_map(
        |(drinks, caffeine_mg)| DayLimits { drinks, caffeine_mg, ..DayLimits::default() },
    );
    (limits, vec((any::<bool>(), 1..4_usize, 0..4_u8), 0..30))
}

proptest! {
    /// Whatever is placed, cancelled, declined or approved in whatever order: what a
    /// child has is never more than its limits, but for what a guardian said yes to.
    #[test]
    fn a_child_never_has_more_than_its_limits((limits, asks) in asked()) {
        let family = Family::new();
        let child = family.customer;
        let mut orders: Vec<Order> = Vec::new();
        let mut approved = Had::default();
        for (strong, count, then) in asks {
            let slug = if strong { "flat-white" } else { "espresso" };
            let wishes = vec![wish(slug, child); count];
            let drinks: Vec<&Drink> = wishes.iter().map(|wish| &wish.drink).collect();
            let bites = limits.check(Had::of(&orders, child), drinks.iter().copied(), hour(9));
            let mut order = if bites.is_empty() { family.order(None) } else { family.asking(None) };
            order.items.clear();
            let items = order.new_lines(&wishes).unwrap();
            order.items = items;
            match then {
                0 if !bites.is_empty() => {
                    let before = Had::of(&orders, child);
                    let yes = Command::Approve { wishes };
                    give(&mut order, &yes, family.actor(family.guardian), 1).unwrap();
                    let after = Had::of(orders.iter().chain([&order]), child);
                    approved.drinks += after.drinks - before.drinks;
                    approved.caffeine_mg += after.caffeine_mg - before.caffeine_mg;
                }
                1 => {
                    let cancel = Command::Cancel { reason: String::new() };
                    give(&mut order, &cancel, family.actor(child), 1).unwrap();
                }
                _ => {}
            }
            orders.push(order);
            let had = Had::of(&orders, child);
            let most = |limit: Option<u32>, more: u32| limit.map_or(u32::MAX, |most| most + more);
            prop_assert!(had.drinks <= most(limits.drinks, approved.drinks));
            prop_assert!(had.caffeine_mg <= most(limits.caffeine_mg, approved.caffeine_mg));
        }
    }

    #[test]
    fn whatever_is_offered_may_be_had(
        (limits, _) in asked(),
        drinks in 0..4_u32,
        caffeine_mg in 0..300_u32,
        vegan in any::<bool>(),
    ) {
        let (had, diet) = (Had { drinks, caffeine_mg }, Diet { vegan, ..Diet::default() });
        let within = Within { limits: &limits, diet: &diet, had, at: hour(9), now: at(0) };
        for offer in within.offers(&menu(), &drink("flat-white")) {
            prop_assert_eq!(limits.check(had, [&offer], hour(9)), []);
            prop_assert_eq!(diet.forbids(&offer.allergens), None);
        }
    }
}

#[test]
fn only_a_child_has_limits_and_guardians() {
    let (mia, dan) = (MemberId::new(), MemberId::new());
    let child = Diner {
        age: Age::Child { guardians: vec![mia], limits: DayLimits::default() },
        ..Diner::adult(dan)
    };
    assert!(child.is_child() && child.limits().is_some());
    assert_eq!(child.guardians(), [mia]);
    assert!(!Diner::adult(mia).is_child() && Diner::adult(mia).limits().is_none());
    // What was stored is what was meant.
    let stored = serde_json::to_string(&child).unwrap();
    assert_eq!(serde_json::from_str::<Diner>(&stored).unwrap(), child);
}
