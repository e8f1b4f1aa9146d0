-- What somebody was told about an order: once per kind, the newer replacing the older.
create table notifications (
    id uuid primary key,
    order_id uuid not null,
    kind text not null,
    recipient uuid not null references members,
    order_version bigint not null,
    order_number integer not null,
    reason text not null,
    at timestamptz not null,
    constraint one_notification_per_order_kind_and_recipient unique (order_id, kind, recipient)
);

create index notifications_newest_first on notifications (recipient, at desc, id desc);
