-- What somebody may be served: a child's limits of the day, and what must not be
-- in a cup. No row: nothing was said. Limits of somebody who has grown up stay,
-- and do not count.
create table diners (
    member_id uuid primary key references members on delete cascade,
    drinks integer check (drinks >= 0),
    caffeine_mg integer check (caffeine_mg >= 0),
    -- minute of the family's day after which there is no caffeine
    decaf_after integer check (decaf_after between 0 and 1439),
    -- slugs of the only items that are allowed; null: all
    only_items text[],
    avoids text[] not null default '{}',
    vegan boolean not null default false,
    changed_by uuid not null references members,
    changed_at timestamptz not null
);
