-- Webhooks in the form of CloudEvents: what they listen to, a secret that is exchanged for another, order by subject, every attempt, and replays.

-- `subject` and `project` narrow what it hears; the secret before signs beside the new one until `previous_until`.
alter table webhook add column subject text,
  add column project text,
  add column order_window_seconds integer not null default 60,
  add column previous_secret text,
  add column previous_until timestamptz;
alter table webhook add constraint webhook_form check (form in ('mlflow', 'cloudevents', 'openlineage'));
alter table webhook add constraint webhook_order_window check (order_window_seconds between 0 and 86400);

-- Without a payload the body is made from the log when it is sent. `held`: it waits behind an earlier one of its subject, until `next_at` at the latest.
-- The three days of tries are counted from `tried_since`, which a replay sets anew.
alter table webhook_delivery alter column payload drop not null;
alter table webhook_delivery add column subject text,
  add column sequence bigint,
  add column held boolean not null default false,
  add column tried_since timestamptz not null default now(),
  add column replay_id text;
update webhook_delivery set tried_since = created_at where state = 'PENDING';
-- Many are due at the same time: the id is in the index, so that the first few are found without sorting the rest.
create index webhook_delivery_next on webhook_delivery (webhook_id, next_at, id) where state = 'PENDING';
drop index webhook_delivery_due;
create index webhook_delivery_subject on webhook_delivery (webhook_id, subject, sequence) where state = 'PENDING' and subject is not null;
create index webhook_delivery_sequence on webhook_delivery (webhook_id, sequence);
create index webhook_delivery_replay on webhook_delivery (replay_id) where replay_id is not null;

create table webhook_attempt (
  delivery_id text not null,
  number integer not null,
  at timestamptz not null,
  status integer,
  ms integer not null,
  body text,
  error text,
  primary key (delivery_id, number)
);
alter table webhook_attempt add constraint fk_webhook_attempt_delivery foreign key (delivery_id) references webhook_delivery (id) on delete cascade;

create table webhook_replay (
  id text not null,
  webhook_id text not null,
  total integer not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create index webhook_replay_webhook on webhook_replay (webhook_id, id);
alter table webhook_replay add constraint fk_webhook_replay_webhook foreign key (webhook_id) references webhook (id) on delete cascade;

-- Attempts and replays are written once.
grant select, insert on webhook_attempt, webhook_replay to :app_role;
