-- Keys that sign access tokens. A key is published from its row's birth and
-- verifies until not_after; the private half never leaves this table and the
-- memory of this service.
create table signing_keys (
    kid text primary key,
    seed bytea not null check (length(seed) = 32),
    public_key bytea not null check (length(public_key) = 32),
    created_at timestamptz not null,
    sign_from timestamptz not null,
    sign_until timestamptz not null,
    not_after timestamptz not null,
    constraint key_times_in_order
        check (created_at <= sign_from and sign_from < sign_until and sign_until < not_after)
);

-- One-time links: the SHA-256 of a secret that only its holder has.
create table sign_in_links (
    hash bytea primary key check (length(hash) = 32),
    member_id uuid not null references members,
    label text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index sign_in_links_by_expiry on sign_in_links (expires_at);

-- A family of tokens, grown from one sign-in.
create table sessions (
    id uuid primary key,
    member_id uuid not null references members,
    device text not null,
    created_at timestamptz not null,
    -- when the youngest of its tokens expires
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create index sessions_by_member on sessions (member_id);
create index sessions_by_expiry on sessions (expires_at);

-- Refresh tokens as SHA-256. A successor is HMAC-SHA256(token, nonce): whoever
-- presents the token again gets the same one, and neither the token alone nor
-- this table alone tells it.
create table refresh_tokens (
    hash bytea primary key check (length(hash) = 32),
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    void boolean not null default false,
    rotated_at timestamptz,
    successor_hash bytea,
    successor_nonce bytea,
    constraint rotated_whole check (
        (rotated_at is null) = (successor_hash is null)
        and (rotated_at is null) = (successor_nonce is null)
    )
);

create index refresh_tokens_by_session on refresh_tokens (session_id);
create index refresh_tokens_by_expiry on refresh_tokens (expires_at);

-- Sessions whose access tokens must be refused though they have not expired yet.
create table revocations (
    session_id uuid primary key,
    at timestamptz not null,
    -- then the last access token has expired by itself
    until timestamptz not null
);

create index revocations_by_until on revocations (until);
