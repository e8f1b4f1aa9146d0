//! Everybody, straight at the port: who gets in is what the table says, and whose
//! order it is decides behind the door.

use runtime::Peer;
use test_kit::door::Door;
use wire::order::v1 as pb;

use crate::house::{House, Person, a, because, code, on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_in_where_the_table_says_and_nobody_else() {
    let house = House::open().await;
    let url = format!("http://{}", house.service.grpc);
    let (own, signer) = (Peer::OrderService, &house.signer);
    let (seed, device) = (crate::house::seed, types::DeviceId::new());
    let door = Door { url, own, seed, signer, device };
    door.walk("/everything.order.").await;
}

/// What somebody is answered who does this to an order; "" where it was done.
async fn does(who: &Person, what: &str, order: &pb::Order) -> String {
    let id = order.id.clone();
    let answer = match what {
        "look" => who.get(&id).await.map(|_| ()),
        "cancel" => who.cancel(because(order, "Only a try.")).await.map(|_| ()),
        "pick up" => who.pick_up(on(order)).await.map(|_| ()),
        "amend" => {
            let items = vec![a("latte")];
            who.amend(pb::AmendOrderRequest { id, version: 0, items }).await.map(|_| ())
        }
        "again" => {
            let idempotency_key = uuid::Uuid::now_v7().to_string();
            let request = pb::OrderAgainRequest {
                idempotency_key,
                order_id: id,
                ..pb::OrderAgainRequest::default()
            };
            who.order_again(request).await.map(|_| ())
        }
        _ => panic!("how is this done: {what}?"),
    };
    answer.map_or_else(|error| code::<()>(Err(error)), |()| String::new())
}

#[tokio::test]
async fn an_order_is_touched_by_whom_it_is_and_at_the_counter() {
    const NOT_THEIRS: [&str; 4] = ["not-found", "not-yours", "not-allowed", "forbidden"];
    let house = House::open().await;
    let (mia, ben, barista, admin) =
        (house.member(), house.member(), house.barista(), house.admin());
    for (what, at_counter) in
        [("look", true), ("amend", false), ("again", false), ("pick up", true), ("cancel", true)]
    {
        let order = || async {
            let order = mia.orders_a_flat_white().await;
            match what {
                "pick up" => barista.ready(on(&order)).await.unwrap().order.unwrap(),
                _ => order,
            }
        };
        assert_eq!(does(&mia, what, &order().await).await, "", "{what}");
        let refused = does(&ben, what, &order().await).await;
        assert!(NOT_THEIRS.contains(&refused.as_str()), "{what}: {refused:?}");
        for who in [&barista, &admin] {
            let answer = does(who, what, &order().await).await;
            if at_counter {
                assert_eq!(answer, "", "{what}");
            } else {
                assert!(NOT_THEIRS.contains(&answer.as_str()), "{what}: {answer:?}");
            }
        }
    }
    // What another ordered is listed for the counter, and for nobody else.
    let theirs = |who: &Person| {
        let member_id = mia.id.to_string();
        let request = pb::ListOrdersRequest { member_id, ..pb::ListOrdersRequest::default() };
        let who = who.clone();
        async move { who.ask_list(request).await.map(|_| ()) }
    };
    assert_eq!(code(theirs(&ben).await), "forbidden");
    for who in [&mia, &barista, &admin] {
        theirs(who).await.unwrap();
    }
}
