-- The numbering step, for one more client of pgbench: in batches and off everybody's
-- way, as in the services, by the same function. A service is woken by each commit;
-- here it looks every millisecond, and writes only where there is something.
select count(*) from deal_positions(256);
\sleep 1 ms
