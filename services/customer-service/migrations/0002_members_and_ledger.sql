-- The family.
create table members (
    id uuid primary key,
    name text not null,
    emoji text not null,
    colour text not null,
    roles text[] not null
        constraint known_roles check (roles <@ array['member', 'barista', 'admin']),
    -- Raised by every event about this member; whoever changes it holds the
    -- row's lock, which is also what makes bookings of one member wait in line.
    version bigint not null,
    joined_at timestamptz not null
) with (fillfactor = 70);

-- Every bean that ever moved. Rows are only added; a balance is their sum,
-- carried along from entry to entry: entry n+1 stands on entry n or not at all.
create table ledger_entries (
    member_id uuid not null references members,
    number bigint not null check (number > 0),
    id uuid not null,
    beans bigint not null check (beans <> 0),
    balance bigint not null,
    kind text not null,
    cause text not null,
    -- of what an order owes; 0 for every other kind
    revision bigint not null default 0,
    at timestamptz not null,
    constraint entries_follow_each_other primary key (member_id, number),
    constraint one_entry_per_cause unique (member_id, kind, cause, revision)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed', tg_table_name;
end
$$;

create trigger the_ledger_is_append_only
    before update or delete or truncate on ledger_entries
    for each statement execute function refuse_change();

-- The newest settlement of each order.
create table settlements (
    order_id uuid constraint one_settlement_per_order primary key,
    payer uuid not null references members,
    revision bigint not null,
    owed bigint not null,
    standing text not null check (standing in ('charged', 'free', 'refused')),
    at timestamptz not null
);
