-- Guests: visitors who come in by a pass, order until the evening is over, and
-- leave no person behind. A secret is stored as its SHA-256.
create table guest_passes (
    id uuid primary key,
    hash bytea not null constraint one_pass_per_secret unique check (length(hash) = 32),
    host_id uuid not null references members,
    created_at timestamptz not null,
    ends_at timestamptz not null,
    -- by the host, before that
    ended_at timestamptz
);

create index guest_passes_by_host on guest_passes (host_id, created_at);

-- A guest's host pays, also for what is settled when the guest is gone.
alter table members
    drop constraint known_kinds,
    add constraint known_kinds check (kind in ('adult', 'child', 'guest')),
    drop constraint no_child_is_an_admin,
    add constraint admins_are_adults check (kind = 'adult' or not 'admin' = any (roles)),
    add column host_id uuid references members,
    add column guest_pass_id uuid references guest_passes,
    add constraint guests_have_a_host_and_a_pass check (
        (kind = 'guest') = (host_id is not null) and (host_id is null) = (guest_pass_id is null)
    );

create index guests_by_pass on members (guest_pass_id) where guest_pass_id is not null;
