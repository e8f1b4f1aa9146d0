-- What an admin set for the house. Without a row the environment's settings hold.
create table house_settings (
    only_one boolean primary key default true check (only_one),
    free_bar boolean not null,
    beans_floor bigint not null,
    weekly_allowance bigint not null check (weekly_allowance >= 0),
    -- raised by each change; who changes it says which one they saw
    version bigint not null check (version > 0),
    changed_by uuid not null references members,
    changed_at timestamptz not null
);
