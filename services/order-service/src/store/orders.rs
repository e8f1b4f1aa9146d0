//! Orders in PostgreSQL. Every change of one is a single statement that also
//! appends its event: either both happened or neither.

use chrono::NaiveDate;
use order_domain::Order;
use runtime::postgres::timed;
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool, types::Json};
use types::{EventId, MemberId, OrderId, Timestamp};
use uuid::Uuid;

/// An event, ready to be appended.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub(crate) id: EventId,
    pub(crate) kind: &'static str,
    /// `everything.events.v1.OrderEvent`.
    pub(crate) payload: Vec<u8>,
    /// Of the request that caused it.
    pub(crate) traceparent: Option<String>,
}

/// What identifies a request to place an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestKey<'a> {
    pub(crate) key: &'a str,
    /// SHA-256 of what was asked for.
    pub(crate) hash: &'a [u8],
}

/// What placing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placing {
    /// It stands, with this number of the day.
    Done { number: u32 },
    /// The member used this key before; nothing was written.
    KeyUsed,
    /// Menu or bar have changed since the sender decided; nothing was written.
    HouseChanged,
}

#[derive(Debug, FromRow)]
struct OrderRow {
    number: i32,
    detail: Json<Order>,
}

impl From<OrderRow> for Order {
    fn from(row: OrderRow) -> Self {
        let OrderRow { number, detail: Json(order) } = row;
        Self { number: number.unsigned_abs(), ..order }
    }
}

/// An order that a key led to.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    pub(crate) order: Order,
    pub(crate) hash: Vec<u8>,
}

/// Stores a new order with its event, unless the house's generation is another
/// by now or the key was used. The number is the next one, counted from `base`;
/// for a `placed` event it is added to the payload, too. Takes no lock that two
/// orders share. One round trip, one commit.
pub(crate) async fn place(
    db: impl PgExecutor<'_>,
    order: &Order,
    event: &NewEvent,
    request: RequestKey<'_>,
    generation: i64,
    base: i64,
) -> sqlx::Result<Placing> {
    let statement = sqlx::query_as(
        "with house as (
             select 1 from bar where generation = $1
         ), placed as (
             insert into orders (id, number, placed_by, state, version, revision, settled_revision,
                                 detail, placed_at, state_since, deadline, due_at, closed,
                                 idempotency_key, request_hash, traceparent)
             select $3, nextval('order_numbers') - $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                    $14, $15, $16, $17
               from house
             on conflict on constraint one_order_per_member_and_idempotency_key do nothing
             returning number
         ), logged as (
             insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
             select $18, $19, $6, $20,
                    case when $20 = 'placed' then
                        $21::bytea || '\\x5a'
                        || protobuf_varint(1 + length(protobuf_varint(number)))
                        || '\\x08' || protobuf_varint(number)
                    else $21::bytea end,
                    $17, $10
               from placed
         )
         select (select number from placed), exists (select 1 from house)",
    )
    .bind(generation)
    .bind(base)
    .bind(order.id.uuid())
    .bind(order.placed_by.uuid())
    .bind(order.state.kind().name())
    .bind(version(order))
    .bind(order.revision)
    .bind(order.settled_revision)
    .bind(Json(order))
    .bind(order.placed_at)
    .bind(order.state_since)
    .bind(order.deadline)
    .bind(order.due_at())
    .bind(order.is_closed())
    .bind(request.key)
    .bind(request.hash)
    .bind(event.traceparent.as_deref())
    .bind(event.id.uuid())
    .bind(order.id.to_string())
    .bind(event.kind)
    .bind(&event.payload);
    let (number, house_is_same): (Option<i32>, bool) =
        timed("orders.place", statement.fetch_one(db)).await?;
    Ok(match number {
        Some(number) => Placing::Done { number: number.unsigned_abs() },
        None if house_is_same => Placing::KeyUsed,
        None => Placing::HouseChanged,
    })
}

/// Writes an order that was at version `from` and appends the event that moved
/// it on. Answers false, and does nothing, if it is at another version: never
/// within the transaction that locked it. One round trip.
pub(crate) async fn record(
    db: impl PgExecutor<'_>,
    from: u64,
    order: &Order,
    event: &NewEvent,
) -> sqlx::Result<bool> {
    let statement = sqlx::query_scalar(
        "with changed as (
             update orders
                set number = $3, state = $4, version = $5, revision = $6, settled_revision = $7,
                    detail = $8, state_since = $9, deadline = $10, due_at = $11, closed = $12
              where id = $1 and version = $2
             returning 1
         ), logged as (
             insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
             select $13, $14, $5, $15, $16, $17, $18 from changed
         )
         select exists (select 1 from changed)",
    )
    .bind(order.id.uuid())
    .bind(i64::try_from(from).unwrap_or(i64::MAX))
    .bind(i32::try_from(order.number).unwrap_or(i32::MAX))
    .bind(order.state.kind().name())
    .bind(version(order))
    .bind(order.revision)
    .bind(order.settled_revision)
    .bind(Json(order))
    .bind(order.state_since)
    .bind(order.deadline)
    .bind(order.due_at())
    .bind(order.is_closed())
    .bind(event.id.uuid())
    .bind(order.id.to_string())
    .bind(event.kind)
    .bind(&event.payload)
    .bind(event.traceparent.as_deref())
    .bind(order.changed_at);
    timed("orders.record", statement.fetch_one(db)).await
}

fn version(order: &Order) -> i64 {
    i64::try_from(order.version).unwrap_or(i64::MAX)
}

/// The next number of a day. One query.
pub(crate) async fn next_number(tx: &mut PgConnection, base: i64) -> sqlx::Result<u32> {
    let number: i64 =
        sqlx::query_scalar("select nextval('order_numbers') - $1").bind(base).fetch_one(tx).await?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// One order. One query.
pub(crate) async fn find(pool: &PgPool, id: OrderId) -> sqlx::Result<Option<Order>> {
    let query = sqlx::query_as::<_, OrderRow>("select number, detail from orders where id = $1")
        .bind(id.uuid());
    timed("orders.find", query.fetch_optional(pool)).await.map(|row| row.map(Order::from))
}

/// One order, for as long as the transaction lasts nobody else's. One query.
pub(crate) async fn lock(tx: &mut PgConnection, id: OrderId) -> sqlx::Result<Option<Order>> {
    let query =
        sqlx::query_as::<_, OrderRow>("select number, detail from orders where id = $1 for update")
            .bind(id.uuid());
    timed("orders.lock", query.fetch_optional(tx)).await.map(|row| row.map(Order::from))
}

/// What a member placed with a key. One query.
pub(crate) async fn find_by_key(
    pool: &PgPool,
    member: MemberId,
    key: &str,
) -> sqlx::Result<Option<Earlier>> {
    let row: Option<(i32, Json<Order>, Vec<u8>)> = sqlx::query_as(
        "select number, detail, request_hash from orders
          where placed_by = $1 and idempotency_key = $2",
    )
    .bind(member.uuid())
    .bind(key)
    .fetch_optional(pool)
    .await?;
    Ok(row
        .map(|(number, detail, hash)| Earlier { order: OrderRow { number, detail }.into(), hash }))
}

/// What a member placed, newest first, from before an order on. One query.
pub(crate) async fn of_member(
    pool: &PgPool,
    member: MemberId,
    before: Option<OrderId>,
    open: Option<()>,
    limit: i64,
) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "select number, detail from orders
          where placed_by = $1
            and ($2::uuid is null or id < $2)
            and ($3 or state in ('held', 'placed', 'queued', 'preparing', 'ready'))
          order by id desc
          limit $4",
    )
    .bind(member.uuid())
    .bind(before.map(OrderId::uuid))
    .bind(open.is_none())
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// What is on the counter's screen, longest waiting first, at most 500. One query.
pub(crate) async fn on_screen(pool: &PgPool) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "select number, detail from orders
          where state in ('queued', 'preparing', 'ready')
          order by id
          limit 500",
    )
    .fetch_all(pool)
    .await?;
    let mut orders: Vec<Order> = rows.into_iter().map(Order::from).collect();
    orders.sort_by_key(|order| (order.queued_at, order.id));
    Ok(orders)
}

/// Held orders that wait for a guardian, longest first, at most 200. One query.
pub(crate) async fn awaiting_approval(pool: &PgPool) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "select number, detail from orders
          where state = 'held' and detail -> 'state' ? 'approval'
          order by id
          limit 200",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// The last orders that were made. One query.
pub(crate) async fn made_last(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "select number, detail from orders
          where state in ('ready', 'completed', 'uncollected')
          order by id desc
          limit $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// An order whose beans are not settled.
#[derive(Debug)]
pub(crate) struct Unsettled {
    pub(crate) order: Order,
    /// Of the request that placed it.
    pub(crate) traceparent: Option<String>,
}

/// Orders whose beans are not settled, oldest first, but for some. One query.
pub(crate) async fn unsettled(
    pool: &PgPool,
    but: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Unsettled>> {
    let query = sqlx::query_as(
        "select number, detail, traceparent from orders
          where settled_revision <> revision and id <> all ($1)
          order by id
          limit $2",
    )
    .bind(but)
    .bind(limit);
    let rows: Vec<(i32, Json<Order>, Option<String>)> = query.fetch_all(pool).await?;
    Ok(rows
        .into_iter()
        .map(|(number, detail, traceparent)| Unsettled {
            order: OrderRow { number, detail }.into(),
            traceparent,
        })
        .collect())
}

/// Orders whose beans could not be settled in time, oldest first. One query.
pub(crate) async fn overdue(pool: &PgPool, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "select number, detail from orders
          where settled_revision <> revision and state = 'placed' and deadline <= $1
          order by id
          limit $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// An order that is past its due time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overdue {
    pub(crate) id: OrderId,
    /// Settled, and its deadline is still to come.
    pub(crate) reminder_only: bool,
}

/// Orders past their due time, longest first: what the sweep looks after. One query.
pub(crate) async fn due(pool: &PgPool, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Overdue>> {
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "select id, settled_revision = revision and coalesce(deadline > $1, false) as reminder_only
           from orders
          where not closed and due_at <= $1
          order by due_at
          limit $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, reminder_only)| Overdue { id: OrderId::from_uuid(id), reminder_only })
        .collect())
}

/// Number and recipients of some orders: what the live feed adds to an event. One query.
pub(crate) async fn several(pool: &PgPool, ids: &[Uuid]) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> =
        sqlx::query_as("select number, detail from orders where id = any ($1)")
            .bind(ids)
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// Forgets the keys of orders placed before then. They are read by their ids,
/// which sort by time, at most 60 days back; answers how many there were.
pub(crate) async fn forget_keys(pool: &PgPool, before: Timestamp) -> sqlx::Result<u64> {
    let bound = |at: Timestamp| {
        let milliseconds = u128::try_from(at.timestamp_millis()).unwrap_or(0);
        Uuid::from_u128(milliseconds << 80)
    };
    let done = sqlx::query(
        "update orders set idempotency_key = null, request_hash = null
          where id >= $1 and id < $2 and idempotency_key is not null",
    )
    .bind(bound(before - chrono::TimeDelta::days(60)))
    .bind(bound(before))
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// The day of a moment, in the family's time zone.
pub(crate) fn day_of(at: Timestamp, zone: chrono_tz::Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}
