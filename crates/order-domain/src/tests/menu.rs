//! The menu, the bar and the estimate.

use std::time::Duration;

use types::{Beans, MemberId};

use super::helpers::{at, menu, request};
use crate::{
    Bar, BarShut, Drink, DrinkRequest, Otherwise, Recipient, Sample, Wish, check_as_agreed,
    estimate, limits, parse_hold, parse_wishes,
};

fn codes(request: &DrinkRequest) -> Vec<(String, &'static str)> {
    let faults = Wish::parse(&menu(), request, MemberId::new(), at(0)).unwrap_err();
    faults.into_iter().map(|fault| (fault.path, fault.code)).collect()
}

#[test]
fn a_drink_costs_and_holds_what_its_choices_add_up_to() {
    let wanted = DrinkRequest {
        size: "large".to_owned(),
        milk: "oat".to_owned(),
        extras: vec!["cinnamon".to_owned(), "shot".to_owned()],
        ..request("flat-white")
    };
    let drink = Drink::parse(&menu(), &wanted, at(0)).unwrap();
    assert_eq!(drink.price, Beans::new(3 + 1 + 1 + 2));
    assert_eq!(drink.caffeine_mg, 195 + 65);
    assert_eq!(drink.allergens, ["oats"]);
    assert_eq!(drink.summary, "large, oat milk, extra shot, cinnamon");
    assert_eq!(drink.extras, ["shot", "cinnamon"], "in the menu's order");
}

#[test]
fn what_is_not_said_is_the_first_choice() {
    let drink = Drink::parse(&menu(), &request("flat-white"), at(0)).unwrap();
    assert_eq!((drink.size.as_str(), drink.milk.as_deref()), ("small", Some("whole")));
    let espresso = Drink::parse(&menu(), &request("espresso"), at(0)).unwrap();
    assert_eq!(espresso.milk, None);
}

#[test]
fn an_item_is_found_by_its_id_too() {
    let menu = menu();
    let id = menu.items[0].id.to_string();
    assert_eq!(Drink::parse(&menu, &request(&id), at(0)).unwrap().slug, "flat-white");
}

#[test]
fn every_wrong_field_is_named() {
    assert_eq!(codes(&request("tea")), [("menu_item".to_owned(), "unknown-menu-item")]);
    let wrong = DrinkRequest {
        size: "bucket".to_owned(),
        milk: "cement".to_owned(),
        extras: vec!["shot".to_owned(), "shot".to_owned(), "gold".to_owned()],
        note: "x".repeat(limits::NOTE + 1),
        recipient: Some(Recipient::Guest(" ".to_owned())),
        ..request("flat-white")
    };
    let expected = [
        ("size", "unknown-size"),
        ("milk", "unknown-milk"),
        ("extras[1]", "twice"),
        ("extras[2]", "unknown-extra"),
        ("note", "too-long"),
        ("guest", "required"),
    ];
    assert_eq!(codes(&wrong), expected.map(|(path, code)| (path.to_owned(), code)));
    let milk = DrinkRequest { milk: "oat".to_owned(), ..request("espresso") };
    assert_eq!(codes(&milk), [("milk".to_owned(), "unknown-milk")]);
    let bell = DrinkRequest { note: "\u{7}".to_owned(), ..request("espresso") };
    assert_eq!(codes(&bell), [("note".to_owned(), "unreadable")]);
    let many = DrinkRequest { extras: vec!["shot".to_owned(); 7], ..request("flat-white") };
    assert_eq!(codes(&many)[0], ("extras".to_owned(), "too-many"));
}

#[test]
fn what_is_off_cannot_be_ordered_until_it_is_back() {
    let mut menu = menu();
    menu.take_off("oat", at(100));
    let oat = DrinkRequest { milk: "oat".to_owned(), ..request("flat-white") };
    let faults = Drink::parse(&menu, &oat, at(99)).unwrap_err();
    assert_eq!((faults[0].path.as_str(), faults[0].code), ("milk", "sold-out"));
    assert!(Drink::parse(&menu, &request("flat-white"), at(99)).is_ok());
    assert!(Drink::parse(&menu, &oat, at(100)).is_ok());
    menu.take_off("flat-white", at(200));
    assert!(Drink::parse(&menu, &oat, at(150)).is_err());
    menu.put_back("flat-white");
    assert!(Drink::parse(&menu, &oat, at(150)).is_ok());
}

#[test]
fn an_order_holds_one_to_twelve_items() {
    let parse =
        |count| parse_wishes(&menu(), &vec![request("espresso"); count], MemberId::new(), at(0));
    assert_eq!(parse(0).unwrap_err()[0].code, "required");
    assert_eq!(parse(12).unwrap().len(), 12);
    assert_eq!(parse(13).unwrap_err()[0].code, "too-many");
    let requests = [request("espresso"), request("tea")];
    let faults = parse_wishes(&menu(), &requests, MemberId::new(), at(0)).unwrap_err();
    assert_eq!(faults[0].path, "items[1].menu_item");
}

#[test]
fn asking_for_the_same_again_gives_the_same() {
    let menu = menu();
    let wanted = DrinkRequest {
        extras: vec!["shot".to_owned()],
        note: "hot".to_owned(),
        recipient: Some(Recipient::Guest("Oma".to_owned())),
        ..request("flat-white")
    };
    let wish = Wish::parse(&menu, &wanted, MemberId::new(), at(0)).unwrap();
    assert_eq!(Wish::parse(&menu, &wish.request(), MemberId::new(), at(0)), Ok(wish));
}

#[test]
fn what_is_asked_for_again_is_the_same_or_is_said_to_be_otherwise() {
    let mut menu = menu();
    let oat =
        DrinkRequest { size: "small".to_owned(), milk: "oat".to_owned(), ..request("flat-white") };
    let again = |menu: &crate::Menu, request: &DrinkRequest, agreed| {
        let requests = std::slice::from_ref(request);
        let wishes = parse_wishes(menu, requests, MemberId::new(), at(0));
        let wishes = wishes.map_err(|wrong| Otherwise::of(&wrong).unwrap())?;
        check_as_agreed(&wishes, requests, Beans::new(agreed))
    };
    assert_eq!(again(&menu, &oat, 4), Ok(()));
    let dearer = Otherwise::Price { was: Beans::new(3), now: Beans::new(4) };
    assert_eq!(again(&menu, &oat, 3), Err(dearer.clone()));
    assert_eq!(dearer.to_string(), "it costs 4 now, and not 3");
    // No milk was named when there was none to choose.
    let plain = DrinkRequest { milk: String::new(), ..oat.clone() };
    assert!(matches!(again(&menu, &plain, 3), Err(Otherwise::Choices(_))));
    menu.take_off("oat", at(100));
    assert!(matches!(again(&menu, &oat, 4), Err(Otherwise::SoldOut(_))));
    menu.items[0].milks.retain(|milk| milk.slug != "oat");
    assert!(matches!(again(&menu, &oat, 4), Err(Otherwise::Choices(_))));
    assert_eq!(again(&menu, &request("tea"), 4), Err(Otherwise::NotOnTheMenu));
    // What was never about the menu is somebody's own mistake.
    let noisy = DrinkRequest { note: "x".repeat(limits::NOTE + 1), ..request("espresso") };
    let wrong = parse_wishes(&menu, &[noisy], MemberId::new(), at(0)).unwrap_err();
    assert_eq!(Otherwise::of(&wrong), None);
}

#[test]
fn an_order_is_held_for_a_week_at_most() {
    assert_eq!(parse_hold(Some(at(5)), at(5)), Ok(None));
    assert_eq!(parse_hold(Some(at(6)), at(5)), Ok(Some(at(6))));
    assert_eq!(parse_hold(Some(at(8 * 86_400)), at(5)).unwrap_err().path, "not_before");
}

#[test]
fn a_pause_is_over_when_its_time_has_passed() {
    let paused = Bar::Paused { until: Some(at(10)) };
    assert_eq!(paused.accepts(at(9)), Err(BarShut::Paused { until: Some(at(10)) }));
    assert_eq!(paused.accepts(at(10)), Ok(()));
    assert_eq!(Bar::Closed { until: None }.accepts(at(10)), Err(BarShut::Closed { until: None }));
}

#[test]
fn an_estimate_is_learned_or_not_given() {
    let sample = |items, waited, made| Sample {
        items,
        waited: Duration::from_secs(waited),
        made_in: Duration::from_secs(made),
    };
    let past = [sample(1, 30, 120), sample(2, 20, 240), sample(1, 4000, 9000)];
    assert_eq!(estimate(&past[..2], 1, 0, 1), None);
    assert_eq!(estimate(&past, 1, 0, 1), Some(Duration::from_secs(30 + 120)));
    assert_eq!(estimate(&past, 2, 4, 2), Some(Duration::from_secs(240 + 240)));
}
