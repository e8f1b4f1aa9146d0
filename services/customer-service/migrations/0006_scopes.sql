-- What a sign-in may be used for, and when it was used last.
alter table sessions
    add column scope text not null default 'full'
        constraint known_scopes check (scope in (
            'full', 'counter', 'display', 'kiosk', 'usual', 'read-orders', 'reports', 'guest'
        )),
    add column last_used_at timestamptz;

update sessions set last_used_at = created_at;
alter table sessions alter column last_used_at set not null;

-- Raised when roles change: access tokens carry it, and older ones are refused
-- while the sign-ins go on.
alter table members
    add column token_generation integer not null default 0 check (token_generation >= 0);

-- Members whose older access tokens have not expired by themselves yet.
create table outdated_tokens (
    member_id uuid primary key references members,
    generation integer not null check (generation > 0),
    until timestamptz not null
);
