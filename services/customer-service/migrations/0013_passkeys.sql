-- Passkeys: what a device gave at registration, which is no secret.
create table passkeys (
    id uuid primary key,
    member_id uuid not null references members on delete cascade,
    credential_id bytea not null check (length(credential_id) between 1 and 1023),
    -- a COSE key
    public_key bytea not null,
    -- of its uses, as the device counts them; 0: it does not
    sign_count bigint not null check (sign_count >= 0),
    -- whether it may be, and is, on its owner's other devices
    backup text not null constraint known_backups check (backup in ('bound', 'eligible', 'done')),
    -- how a browser may reach the device
    transports text[] not null,
    name text not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    constraint one_passkey_per_credential unique (credential_id)
);

create index passkeys_by_member on passkeys (member_id, id);

-- Requests to make a passkey, or to use one: the SHA-256 of each challenge.
create table passkey_requests (
    challenge_hash bytea primary key check (length(challenge_hash) = 32),
    -- who is to have a new one; null: whoever has one is to use it
    member_id uuid references members on delete cascade,
    expires_at timestamptz not null,
    answered_at timestamptz
);

create index passkey_requests_by_expiry on passkey_requests (expires_at);
