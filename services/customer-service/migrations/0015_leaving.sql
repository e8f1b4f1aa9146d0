-- Who left keeps a row without anything of the person in it: the ledger's entries
-- and the orders have somebody to belong to, and the sums stay as they are.
alter table members add column left_at timestamptz;

-- Whom order-service must forget, until it says that it has.
create table departures (
    member_id uuid primary key references members,
    asked_by uuid not null references members,
    left_at timestamptz not null,
    -- when nothing about them was left there
    forgotten_at timestamptz
);

create index departures_waiting on departures (left_at) where forgotten_at is null;
