-- The last public keys of customer-service that were heard of: with them this
-- service starts, and lets people in, while customer-service is away.

create table known_keys (
    singleton boolean primary key default true check (singleton),
    keys text not null -- as the runtime's identity feed writes them
);
