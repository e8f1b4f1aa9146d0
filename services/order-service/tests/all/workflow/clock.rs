//! The real waits, on a server whose clock skips to the next timer. Its clock
//! is ahead of ours afterwards: one wait per test.

use std::time::Duration;

use temporalio_client::{grpc::TestService, tonic};
use temporalio_common::protos::temporal::api::testservice::v1::SleepRequest;
use wire::order::v1::OrderState;

use super::{Managed, WAITS};
use crate::{
    house::{Temporal, on},
    settling::until_closed,
};

struct Skipping {
    it: Managed,
    clock: Box<dyn TestService>,
    _server: test_kit::TimeSkipping,
}

impl Skipping {
    /// With the clock held, as the server starts: time passes as it does everywhere.
    async fn open() -> Self {
        let server = test_kit::TimeSkipping::start().await.unwrap();
        let temporal = Temporal::at(server.url(), "default");
        let it = Managed::on(temporal, WAITS).await;
        let clock = it.client.connection().test_service();
        Self { it, clock, _server: server }
    }

    /// So much time, as fast as it can.
    async fn let_pass(&mut self, minutes: u64) {
        let duration = Duration::from_secs(minutes * 60).try_into().unwrap();
        let sleep = tonic::Request::new(SleepRequest { duration: Some(duration) });
        self.clock.unlock_time_skipping_with_sleep(sleep).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_minutes_in_the_queue_it_expires() {
    let mut skipping = Skipping::open().await;
    let order = skipping.it.house.member().orders_a_flat_white().await;
    skipping.it.until_told(&order.id, &["queued"]).await;
    skipping.let_pass(6).await;
    until_closed(&skipping.it.house, &order.id).await;
    skipping.it.until_told(&order.id, &["queued", "expired"]).await;
    assert_eq!(skipping.it.state(&order.id).await, OrderState::Expired);
    assert_eq!(skipping.it.house.customer.charged(&order.id), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_fifteen_minutes_in_the_making_it_is_reminded_of_and_after_sixty_cancelled() {
    let mut skipping = Skipping::open().await;
    let (anna, bert) = (skipping.it.house.member(), skipping.it.house.barista());
    let order = anna.orders_a_flat_white().await;
    skipping.it.until_told(&order.id, &["queued"]).await;
    bert.accept(on(&order)).await.unwrap();
    skipping.let_pass(61).await;
    until_closed(&skipping.it.house, &order.id).await;
    skipping.it.until_told(&order.id, &["queued", "remind", "cancelled"]).await;
    assert_eq!(skipping.it.state(&order.id).await, OrderState::Cancelled);
    assert_eq!(skipping.it.house.customer.charged(&order.id), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_minutes_on_the_counter_it_is_uncollected_and_paid() {
    let mut skipping = Skipping::open().await;
    let (anna, bert) = (skipping.it.house.member(), skipping.it.house.barista());
    let order = anna.orders_a_flat_white().await;
    skipping.it.until_told(&order.id, &["queued"]).await;
    bert.ready(on(&order)).await.unwrap();
    skipping.it.until_told(&order.id, &["queued", "ready"]).await;
    skipping.let_pass(31).await;
    until_closed(&skipping.it.house, &order.id).await;
    skipping.it.until_told(&order.id, &["queued", "ready", "uncollected"]).await;
    assert_eq!(skipping.it.house.customer.charged(&order.id), Some(3));
}
