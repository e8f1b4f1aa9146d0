//! Bad days: the database goes away and comes back; Kafka gets what it missed.

use std::time::Duration;

use wire::order::v1 as pb;

use crate::house::{House, a, asking, code, on, until};

#[tokio::test]
async fn without_its_database_everything_is_unavailable_and_recovers_by_itself() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    house.line.cut();
    let refused = anna.ask_place(asking(vec![a("latte")])).await.unwrap_err();
    assert_eq!(refused.code.name(), "unavailable");
    assert!(refused.retry_after.unwrap() >= Duration::from_secs(1));
    assert_eq!(code(anna.get(&order.id).await), "unavailable");
    assert_eq!(code(barista.accept(on(&order)).await), "unavailable");
    assert_eq!(code(barista.ask_queue(pb::GetQueueRequest {}).await), "unavailable");
    until("not ready", async || (!house.runtime.health.is_ready()).then_some(())).await;

    house.line.mend();
    until("ready", async || house.runtime.health.is_ready().then_some(())).await;
    until("an order", async || anna.orders(vec![a("latte")]).await.ok()).await;
    barista.accept(on(&order)).await.unwrap();
    assert_eq!(house.customer.charged(&order.id), Some(3));
}

#[tokio::test]
async fn an_order_that_was_committed_but_not_answered_is_the_same_when_it_is_asked_for_again() {
    let house = House::open().await;
    let anna = house.member();
    let request = asking(vec![a("latte")]);
    house.line.lose_the_answer_to(&[&request.idempotency_key]);
    let committed_then_cut = async {
        house.line.until_said().await;
        let id: uuid::Uuid = until("committed", async || {
            let id = sqlx::query_scalar("select id from orders").fetch_optional(&house.pool);
            id.await.unwrap()
        })
        .await;
        house.line.cut();
        types::OrderId::from_uuid(id).to_string()
    };
    let (refused, id) = tokio::join!(anna.ask_place(request.clone()), committed_then_cut);
    assert_eq!(code(refused), "unavailable");
    house.line.mend();
    let again = until("placed", async || anna.ask_place(request.clone()).await.ok()).await;
    assert!(again.repeated_request);
    assert_eq!(again.order.unwrap().id, id);
}

#[tokio::test]
async fn orders_for_others_are_placed_while_customer_service_hangs() {
    let house = House::open().await;
    let (anna, bert, cora) = (house.member(), house.member(), house.member());
    house.hear_of_everybody().await;
    house.customer.books().silent = true;
    let latte_for = |id: types::MemberId| pb::ItemRequest {
        recipient: Some(pb::item_request::Recipient::MemberId(id.to_string())),
        ..a("latte")
    };
    let items = vec![latte_for(bert.id), latte_for(cora.id)];
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(items) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    assert_eq!(order.state(), pb::OrderState::Placed);
    // Asked once for both.
    let asked = house.customer.calls_of("ListMembers");
    assert!(asked.len() == 1, "{asked:?}");
    assert!(asked[0].deadline.unwrap() <= Duration::from_secs(1), "{asked:?}");
    house.customer.books().silent = false;
}

#[tokio::test]
async fn kafka_gets_every_event_once_it_is_there_in_order_per_order() {
    use prost::Message as _;
    use rdkafka::{
        ClientConfig, Message as _, TopicPartitionList,
        consumer::{Consumer as _, StreamConsumer},
        message::Headers as _,
    };
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    // Before anybody delivers.
    let mut ids = Vec::new();
    for _ in 0..3 {
        let order = anna.orders_a_flat_white().await;
        barista.ready(on(&order)).await.unwrap();
        anna.pick_up(on(&order)).await.unwrap();
        ids.push(order.id);
    }
    let topics = test_kit::Topics::create("orders").await.unwrap();
    let brokers = test_kit::engines().kafka_brokers;
    house.service.deliver_to_kafka(
        &house.runtime,
        outbox::kafka::Config {
            brokers: brokers.clone(),
            topic: topics.orders().to_owned(),
            dead_letters: topics.dead_letters().to_owned(),
        },
    );
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", "test")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topics.orders()), Duration::from_secs(10)).unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        partitions
            .add_partition_offset(topics.orders(), partition.id(), rdkafka::Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut seen: Vec<(String, u64, String)> = Vec::new();
    while seen.len() < 12 {
        let message = tokio::time::timeout(crate::house::PATIENCE, consumer.recv()).await;
        let message = message.expect("Kafka is silent").unwrap();
        let event = wire::events::v1::OrderEvent::decode(message.payload().unwrap()).unwrap();
        assert_eq!(message.key().unwrap(), event.order_id.as_bytes());
        let header = |name: &str| {
            let headers = message.headers().unwrap();
            let found = headers.iter().find(|header| header.key == name);
            found.map(|header| String::from_utf8(header.value.unwrap().to_vec()).unwrap())
        };
        assert_eq!(header("event-id").unwrap(), event.event_id);
        assert!(header("traceparent").unwrap().starts_with("00-"));
        seen.push((event.order_id, event.version, header("event-type").unwrap()));
    }
    for id in ids {
        let of_it: Vec<_> = seen
            .iter()
            .filter(|(order, ..)| *order == id)
            .map(|(_, v, k)| (*v, k.as_str()))
            .collect();
        assert_eq!(of_it, [(1, "placed"), (2, "queued"), (3, "ready"), (4, "completed")]);
    }
}
