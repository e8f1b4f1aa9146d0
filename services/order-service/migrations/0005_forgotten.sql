-- Who left and was taken out of what this order remembers of people.
alter table orders add column forgotten uuid[] not null default '{}';
