use prost::Message;
use rdkafka::{
    ClientConfig, Message as _,
    consumer::{Consumer, StreamConsumer},
};
use types::{OrderId, Role};
use wire::events::v1::{CustomerEvent, customer_event::What};

use crate::house::{House, Setup, With};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_who_join_and_beans_that_are_booked_are_told_in_order_without_names() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let mia = house.member("Mia", 20, [Role::Member]).await;
    let order = OrderId::new();
    house.settle(order, mia, 1, 7).await.unwrap();
    house.settle(order, mia, 2, 0).await.unwrap();

    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", test_kit::engines().kafka_brokers)
        .set("group.id", "test")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&[house.topics.as_ref().unwrap().customers()]).unwrap();
    let mut told = vec![];
    for version in 1..=4 {
        let next = tokio::time::timeout(std::time::Duration::from_secs(30), consumer.recv());
        let message = next.await.expect("an event in time").unwrap();
        let payload = message.payload().unwrap();
        assert!(!payload.windows(3).any(|window| window == b"Mia"));
        let event = CustomerEvent::decode(payload).unwrap();
        assert_eq!(message.key(), Some(mia.to_string().as_bytes()));
        assert_eq!((event.member_id, event.version), (mia.to_string(), version));
        told.push(match event.what.unwrap() {
            What::MemberJoined(_) => "joined".to_owned(),
            What::MemberChanged(changed) => format!("changed {}", changed.roles.join(" ")),
            What::MemberLeft(_) => "left".to_owned(),
            What::BeansBooked(booked) => format!("{} {}", booked.kind, booked.beans),
        });
    }
    assert_eq!(told, ["joined", "opening 20", "order -7", "order 7"]);
    house.stop().await;
}
