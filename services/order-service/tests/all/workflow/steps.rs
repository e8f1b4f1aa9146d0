//! Each step failing, and being repeated.

use order_service::WaitSeconds;
use sqlx::AssertSqlSafe;
use wire::order::v1::{self as pb, OrderState};

use super::{Managed, WAITS};
use crate::{
    house::{a, asking, in_seconds, on, until},
    workflow::replay::record,
};

impl Managed {
    /// From now on the database refuses this kind of event, as one that fails over.
    async fn refuse(&self, kind: &str) {
        let statements = format!(
            "create sequence refused;
             create function refuse() returns trigger language plpgsql as $$
             begin
                 perform nextval('refused');
                 raise exception 'failing over' using errcode = '25006';
             end $$;
             create trigger refusing before insert on event_log
                 for each row when (new.kind = '{kind}') execute function refuse()"
        );
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&self.house.pool).await.unwrap();
    }

    /// Waits until it was tried in vain, and again, then lets it be.
    async fn allow_after_two_refusals(&self) {
        until("refused twice", async || {
            let refused = "select is_called and last_value > 1 from refused";
            let twice: bool =
                sqlx::query_scalar(refused).fetch_one(&self.house.pool).await.unwrap();
            twice.then_some(())
        })
        .await;
        let drop = "drop trigger refusing on event_log";
        sqlx::query(drop).execute(&self.house.pool).await.unwrap();
    }

    /// How often the workflow's looks failed, of all orders.
    fn failed_looks() -> u64 {
        let text = runtime::telemetry::metrics_text();
        let counts = text.lines().filter(|line| {
            line.starts_with("everything_workflow_steps_total")
                && line.contains(r#"step="look""#)
                && line.contains(r#"outcome="failed""#)
        });
        counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_waits_for_the_database_and_goes_on() {
    let it = Managed::open(WAITS).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    it.house.line.cut();
    let before = Managed::failed_looks();
    it.signal(&order.id).await;
    until("looked in vain", async || (Managed::failed_looks() > before + 1).then_some(())).await;
    it.house.line.mend();
    until("ready", async || bert.ready(on(&order)).await.ok()).await;
    it.until_told(&order.id, &["queued", "ready"]).await;
    until("picked up", async || anna.pick_up(on(&order)).await.ok()).await;
    it.until_over(&order.id, OrderState::Completed, 3).await;
    record(&it, "looked_in_vain", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn releasing_what_is_held_waits_for_the_database_and_goes_on() {
    let it = Managed::open(WAITS).await;
    it.refuse("placed").await;
    let due = Some(in_seconds(2));
    let request = pb::PlaceOrderRequest { not_before: due, ..asking(vec![a("cortado")]) };
    let order = it.house.member().ask_place(request).await.unwrap().order.unwrap();
    assert_eq!(order.state(), OrderState::Held);
    it.allow_after_two_refusals().await;
    it.until_told(&order.id, &["queued"]).await;
    let placed: i64 = sqlx::query_scalar("select count(*) from event_log where kind = 'placed'")
        .fetch_one(&it.house.pool)
        .await
        .unwrap();
    assert_eq!((placed, it.house.customer.charged(&order.id)), (1, Some(2)));
    it.house.barista().ready(on(&order)).await.unwrap();
    it.until_told(&order.id, &["queued", "ready"]).await;
    it.house.barista().pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 2).await;
    record(&it, "released_in_vain", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expiring_waits_for_the_database_and_goes_on() {
    let it = Managed::open(WaitSeconds { wait_queued: 3, ..WAITS }).await;
    it.refuse("expired").await;
    let order = it.house.member().orders_a_flat_white().await;
    it.allow_after_two_refusals().await;
    it.until_over(&order.id, OrderState::Expired, 0).await;
    record(&it, "expired_in_vain", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_waits_for_the_database_and_goes_on() {
    let waits = WaitSeconds { wait_preparing_remind: 2, wait_preparing: 4, ..WAITS };
    let it = Managed::open(waits).await;
    it.refuse("cancelled").await;
    let order = it.house.member().orders_a_flat_white().await;
    it.house.barista().accept(on(&order)).await.unwrap();
    it.allow_after_two_refusals().await;
    it.until_over(&order.id, OrderState::Cancelled, 0).await;
    record(&it, "cancelled_in_vain", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_go_what_nobody_fetched_waits_for_the_database_and_goes_on() {
    let it = Managed::open(WaitSeconds { wait_ready: 3, ..WAITS }).await;
    it.refuse("uncollected").await;
    let order = it.house.member().orders_a_flat_white().await;
    it.house.barista().ready(on(&order)).await.unwrap();
    it.allow_after_two_refusals().await;
    it.until_over(&order.id, OrderState::Uncollected, 3).await;
    record(&it, "uncollected_in_vain", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_waits_for_the_database_and_goes_on() {
    let it = Managed::open(WaitSeconds { wait_placed: 3, ..WAITS }).await;
    it.house.service.app.leave_settling_to_the_workflow();
    it.refuse("rejected").await;
    let anna = it.house.member();
    it.house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    it.allow_after_two_refusals().await;
    it.until_state(&order.id, OrderState::Rejected).await;
    it.house.customer.books().away = false;
    it.until_over(&order.id, OrderState::Rejected, 0).await;
    record(&it, "rejected_in_vain", &order.id).await;
}

/// Each is committed, and the workflow does not hear of it: it does it again.
#[tokio::test(flavor = "multi_thread")]
async fn each_step_that_was_done_unheard_is_harmless_to_repeat() {
    let it = Managed::open(WaitSeconds { wait_queued: 12, ..WAITS }).await;
    it.house.service.app.leave_settling_to_the_workflow();
    let anna = it.house.member();
    let line = &it.house.line;
    let due = Some(in_seconds(3));
    let request = pb::PlaceOrderRequest { not_before: due, ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    let unheard = async |state, next: &[&str]| {
        line.until_said().await;
        it.until_committed(&order.id, state).await;
        line.cut();
        line.lose_the_answer_to(next);
        line.mend();
    };
    // Releasing: the order is read, and what is decided is committed.
    line.lose_the_answer_to(&[&order.id, "COMMIT"]);
    // Queueing, a single statement, is the first to write this.
    unheard("placed", &["queued"]).await;
    unheard("queued", &[&order.id, "COMMIT"]).await;
    unheard("expired", &[]).await;
    it.until_over(&order.id, OrderState::Expired, 0).await;
    assert_eq!(it.told(&order.id).last().unwrap(), "expired");
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from event_log where stream_key = $1 order by version")
            .bind(&order.id)
            .fetch_all(&it.house.pool)
            .await
            .unwrap();
    assert_eq!(kinds, ["held", "placed", "queued", "expired", "settled"]);
    record(&it, "done_unheard", &order.id).await;
}

impl Managed {
    /// Waits until the database itself has this state.
    async fn until_committed(&self, order: &str, state: &str) {
        let id: types::OrderId = order.parse().unwrap();
        until(state, async || {
            let found: String = sqlx::query_scalar("select state from orders where id = $1")
                .bind(id.uuid())
                .fetch_one(&self.house.pool)
                .await
                .unwrap();
            (found == state).then_some(())
        })
        .await;
    }
}
