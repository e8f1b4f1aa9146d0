//! Visitors with a guest pass: they order for themselves, and their host answers
//! for them.

use types::{Role, Roles, Scope};
use wire::{
    customer::v1 as customer_pb,
    order::v1::{self as pb, OrderState, item_request::Recipient},
};

use crate::house::{House, Person, a, asking, code, named, on};

/// A guest of this host.
fn guest(house: &House, host: &Person) -> Person {
    let guest = house.person_within(Roles::from([Role::Member]), Scope::Guest);
    let diner = customer_pb::Diner {
        member_id: guest.id.to_string(),
        kind: customer_pb::MemberKind::Guest.into(),
        guardian_ids: vec![host.id.to_string()],
        ..customer_pb::Diner::default()
    };
    house.customer.books().diners.insert(guest.id.to_string(), diner);
    guest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_orders_at_once_and_the_host_sees_it_and_nobody_else() {
    let house = House::open().await;
    let (mia, ben) = (house.member(), house.member());
    let leo = guest(&house, &mia);
    let order = leo.orders_a_flat_white().await;
    assert_eq!(house.customer.books().asked[0].member_id, leo.id.to_string());
    assert_eq!(leo.get(&order.id).await.unwrap().state(), OrderState::Queued);
    assert_eq!(mia.get(&order.id).await.unwrap().placed_by, leo.id.to_string());
    let of_leo = pb::ListOrdersRequest { member_id: leo.id.to_string(), ..Default::default() };
    assert_eq!(mia.ask_list(of_leo.clone()).await.unwrap().orders.len(), 1);
    assert_eq!(code(ben.get(&order.id).await), "not-found");
    assert_eq!(code(ben.ask_list(of_leo).await), "forbidden");
    // What is Mia's is not her guest's.
    let mias = mia.orders_a_flat_white().await;
    assert_eq!(code(leo.get(&mias.id).await), "not-found");
    let of_mia = pb::ListOrdersRequest { member_id: mia.id.to_string(), ..Default::default() };
    assert_eq!(code(leo.ask_list(of_mia).await), "forbidden");
    leo.cancel(on(&order)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_orders_for_nobody_else_and_does_no_other_work() {
    let house = House::open().await;
    let mia = house.member();
    let leo = guest(&house, &mia);
    let others = [Recipient::MemberId(mia.id.to_string()), Recipient::Guest("Zoe".to_owned())];
    for recipient in others {
        let item = pb::ItemRequest { recipient: Some(recipient), ..a("espresso") };
        let refused = leo.orders(vec![a("espresso"), item.clone()]).await.unwrap_err();
        assert_eq!(
            (&*refused.fields[0].path, &*refused.fields[0].code),
            ("items[1].member_id", "for-oneself")
        );
        let own = leo.orders(vec![a("espresso")]).await.unwrap();
        let amend = pb::AmendOrderRequest { id: own.id.clone(), version: 0, items: vec![item] };
        assert_eq!(named(leo.amend(amend).await).0, "invalid-request");
    }
    let of_mia = pb::GetMenuRequest { member_id: mia.id.to_string() };
    assert_eq!(code(leo.ask_menu(of_mia).await), "invalid-request");
    let usual = pb::OrderFavouriteRequest::default();
    assert_eq!(code(leo.order_favourite(usual).await), "forbidden");
    assert_eq!(code(leo.ask_queue(pb::GetQueueRequest {}).await), "forbidden");
    let own = pb::ItemRequest {
        recipient: Some(Recipient::MemberId(leo.id.to_string())),
        ..a("espresso")
    };
    leo.ask_place(asking(vec![own])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stands_at_a_kiosk_orders_for_themselves() {
    let house = House::open().await;
    let mia = house.member();
    let dan = house.person_within(Roles::from([Role::Member]), Scope::Kiosk);
    dan.orders(vec![a("peppermint-tea")]).await.unwrap();
    for recipient in [Recipient::MemberId(mia.id.to_string()), Recipient::Guest("Bob".to_owned())] {
        let item = pb::ItemRequest { recipient: Some(recipient), ..a("espresso") };
        let refused = dan.orders(vec![item]).await.unwrap_err();
        assert_eq!(&*refused.fields[0].code, "for-oneself");
    }
}
