-- Drinks that people keep by a name, as they were when they were kept. What they
-- are today order-service says.
create table favourites (
    id uuid primary key,
    member_id uuid not null references members on delete cascade,
    name text not null,
    menu_item_id uuid not null,
    slug text not null,
    -- what the menu called it
    drink text not null,
    size text not null,
    milk text not null,
    extras text[] not null,
    summary text not null,
    note text not null,
    price bigint not null check (price >= 0),
    kept_at timestamptz not null,
    constraint one_favourite_per_member_and_name unique (member_id, name),
    constraint favourites_by_member unique (member_id, id)
);

-- The one that a tap orders: a member has one or none.
create table usuals (
    member_id uuid primary key references members on delete cascade,
    favourite_id uuid not null,
    constraint ones_own foreign key (member_id, favourite_id)
        references favourites (member_id, id) on delete cascade
);
