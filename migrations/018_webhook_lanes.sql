-- Receivers that fail or hang get a lane of their own, so that they hold up no other.

-- Since when nothing has reached it; null while deliveries do.
alter table webhook add column failing_since timestamptz,
  -- When a try failed last.
  add column failed_at timestamptz;

-- What is under way at a webhook is counted by the index alone, however much waits there.
drop index webhook_delivery_lease;
create index webhook_delivery_lease on webhook_delivery (webhook_id, next_at) where lease is not null;
-- A queue: rows change a few times and are then left alone, so that dead ones are cleared away early.
alter table webhook_delivery set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
