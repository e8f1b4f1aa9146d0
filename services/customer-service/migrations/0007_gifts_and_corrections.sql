-- Beans that one member gives another. The ledger has two entries of its id.
create table gifts (
    id uuid primary key,
    giver uuid not null references members,
    receiver uuid not null references members,
    beans bigint not null check (beans > 0),
    -- for the receiver; a row, never an event
    message text not null,
    idempotency_key text not null,
    at timestamptz not null,
    constraint gifts_go_to_somebody_else check (giver <> receiver),
    constraint one_gift_per_giver_and_idempotency_key unique (giver, idempotency_key)
);

-- What an admin put right in somebody's ledger, and why.
create table corrections (
    id uuid primary key,
    member_id uuid not null references members,
    corrected_by uuid not null references members,
    beans bigint not null check (beans <> 0),
    reason text not null check (reason <> ''),
    idempotency_key text not null,
    at timestamptz not null,
    constraint one_correction_per_admin_and_idempotency_key unique (corrected_by, idempotency_key)
);

-- A notification is about an order or about a gift.
alter table notifications
    alter column order_id drop not null,
    add column gift_id uuid references gifts,
    add constraint notifications_are_about_one_thing check (num_nonnulls(order_id, gift_id) = 1),
    add constraint one_notification_per_gift_and_recipient unique (gift_id, recipient);
