-- The menu and the bar. Filled once from menu.toml, then changed by the baristas.

create extension if not exists pg_trgm;

create table menu_items (
    id uuid primary key,
    slug text not null constraint one_menu_item_per_slug unique,
    place integer not null, -- its place on the menu
    name text not null,
    description text not null,
    category text not null,
    emoji text not null,
    price_beans bigint not null check (price_beans between 0 and 100),
    caffeine_mg integer not null check (caffeine_mg between 0 and 1000),
    allergens text[] not null,
    sizes jsonb not null, -- [{"slug", "name", "price_beans", "caffeine_percent"}], the default first
    milks text[] not null, -- slugs of choices, the default first; empty: takes no milk
    extras text[] not null, -- slugs of choices
    off_until timestamptz, -- sold out until then
    words tsvector not null generated always as (
        setweight(to_tsvector('english', name), 'A')
        || setweight(to_tsvector('simple', replace(slug, '-', ' ') || ' ' || category), 'B')
        || setweight(to_tsvector('english', description), 'C')
    ) stored
);

create index menu_items_words on menu_items using gin (words);

create table menu_choices (
    slug text primary key,
    kind text not null check (kind in ('milk', 'extra')),
    place integer not null,
    name text not null,
    price_beans bigint not null check (price_beans between 0 and 100),
    caffeine_mg integer not null, -- added to the drink's; negative where it takes some away
    allergens text[] not null,
    off_until timestamptz
);

-- One row. `generation` rises with each change of bar or menu; the statement that
-- places an order compares it with the one its sender decided by.
create table bar (
    singleton boolean primary key default true check (singleton),
    state text not null default 'open' check (state in ('open', 'paused', 'closed')),
    until timestamptz,
    generation bigint not null default 1
);

insert into bar default values;
