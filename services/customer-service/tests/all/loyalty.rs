//! Every tenth coffee is free.

use prost::Message;
use types::{MemberId, OrderId, Role};
use wire::{
    customer::v1::{self as pb, Settlement, customer_service_server::CustomerService},
    events::v1::{Item, OrderEvent},
};

use crate::{
    house::{House, Setup, by_person, unwrapped},
    topic::{completed, delivery, drink, take_in, uncollected},
};

const FAMILY: [Role; 1] = [Role::Member];
const AT: &str = "2026-11-22T08:00:00Z";

fn latte(member: MemberId, price_beans: i64) -> Item {
    Item { price_beans, ..drink("latte", Some(member), 63) }
}

/// An order that was paid and made.
async fn drunk(house: &House, payer: MemberId, items: Vec<Item>) -> OrderEvent {
    let order = OrderId::new();
    let owed = items.iter().map(|item| item.price_beans).sum();
    assert_eq!(house.settle(order, payer, 1, owed).await.unwrap().0, Settlement::Settled);
    completed(order, 6, AT, items)
}

async fn card(house: &House, member: MemberId) -> pb::StampCard {
    let request = by_person(member, FAMILY, pb::GetBalanceRequest::default());
    unwrapped(house.handlers.get_balance(request).await).unwrap().stamp_card.unwrap()
}

/// What came back: by cause, beans.
async fn rewards(house: &House, member: MemberId) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select cause, beans from ledger_entries
         where member_id = $1 and kind = 'reward' order by number",
    )
    .bind(member.uuid())
    .fetch_all(house.pool())
    .await
    .unwrap()
}

fn free(cause: &str, beans: i64) -> (String, i64) {
    (cause.to_owned(), beans)
}

#[tokio::test]
async fn the_tenth_coffee_comes_back_once_whatever_is_replayed_or_rebuilt() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 100, FAMILY).await;
    let mut events = vec![];
    for price in 1..=9 {
        events.push(drunk(&house, mia, vec![latte(mia, price)]).await);
    }
    take_in(&house, &events.iter().collect::<Vec<_>>()).await;
    assert_eq!(card(&house, mia).await, pb::StampCard { stamps: 9, of: 10, filled: 0 });
    assert_eq!((rewards(&house, mia).await, house.balance(mia).await), (vec![], 55));

    // The tenth is the second of its order, and the dearer one.
    events.push(drunk(&house, mia, vec![latte(mia, 4), latte(mia, 2)]).await);
    take_in(&house, &[&events[9]]).await;
    assert_eq!(rewards(&house, mia).await, [free("coffee-10", 4)]);
    assert_eq!(house.balance(mia).await, 53);
    assert_eq!(card(&house, mia).await, pb::StampCard { stamps: 1, of: 10, filled: 1 });

    let all: Vec<&OrderEvent> = events.iter().rev().collect();
    take_in(&house, &all).await;
    for _ in 0..2 {
        house.service.app.projections.rebuild().await.unwrap();
        assert_eq!(card(&house, mia).await.stamps, 0);
        for batch in all.chunks(3) {
            take_in(&house, batch).await;
        }
        assert_eq!(card(&house, mia).await, pb::StampCard { stamps: 1, of: 10, filled: 1 });
    }
    assert_eq!((rewards(&house, mia).await.len(), house.balance(mia).await), (1, 53));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn it_counts_for_whom_it_is_and_comes_back_to_them() {
    let house = House::start(Setup::default()).await;
    let (mia, ben) = (house.member("Mia", 0, FAMILY).await, house.member("Ben", 100, FAMILY).await);
    let guests = || Item { price_beans: 3, ..drink("latte", None, 63) };
    for _ in 0..5 {
        let event = drunk(&house, ben, vec![latte(mia, 3), guests(), latte(mia, 2)]).await;
        take_in(&house, &[&event]).await;
    }
    assert_eq!(rewards(&house, mia).await, [free("coffee-10", 2)]);
    assert_eq!(house.balance(mia).await, 2);
    assert_eq!((rewards(&house, ben).await, card(&house, ben).await.stamps), (vec![], 0));
    // Twenty at once: two cards.
    let event = drunk(&house, ben, (1..=20).map(|price| latte(mia, price % 3)).collect()).await;
    take_in(&house, &[&event]).await;
    let causes: Vec<String> =
        rewards(&house, mia).await.into_iter().map(|(cause, _)| cause).collect();
    assert_eq!(causes, ["coffee-10", "coffee-20", "coffee-30"]);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn where_nothing_was_paid_nothing_comes_back_and_no_rebuild_changes_that() {
    let house = House::start(Setup { free_bar: true, ..Setup::default() }).await;
    let ada = house.member("Ada", 0, [Role::Member, Role::Admin]).await;
    let mut events = vec![];
    for _ in 0..10 {
        events.push(drunk(&house, ada, vec![latte(ada, 3)]).await);
    }
    let all: Vec<&OrderEvent> = events.iter().collect();
    take_in(&house, &all).await;
    assert_eq!(card(&house, ada).await.filled, 1);
    let paid = pb::SetHouseRequest { floor_beans: -1000, ..pb::SetHouseRequest::default() };
    let paid = by_person(ada, [Role::Admin], paid);
    unwrapped(house.handlers.set_house(paid).await).unwrap();
    // Another arrival puts an order that was paid in the tenth's place.
    let later = drunk(&house, ada, vec![latte(ada, 5)]).await;
    house.service.app.projections.rebuild().await.unwrap();
    let mut mixed = all.clone();
    mixed.insert(9, &later);
    take_in(&house, &mixed).await;
    assert_eq!((rewards(&house, ada).await, house.balance(ada).await), (vec![], -5));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn an_order_that_is_told_twice_differently_counts_once_whichever_comes_first() {
    let house = House::start(Setup::default()).await;
    for newest_first in [false, true] {
        let mia = house.member("Mia", 100, FAMILY).await;
        let items = |count: usize| vec![latte(mia, 3); count];
        for _ in 0..9 {
            take_in(&house, &[&drunk(&house, mia, items(1)).await]).await;
        }
        let order = OrderId::new();
        house.settle(order, mia, 1, 6).await.unwrap();
        let mut told = [uncollected(order, 5, AT, items(2)), completed(order, 6, AT, items(1))];
        if newest_first {
            told.reverse();
        }
        take_in(&house, &[&told[0]]).await;
        take_in(&house, &[&told[1]]).await;
        assert_eq!(rewards(&house, mia).await, [free("coffee-10", 3)]);
        assert_eq!(card(&house, mia).await.stamps, 1);
    }
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn consumers_at_once_beside_gifts_reward_each_tenth_once() {
    let house = House::start(Setup::default()).await;
    let mut family = vec![];
    for name in ["Oma", "Mia", "Ben"] {
        family.push(house.member(name, 1000, FAMILY).await);
    }
    let mut events = vec![];
    for at in 0..60 {
        let items = vec![latte(family[at % 3], 3), latte(family[(at + 1) % 3], 3)];
        events.push(drunk(&house, family[at % 3], items).await);
    }
    let batch = |skip: usize, step: usize| -> Vec<_> {
        let some = events.iter().cycle().skip(skip).step_by(step).take(60);
        some.map(|event| delivery(0, event.encode_to_vec())).collect()
    };
    let projections = &house.service.app.projections;
    let batches = [batch(0, 1), batch(20, 7), batch(40, 11), batch(59, 13)];
    let consume = async |batch: &[_]| {
        for some in batch.chunks(6) {
            projections.take_in(some).await.unwrap();
        }
    };
    let gifts = async {
        for at in 0..20 {
            let request = pb::GiveBeansRequest {
                idempotency_key: format!("key-{at}"),
                member_id: family[(at + 2) % 3].to_string(),
                beans: 1,
                message: String::new(),
            };
            let request = by_person(family[at % 3], FAMILY, request);
            unwrapped(house.handlers.give_beans(request).await).unwrap();
        }
    };
    tokio::join!(
        consume(&batches[0]),
        consume(&batches[1]),
        consume(&batches[2]),
        consume(&batches[3]),
        gifts,
    );
    for member in family {
        // 40 drinks each.
        let causes: Vec<(String, i64)> =
            ["coffee-10", "coffee-20", "coffee-30", "coffee-40"].map(|cause| free(cause, 3)).into();
        assert_eq!(rewards(&house, member).await, causes);
        assert_eq!(card(&house, member).await, pb::StampCard { stamps: 0, of: 10, filled: 4 });
    }
    house.assert_ledger_adds_up().await;
    house.stop().await;
}
