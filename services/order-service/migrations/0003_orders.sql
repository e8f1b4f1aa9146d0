-- One row per order, changed only under its own lock, in the transaction that
-- appends the event to event_log.

create table orders (
    id uuid primary key, -- version 7: sorts by time
    number integer not null, -- the day's
    placed_by uuid not null,
    state text not null,
    version bigint not null,
    revision bigint not null, -- of what it owes
    settled_revision bigint not null, -- the newest one that the ledger has; 0: none
    detail jsonb not null, -- the aggregate, as order_domain writes it
    placed_at timestamptz not null,
    state_since timestamptz not null,
    deadline timestamptz, -- when the clock moves it on
    due_at timestamptz, -- when somebody must look again; null once closed
    closed boolean not null, -- final, and its beans are settled
    idempotency_key text, -- forgotten after 30 days
    request_hash bytea,
    traceparent text, -- of the request that placed it
    constraint one_order_per_member_and_idempotency_key unique (placed_by, idempotency_key)
);

create index orders_of_member on orders (placed_by, id);
create index orders_due on orders (due_at) where not closed;
create index orders_unsettled on orders (id) where settled_revision <> revision;
create index orders_on_screen on orders (id) where state in ('queued', 'preparing', 'ready');

-- The day's short number is the sequence minus the day's base; gaps are fine.
create sequence order_numbers;

create table order_days (
    day date primary key, -- in the family's time zone
    base bigint not null
);

-- Protobuf's base-128 integer. Placing appends the number it has just drawn to
-- the event's bytes: concatenated messages merge, so one statement is enough.
create function protobuf_varint(value bigint) returns bytea
language plpgsql immutable strict as $$
declare
    rest bigint := value;
    bytes bytea := '';
begin
    while rest > 127 loop
        bytes := bytes || set_byte('\x00', 0, (rest & 127 | 128)::integer);
        rest := rest >> 7;
    end loop;
    return bytes || set_byte('\x00', 0, rest::integer);
end
$$;
