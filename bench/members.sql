-- Beside the services' own tables: who pays in order.sql.
create function member(number integer) returns uuid language sql immutable as $$
    select ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;

insert into members (id, name, emoji, colour, roles, version, joined_at)
select member(number), 'Bench ' || number, '☕', '#a0522d', array['member'], 0, now()
  from generate_series(0, 255) as number;

vacuum analyze members;
