-- The stamp card is a projection like the statistics: it can be emptied and
-- filled again from the topic.

-- As many drinks as an order ever served for a member.
create table stamps (
    member_id uuid not null,
    order_id uuid not null,
    drinks integer not null check (drinks > 0),
    primary key (member_id, order_id)
);

-- Their sum, per member.
create table stamp_cards (
    member_id uuid primary key,
    coffees bigint not null check (coffees > 0)
);

-- Which coffees were free. Decided once and never emptied: a rebuild counts
-- again and finds it decided.
create table rewards (
    member_id uuid not null references members,
    nth bigint not null check (nth > 0),
    -- whose drink it was; null: before there were stamp cards
    order_id uuid,
    -- what came back; 0: nothing had been paid
    beans bigint not null check (beans >= 0),
    at timestamptz not null,
    constraint one_reward_per_member_and_nth_coffee primary key (member_id, nth)
);

-- What was drunk before counts on the cards, and earns nothing afterwards.
insert into rewards (member_id, nth, order_id, beans, at)
select drunk.member_id, 10 * n, null, 0, now()
from (
    select member_id, sum(drinks)::bigint as drinks from drink_stats group by member_id
) as drunk
join members on members.id = drunk.member_id
cross join generate_series(1, drunk.drinks / 10) as n;

update projections set generation = generation + 1 where exists (select from consumed_events);
truncate consumed_events, served_orders, drink_stats;
