//! Orders are found in Temporal by state and number.

use futures::TryStreamExt as _;
use wire::order::v1::{self as pb, OrderState};

use super::{Managed, WAITS};
use crate::{
    house::{Temporal, on, until},
    workflow::replay::record,
};

impl Managed {
    /// Waits until a search finds this order and no other.
    async fn until_found(&self, order: &pb::Order, state: &str) {
        let query = format!("OrderState = '{state}' AND OrderNumber = {}", order.number);
        until(&format!("found as {state}"), async || {
            let found = self.client.list_workflows(query.clone(), Default::default());
            let found: Vec<_> = found.try_collect().await.ok()?;
            let ids: Vec<_> = found.iter().map(|run| run.id().to_owned()).collect();
            (ids == [order.id.clone()]).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_by_its_number_and_the_state_it_is_in() {
    let it = Managed::open(WAITS).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    let other = anna.orders_a_flat_white().await;
    it.until_found(&order, "queued").await;
    bert.accept(on(&order)).await.unwrap();
    it.until_found(&order, "preparing").await;
    it.until_found(&other, "queued").await;
    bert.ready(on(&order)).await.unwrap();
    anna.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 3).await;
    it.until_found(&order, "completed").await;
    record(&it, "found", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_does_not_know_the_labels_learns_them() {
    // Nobody has made it yet: the service does, and it is as bare as can be.
    let namespace = format!("test-bare-{}", uuid::Uuid::now_v7());
    let temporal = Temporal::at(test_kit::engines().temporal_url, namespace);
    let it = Managed::on(temporal, WAITS).await;
    let order = it.house.member().orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    // Once it knows them, the next look carries them.
    until("found", async || {
        it.signal(&order.id).await;
        let query = format!("OrderState = 'queued' AND OrderNumber = {}", order.number);
        let found = it.client.list_workflows(query, Default::default());
        let found: Vec<_> = found.try_collect().await.ok()?;
        (found.len() == 1).then_some(())
    })
    .await;
}
