-- What a client waits for, for pgbench: the same tables, indexes and statements
-- as the services', one transaction for each of their three commits until an
-- order is queued, without anything around them. The events are numbered beside
-- it (number.sql). `n` counts this client's orders, `detail` and `payload` are
-- the sizes that the services really write. Each client is a member of its own,
-- as in `bench closed`.
\set n :n + 1

-- 1. order-service places: the order and its event.
with placed as (
    insert into orders (id, number, placed_by, state, version, revision, settled_revision,
                        detail, placed_at, state_since, deadline, due_at, closed,
                        idempotency_key, request_hash, traceparent)
    values (uuidv7(), nextval('order_numbers'), member(:client_id), 'placed', 1, 1, 0,
            jsonb_build_object('filler', repeat('x', :detail)), now(), now(),
            now() + interval '2 minutes', now(), false, gen_random_uuid()::text,
            sha256('request'), '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
    returning id
), logged as (
    insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
    select uuidv7(), 'ord_' || id, 1, 'placed', decode(repeat('78', :payload), 'hex'),
           '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', now()
      from placed
)
select id as order_id from placed \gset

-- 2. customer-service settles: the payer's version, the settlement, the entry, its event.
with payer as (
    update members set version = :n where id = member(:client_id) and version = :n - 1
    returning id
), settlement as (
    insert into settlements (order_id, payer, revision, owed, standing, at)
    select :order_id::uuid, id, 1, 3, 'charged', now() from payer
), entry as (
    insert into ledger_entries (member_id, number, id, beans, balance, kind, cause, revision, at)
    select id, :n, uuidv7(), -3, -3 * :n, 'order', 'ord_' || :order_id, 1, now() from payer
), event as (
    insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
    select uuidv7(), 'mem_' || id, :n, 'booked', decode(repeat('78', :payload), 'hex'),
           '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', now()
      from payer
)
select count(*) from payer;

-- 3. order-service queues it: the order and its event.
with changed as (
    update orders
       set state = 'queued', version = 2, settled_revision = 1,
           detail = jsonb_build_object('filler', repeat('x', :detail)), state_since = now(),
           deadline = now() + interval '5 minutes', due_at = now() + interval '5 minutes'
     where id = :order_id::uuid and version = 1
    returning id
), logged as (
    insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
    select uuidv7(), 'ord_' || id, 2, 'queued', decode(repeat('78', :payload), 'hex'),
           '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', now()
      from changed
)
select exists (select 1 from changed);
