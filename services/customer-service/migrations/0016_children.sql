-- Children, and who looks after them. What a child always has (a guardian, and
-- only adults as such) is decided by customer_domain::kin; whoever changes it
-- holds the advisory lock of store::guardians.
alter table members
    add column kind text not null default 'adult'
        constraint known_kinds check (kind in ('adult', 'child')),
    add constraint no_child_is_an_admin check (kind = 'adult' or not 'admin' = any (roles));

create table guardians (
    child_id uuid not null references members on delete cascade,
    guardian_id uuid not null references members,
    constraint one_row_per_child_and_guardian primary key (child_id, guardian_id),
    constraint nobody_guards_themselves check (child_id <> guardian_id)
);

create index guardians_by_guardian on guardians (guardian_id);
