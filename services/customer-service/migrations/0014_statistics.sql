-- What the order events tell, order by order and drink by drink: whatever is
-- asked about is summed up when it is asked. Emptied and filled again like the
-- tables that these two replace.

create table order_facts (
    order_id uuid primary key,
    placed_by uuid,
    -- the event that counts for each: the first placing, the newest of all else
    placed_version bigint,
    placed_at timestamptz,
    accepted_version bigint,
    accepted_at timestamptz,
    ready_version bigint,
    ready_at timestamptz,
    made_by uuid,
    ended_version bigint,
    outcome text constraint known_outcomes check (outcome in (
        'completed', 'uncollected', 'rejected', 'declined', 'cancelled', 'expired'
    )),
    ended_at timestamptz,
    -- of the family's calendar, when it ended
    day date
);

create index order_facts_by_day on order_facts (day);
create index order_facts_by_maker on order_facts (made_by, day);

create table drinks_served (
    order_id uuid not null,
    nth smallint not null,
    -- null for a guest
    member_id uuid,
    guest boolean not null,
    menu_item_id uuid not null,
    slug text not null,
    caffeine_mg integer not null check (caffeine_mg >= 0),
    beans bigint not null check (beans >= 0),
    -- of the family's calendar and day
    day date not null,
    hour smallint not null check (hour between 0 and 23),
    primary key (order_id, nth)
);

create index drinks_served_by_member on drinks_served (member_id, day);
create index drinks_served_by_day on drinks_served (day);

drop table served_orders, drink_stats;

-- What each week came to, written once it is over; about nobody in particular.
-- No projection: a rebuild leaves it.
create table week_summaries (
    week text primary key,
    summary jsonb not null,
    written_at timestamptz not null
);

-- Who wants to stand on the boards.
create table on_boards (
    member_id uuid primary key references members on delete cascade,
    since timestamptz not null
);

update projections set generation = generation + 1 where exists (select from consumed_events);
truncate consumed_events, stamps, stamp_cards;
