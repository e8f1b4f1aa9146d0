-- What the family may be served, as customer-service said it last: read at start,
-- and what counts while customer-service is away.
create table diners (
    member_id uuid primary key,
    rules jsonb not null -- order_domain's Diner
);

-- Which orders hold something for a child, by the day of the family's calendar on
-- which it is had. Written in the transaction that places or changes the order,
-- under the child's lock.
create table child_orders (
    child_id uuid not null,
    day date not null,
    order_id uuid not null references orders on delete cascade,
    constraint one_row_per_child_day_and_order primary key (child_id, day, order_id)
);

create index child_orders_of_order on child_orders (order_id);
create index orders_held on orders (id) where state = 'held';
