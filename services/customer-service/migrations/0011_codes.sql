-- A sign-in link is an invitation: it may have a code beside it, to be typed, and
-- be withdrawn. A link without an end is good until it is used.
alter table sign_in_links
    add column id uuid not null default uuidv7() constraint one_link_per_id unique,
    -- SHA-256 of id and code. Six digits are found by trying, so this keeps the
    -- code from being read, not from being cracked: it lives for minutes.
    add column code_hash bytea check (length(code_hash) = 32),
    add column code_expires_at timestamptz,
    -- By everybody together; see customer_domain::codes.
    add column wrong_guesses integer not null default 0 check (wrong_guesses >= 0),
    add column withdrawn_at timestamptz,
    add column created_by uuid references members,
    -- The member's other sign-ins end when this one begins: their phone is lost.
    add column ends_others boolean not null default false,
    alter column expires_at drop not null,
    add constraint code_whole check ((code_hash is null) = (code_expires_at is null));

create index sign_in_links_with_code on sign_in_links (code_expires_at)
    where code_hash is not null and used_at is null and withdrawn_at is null;

-- Addresses that guessed codes wrong, lately.
create table code_guessers (
    address text primary key,
    wrong integer not null check (wrong >= 0),
    last_wrong_at timestamptz
);

-- Of whom there is none was invited and has not come yet.
alter table members add column first_signed_in_at timestamptz;
update members set first_signed_in_at =
    (select min(created_at) from sessions where member_id = members.id);
