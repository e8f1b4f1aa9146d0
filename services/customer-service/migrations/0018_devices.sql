-- Shared devices that an admin paired: the counter's tablet, a display, a kiosk.
create table devices (
    id uuid primary key,
    name text not null,
    kind text not null
        constraint known_device_kinds check (kind in ('counter', 'display', 'kiosk')),
    -- what its browser said it is
    says text not null,
    paired_by uuid not null references members,
    paired_at timestamptz not null,
    ended_at timestamptz
);

-- Devices that ask to be paired. The secret that a device comes back with is
-- stored as its SHA-256; the code that it shows is no secret.
create table pairings (
    hash bytea primary key check (length(hash) = 32),
    user_code text not null constraint one_pairing_per_code unique,
    says text not null,
    started_at timestamptz not null,
    expires_at timestamptz not null,
    -- when the device came back last, and how long it was told to wait
    asked_at timestamptz,
    interval_seconds integer not null check (interval_seconds > 0),
    decision text constraint known_decisions check (decision in ('approved', 'refused', 'done')),
    device_id uuid references devices,
    constraint approved_is_a_device
        check ((device_id is not null) = (decision is not null and decision <> 'refused'))
);

create index pairings_by_expiry on pairings (expires_at);

-- A session is a person's, or a paired device's while nobody acts at it; a
-- person's may be at a device.
alter table sessions
    alter column member_id drop not null,
    add column device_id uuid references devices,
    add constraint sessions_are_somebodys check (member_id is not null or device_id is not null);

create index sessions_by_device on sessions (device_id) where device_id is not null;

-- PINs as Argon2id, with what it cost then.
create table pins (
    member_id uuid not null references members,
    kind text not null constraint known_pin_kinds check (kind in ('digits', 'pictures')),
    salt bytea not null check (length(salt) = 16),
    hash bytea not null check (length(hash) = 32),
    memory_kib integer not null,
    passes integer not null,
    set_at timestamptz not null,
    primary key (member_id, kind)
);

-- Wrong PINs. A try is counted before it is checked, so many at once are no way around.
create table pin_tries (
    member_id uuid not null references members,
    device_id uuid not null references devices,
    wrong integer not null check (wrong >= 0),
    last_wrong_at timestamptz,
    primary key (member_id, device_id)
);
