-- Webhooks: who is told of which events, and every delivery with the very text that is sent.

create table webhook (
  id text not null,
  workspace_id text not null,
  name text not null,
  url text not null,
  description text not null default '',
  secret text,
  events jsonb not null,
  status text not null default 'ACTIVE',
  form text not null default 'mlflow',
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (id)
);
create unique index webhook_name on webhook (workspace_id, name);

-- While it waits, `next_at` is when it is due; while a worker has it, `lease` is that worker's mark and `next_at` the end of the lease.
create table webhook_delivery (
  id text not null,
  webhook_id text not null,
  event_id text not null,
  entity text not null,
  action text not null,
  payload text not null,
  state text not null default 'PENDING',
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  lease text,
  last_status integer,
  last_error text,
  created_at timestamptz not null default now(),
  done_at timestamptz,
  primary key (id)
);
create unique index webhook_delivery_event on webhook_delivery (webhook_id, event_id, entity, action);
create index webhook_delivery_due on webhook_delivery (webhook_id, next_at) where state = 'PENDING';
create index webhook_delivery_lease on webhook_delivery (webhook_id) where lease is not null;
create index webhook_delivery_done on webhook_delivery (done_at) where done_at is not null;

alter table webhook_delivery add constraint fk_webhook_delivery_webhook foreign key (webhook_id) references webhook (id) on delete cascade;

grant select, insert, update, delete on all tables in schema public to :app_role;
revoke update, delete on audit_log, event_log from :app_role;
grant update (sequence) on event_log to :app_role;
revoke insert, update, delete on schema_migration from :app_role;
revoke insert, delete on relay_state from :app_role;
