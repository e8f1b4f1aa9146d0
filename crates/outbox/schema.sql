-- The event log: the only exit of a service's database (transactional outbox).
-- Shared by every service that has one: services/*/migrations/0001_event_log.sql
-- are links to this file, so it must never change once it was released; add a
-- migration instead.

-- One row per event, written in the transaction that changes the state, never
-- changed but for its position, never deleted.
create table event_log (
    -- The order in which rows were inserted, not the order in which they were
    -- committed: nobody reads by it but the numbering step.
    seq bigint generated always as identity primary key,
    -- Dealt after commit, dense from 1. Whoever reads `position > cursor` in
    -- order of position misses nothing, however late a transaction committed.
    position bigint,
    event_id uuid not null,
    -- What the event is about: an order id, a member id. Events of one key are in
    -- order of version.
    stream_key text not null,
    version bigint not null,
    -- The event's name: "accepted".
    kind text not null,
    -- Protobuf: everything.events.v1.OrderEvent or CustomerEvent.
    payload bytea not null,
    -- W3C trace context of the span that wrote it.
    traceparent text,
    at timestamptz not null,
    constraint one_position_per_event unique (position),
    constraint one_row_per_event unique (event_id),
    constraint one_event_per_key_and_version unique (stream_key, version)
);

create index event_log_without_position on event_log (seq) where position is null;

-- Which log this is. Positions of a restored or new database mean something
-- else: its epoch is another, and whoever resumes by position starts over.
create table event_log_epoch (
    epoch text primary key,
    only_one boolean not null default true unique check (only_one)
);

insert into event_log_epoch (epoch)
values (left(replace(gen_random_uuid()::text, '-', ''), 12));

-- How far each receiver has been delivered to, and which replica does it now.
create table relay_cursor (
    receiver text primary key,
    position bigint not null default 0,
    holder text,
    leased_until timestamptz,
    moved_at timestamptz not null default now()
);

-- Deals the next positions to at most `most` committed events and returns them.
-- One caller at a time: the lock belongs to this very transaction, and the
-- statement after it sees whatever its last holder committed. Rows of one key
-- that are dealt together get their positions in order of version; a later
-- version cannot be here before an earlier one, since its transaction began
-- with the row that the earlier one committed. Other replicas hear of it.
create function deal_positions(most integer) returns setof event_log
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(7311486206);
    return query
        with head as materialized (
            select coalesce(max(position), 0) as position from event_log
        ),
        batch as materialized (
            select seq, stream_key, version from event_log
            where position is null order by seq limit most
        ),
        slots as (
            select
                stream_key,
                row_number() over (order by seq) as slot,
                row_number() over (partition by stream_key order by seq) as nth
            from batch
        ),
        events as (
            select
                seq, stream_key,
                row_number() over (partition by stream_key order by version) as nth
            from batch
        )
        update event_log set position = head.position + slots.slot
        from head, slots join events using (stream_key, nth)
        where event_log.seq = events.seq
        returning event_log.*;
    if found then
        perform pg_notify('event_log', (select max(position) from event_log)::text);
    end if;
end
$$;
