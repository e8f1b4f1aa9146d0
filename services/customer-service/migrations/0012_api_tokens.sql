-- Personal API tokens. Each has a session of its own, whose scope says what it is
-- for: what ends a session ends the token, everywhere.
create table api_tokens (
    id uuid primary key,
    session_id uuid not null unique references sessions on delete cascade,
    -- SHA-256 of a secret that only its holder has
    hash bytea not null unique check (length(hash) = 32),
    used_at timestamptz
);
