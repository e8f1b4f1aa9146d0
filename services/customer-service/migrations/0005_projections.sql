-- What the order events add up to. Everything in this file can be emptied and
-- filled again from the topic, except what was set aside.

-- The generation is part of the consumer group's name: a new one reads from the beginning.
create table projections (
    name text primary key,
    generation integer not null check (generation > 0)
);

insert into projections (name, generation) values ('orders', 1);

-- Events that were consumed; written in the transaction of what they changed.
create table consumed_events (
    event_id uuid primary key
);

-- What each order counts with now: the newest event that carries what was drunk.
create table served_orders (
    order_id uuid primary key,
    version bigint not null,
    hour smallint not null check (hour between 0 and 23),
    drinks jsonb not null
);

create table drink_stats (
    member_id uuid not null,
    menu_item_id uuid not null,
    slug text not null,
    -- of the family's day
    hour smallint not null check (hour between 0 and 23),
    drinks bigint not null,
    caffeine_mg bigint not null,
    primary key (member_id, menu_item_id, slug, hour)
);

-- Messages that can never be processed as they are, whole, with the cause.
create table dead_letters (
    -- SHA-256 of topic, key and payload: the same message again is the same row
    digest bytea primary key check (length(digest) = 32),
    topic text not null,
    partition integer not null,
    kafka_offset bigint not null,
    key bytea,
    payload bytea,
    event_id text,
    event_type text,
    traceparent text,
    cause text not null,
    set_aside_at timestamptz not null,
    -- when the dead-letter topic had it
    published_at timestamptz,
    attempts integer not null default 1,
    -- when a replay went through
    replayed_at timestamptz
);

create index dead_letters_waiting on dead_letters (set_aside_at) where replayed_at is null;
