-- Triggers: what they listen to beside events, their controls, their secrets, and executions that keep what they were fired with.

-- `event_type`: the type of the log that it waits for; null for schedules and incoming webhooks.
alter table "trigger" add column event_type text,
  add column concurrency text not null default 'queue',
  add column cooldown_seconds integer not null default 0,
  add column dedupe jsonb,
  add column max_hops integer not null default 8,
  add column updated_by text,
  add column updated_at timestamptz not null default now(),
  add column deleted_at timestamptz,
  add column last_fired_at timestamptz,
  add column next_fire_at timestamptz(3);
alter table "trigger" add constraint trigger_concurrency check (concurrency in ('newest', 'queue', 'skip'));
update "trigger" set event_type = 'io.tailrace.' || (filter ->> 'event') || '.v1';
create index trigger_listens on "trigger" (workspace_id, event_type) where enabled and deleted_at is null;
create index trigger_due on "trigger" (next_fire_at) where next_fire_at is not null;
-- The name of a deleted trigger is free again.
create unique index trigger_name_live on "trigger" (workspace_id, name) where deleted_at is null;
drop index trigger_name;

-- What signs, what is signed by others, and addresses that are secrets themselves. `previous` is taken too until its time is over.
create table trigger_secret (
  trigger_id text not null,
  kind text not null,
  value text not null,
  previous text,
  previous_until timestamptz,
  created_at timestamptz not null default now(),
  primary key (trigger_id, kind)
);
alter table trigger_secret add constraint trigger_secret_kind check (kind in ('incoming', 'signing', 'url'));
alter table trigger_secret add constraint fk_trigger_secret_trigger foreign key (trigger_id) references "trigger" (id) on delete cascade;

-- `cause` is the event, the time or the message that fired it; `facts` what the condition asked of its subject.
alter table trigger_execution add column cause jsonb,
  add column facts jsonb,
  add column dedupe_key text,
  add column replay_of text,
  add column requested_by text,
  add column superseded_by text,
  add column fired_event text,
  add column fired_at timestamptz,
  add column acted_at timestamptz,
  add column started_id text,
  add column tries integer not null default 0;
create unique index trigger_execution_cause on trigger_execution (trigger_id, event_id) where replay_of is null;
drop index trigger_execution_event;
create index trigger_execution_list on trigger_execution (trigger_id, id);
create index trigger_execution_open on trigger_execution (trigger_id, id) where state in ('WAITING', 'FIRED', 'RUNNING');
create index trigger_execution_started on trigger_execution (started_id) where state = 'RUNNING';
create index trigger_execution_key on trigger_execution (trigger_id, dedupe_key, at) where dedupe_key is not null;
create index trigger_execution_ended on trigger_execution (ended_at) where ended_at is not null;

-- The last values of a metric that some trigger watches, oldest first, as the log told them; `sequence` is the last event in them.
create table metric_window (
  run_id text not null,
  key text not null,
  points float8[] not null,
  sequence bigint not null,
  updated_at timestamptz not null default now(),
  primary key (run_id, key)
);
create index metric_window_age on metric_window (updated_at);

-- The chain of causes that a job or a revision belongs to, so that what it says later goes on with it: a loop through a training has an end too.
alter table training_job add column chain jsonb;
alter table endpoint_revision add column chain jsonb;
-- A revision that was rolled back from is no place to roll back to.
alter table endpoint_revision add column rolled_back_at timestamptz;

-- A version measured once more on its own files.
create table model_evaluation (
  id text not null,
  workspace_id text not null,
  model_id text not null,
  version_id text not null,
  state text not null default 'REQUESTED',
  reason text,
  requested_by text not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (id)
);
create index model_evaluation_version on model_evaluation (version_id, id);
alter table model_evaluation add constraint fk_evaluation_version foreign key (version_id) references model_version (id);

-- By name: the audit's tables are among all tables, and insert-only for the application.
grant select, insert, update, delete on trigger_secret, metric_window, model_evaluation to :app_role;
