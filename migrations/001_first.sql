-- The first schema. Tables belong to the role that runs the migrations; the application's role (:app_role) gets what it needs at the end: it owns
-- nothing, and audit and log are insert-only for it.

create table workspace (
  id text not null,
  name text not null,
  created_at timestamptz not null default now(),
  unique (name),
  primary key (id)
);

create table member (
  id text not null,
  workspace_id text not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index member_name on member (workspace_id, name);

create table member_grant (
  member_id text not null,
  path text not null,
  role text not null,
  primary key (member_id, path)
);

create table token (
  id text not null,
  workspace_id text not null,
  member_id text,
  name text not null,
  hash text not null,
  scope text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index token_hash on token (hash);

create table audit_log (
  id text not null,
  workspace_id text not null,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  member_id text,
  address text,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  outcome text not null,
  reason text,
  before jsonb,
  after jsonb,
  correlation_id text not null,
  causation_id text,
  primary key (id)
);
create index audit_log_subject on audit_log (subject_id);
create index audit_log_workspace on audit_log (workspace_id, id);

create table idempotency_key (
  workspace_id text not null,
  auth_id text not null,
  key text not null,
  request_hash text not null,
  result jsonb,
  created_at timestamptz not null default now(),
  primary key (workspace_id, auth_id, key)
);
create index idempotency_key_age on idempotency_key (created_at);

create table event_log (
  pos bigint generated always as identity not null,
  id text not null,
  workspace_id text not null,
  type text not null,
  subject text not null,
  data jsonb not null,
  time timestamptz not null default clock_timestamp(),
  sequence bigint,
  correlation_id text not null,
  causation_id text,
  hops integer not null default 0,
  auth_id text not null,
  unique (id),
  primary key (pos)
);
create index event_log_type on event_log (type, sequence);
create index event_log_unnumbered on event_log (pos) where sequence is null;
create unique index event_log_sequence on event_log (sequence);

create table relay_state (
  id integer not null,
  last_sequence bigint not null default 0,
  dispatched_through bigint not null default 0,
  swept_through bigint not null default 0,
  pruned_through bigint not null default 0,
  primary key (id)
);

create table log_cursor (
  consumer text not null,
  position bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (consumer)
);

create table inbox (
  subscriber text not null,
  event_id text not null,
  state text not null,
  reason text,
  at timestamptz not null default now(),
  primary key (subscriber, event_id)
);
create index inbox_dead on inbox (at) where state = 'dead';

create table blob (
  workspace_id text not null,
  sha256 text not null,
  size bigint not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, sha256)
);

create table dataset (
  id text not null,
  workspace_id text not null,
  project text not null,
  name text not null,
  description text not null default '',
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index dataset_name on dataset (workspace_id, name);

create table dataset_version (
  id text not null,
  workspace_id text not null,
  dataset_id text not null,
  number integer not null,
  parent_id text,
  state text not null,
  format text not null,
  blob text not null,
  size bigint not null,
  table_blob text,
  table_size bigint,
  columns jsonb,
  profile jsonb,
  findings jsonb not null default '[]',
  reason text,
  created_by text not null,
  created_at timestamptz not null default now(),
  checked_at timestamptz,
  primary key (id)
);
create index dataset_version_workspace on dataset_version (workspace_id, id);
create unique index dataset_version_number on dataset_version (dataset_id, number);

create table experiment (
  id text not null,
  workspace_id text not null,
  project text not null,
  name text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index experiment_name on experiment (workspace_id, name);

create table run (
  id text not null,
  num bigint generated always as identity not null,
  workspace_id text not null,
  experiment_id text not null,
  name text not null,
  status text not null,
  job_id text,
  created_by text not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  metrics_said_at timestamptz not null default '-infinity',
  heartbeat_at timestamptz,
  primary key (id)
);
create index run_experiment on run (experiment_id, id);
create index run_workspace on run (workspace_id, id);
create index run_heartbeat on run (heartbeat_at) where status = 'RUNNING';
create unique index run_num on run (num);

create table run_param (
  run_id text not null,
  key text not null,
  value text not null,
  primary key (run_id, key)
);

create table run_tag (
  run_id text not null,
  key text not null,
  value text not null,
  primary key (run_id, key)
);

create table run_input (
  run_id text not null,
  dataset_version_id text not null,
  primary key (run_id, dataset_version_id)
);
create index run_input_version on run_input (dataset_version_id);

create table run_artifact (
  run_id text not null,
  path text not null,
  blob text not null,
  size bigint not null,
  created_at timestamptz not null default now(),
  primary key (run_id, path)
);

create table metric_key (
  id integer generated always as identity not null,
  workspace_id text not null,
  name text not null,
  primary key (id)
);
create unique index metric_key_name on metric_key (workspace_id, name);

create table metric_point (
  run bigint not null,
  key integer not null,
  source smallint not null,
  attempt integer not null,
  step bigint not null,
  ts bigint not null,
  value float8 not null,
  primary key (run, key, source, attempt, step, ts, value)
);
create unique index metric_point_attempt on metric_point (run, key, step, attempt) where attempt > 0;

create table metric_latest (
  run bigint not null,
  key integer not null,
  source smallint not null,
  step bigint not null,
  ts bigint not null,
  value float8 not null,
  primary key (run, key, source)
);

create table training_template (
  id text not null,
  workspace_id text not null,
  project text not null,
  name text not null,
  revision integer not null default 1,
  spec jsonb not null,
  dataset_id text not null,
  experiment text not null,
  register_as text,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index training_template_name on training_template (workspace_id, name);

create table training_job (
  id text not null,
  workspace_id text not null,
  project text not null,
  template_id text not null,
  template_revision integer not null,
  spec jsonb not null,
  dataset_version_id text not null,
  table_blob text not null,
  table_size bigint not null,
  run_id text not null,
  register_as text,
  state text not null,
  attempt integer not null default 0,
  max_attempts integer not null,
  runner text,
  lease_expires_at timestamptz,
  checkpoint_blob text,
  checkpoint_epoch integer,
  epoch integer,
  cancel_requested boolean not null default false,
  reason text,
  backend text,
  created_by text not null,
  member_id text,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (id)
);
create index training_job_lease on training_job (lease_expires_at) where state = 'RUNNING';
create index training_job_queue on training_job (created_at) where state = 'QUEUED';
create index training_job_workspace on training_job (workspace_id, id);

create table training_attempt (
  job_id text not null,
  number integer not null,
  runner text not null,
  token_hash text not null,
  state text not null default 'RUNNING',
  reason text,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (job_id, number)
);

create table "model" (
  id text not null,
  workspace_id text not null,
  project text not null,
  name text not null,
  description text not null default '',
  flow jsonb not null,
  last_number integer not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index model_name on model (workspace_id, name);

create table model_version (
  id text not null,
  workspace_id text not null,
  model_id text not null,
  number integer not null,
  run_id text not null,
  dataset_version_id text,
  stage text not null default 'none',
  slot text,
  files jsonb not null,
  signature jsonb not null,
  evaluation jsonb,
  trained_by text,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create index model_version_workspace on model_version (workspace_id, id);
create unique index model_version_number on model_version (model_id, number);
create unique index model_version_run on model_version (model_id, run_id);
create unique index model_version_slot on model_version (model_id, slot);

create table stage_request (
  id text not null,
  workspace_id text not null,
  model_id text not null,
  version_id text not null,
  stage text not null,
  state text not null,
  reason text,
  gates jsonb not null default '[]',
  champion_id text,
  requested_by text not null,
  member_id text,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  primary key (id)
);
create index stage_request_version on stage_request (version_id, id);
create index stage_request_workspace on stage_request (workspace_id, id);
create unique index stage_request_open on stage_request (version_id, stage) where state in ('EVALUATING', 'AWAITING_APPROVAL');

create table approval (
  id text not null,
  request_id text not null,
  member_id text not null,
  decision text not null,
  comment text,
  at timestamptz not null default now(),
  primary key (id)
);
create unique index approval_member on approval (request_id, member_id);

create table endpoint (
  id text not null,
  workspace_id text not null,
  project text not null,
  name text not null,
  model_id text not null,
  stage text not null,
  desired_revision_id text,
  last_number integer not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create index endpoint_follows on endpoint (model_id, stage);
create unique index endpoint_name on endpoint (workspace_id, name);

create table endpoint_revision (
  id text not null,
  workspace_id text not null,
  endpoint_id text not null,
  number integer not null,
  model_version_id text not null,
  model_version integer not null,
  onnx_blob text not null,
  signature jsonb not null,
  state text not null default 'PENDING',
  reason text,
  created_at timestamptz not null default now(),
  ready_at timestamptz,
  primary key (id)
);
create unique index endpoint_revision_number on endpoint_revision (endpoint_id, number);

create table "trigger" (
  id text not null,
  workspace_id text not null,
  project text not null,
  name text not null,
  filter jsonb not null,
  action jsonb not null,
  enabled boolean not null default true,
  owner_id text not null,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index trigger_name on trigger (workspace_id, name);

create table trigger_execution (
  id text not null,
  workspace_id text not null,
  trigger_id text not null,
  event_id text not null,
  state text not null,
  reason text,
  outcome jsonb,
  at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (id)
);
create unique index trigger_execution_event on trigger_execution (trigger_id, event_id);

create table lineage_node (
  workspace_id text not null,
  id text not null,
  kind text not null,
  label text not null,
  at timestamptz not null,
  primary key (workspace_id, id)
);

create table lineage_edge (
  workspace_id text not null,
  from_id text not null,
  to_id text not null,
  relation text not null,
  event_id text not null,
  at timestamptz not null,
  primary key (workspace_id, from_id, to_id, relation)
);
create index lineage_edge_reverse on lineage_edge (workspace_id, to_id);

-- Other nouns appear as ids in the code; the database keeps them true.
alter table member add constraint fk_member_workspace foreign key (workspace_id) references workspace (id);
alter table member_grant add constraint fk_grant_member foreign key (member_id) references member (id) on delete cascade;
alter table token add constraint fk_token_workspace foreign key (workspace_id) references workspace (id);
alter table token add constraint fk_token_member foreign key (member_id) references member (id);
alter table dataset add constraint fk_dataset_workspace foreign key (workspace_id) references workspace (id);
alter table dataset_version add constraint fk_version_dataset foreign key (dataset_id) references dataset (id);
alter table dataset_version add constraint fk_version_parent foreign key (parent_id) references dataset_version (id);
alter table dataset_version add constraint fk_version_blob foreign key (workspace_id, blob) references blob (workspace_id, sha256);
alter table experiment add constraint fk_experiment_workspace foreign key (workspace_id) references workspace (id);
alter table run add constraint fk_run_experiment foreign key (experiment_id) references experiment (id);
alter table run_param add constraint fk_param_run foreign key (run_id) references run (id) on delete cascade;
alter table run_tag add constraint fk_tag_run foreign key (run_id) references run (id) on delete cascade;
alter table run_input add constraint fk_input_run foreign key (run_id) references run (id) on delete cascade;
alter table run_input add constraint fk_input_version foreign key (dataset_version_id) references dataset_version (id);
alter table run_artifact add constraint fk_artifact_run foreign key (run_id) references run (id) on delete cascade;
alter table training_template add constraint fk_template_dataset foreign key (dataset_id) references dataset (id);
alter table training_job add constraint fk_job_template foreign key (template_id) references training_template (id);
alter table training_job add constraint fk_job_version foreign key (dataset_version_id) references dataset_version (id);
alter table training_job add constraint fk_job_run foreign key (run_id) references run (id);
alter table training_attempt add constraint fk_attempt_job foreign key (job_id) references training_job (id) on delete cascade;
alter table model_version add constraint fk_version_model foreign key (model_id) references model (id);
alter table model_version add constraint fk_model_version_run foreign key (run_id) references run (id);
alter table stage_request add constraint fk_request_version foreign key (version_id) references model_version (id);
alter table approval add constraint fk_approval_request foreign key (request_id) references stage_request (id);
alter table endpoint add constraint fk_endpoint_model foreign key (model_id) references model (id);
alter table endpoint_revision add constraint fk_revision_endpoint foreign key (endpoint_id) references endpoint (id);
alter table endpoint_revision add constraint fk_revision_version foreign key (model_version_id) references model_version (id);
alter table trigger_execution add constraint fk_execution_trigger foreign key (trigger_id) references trigger (id);

insert into relay_state (id) values (1);

-- Retention. The application may not delete from the log; this function, which runs as its owner, drops what is older than `days`, done and
-- past every reader's cursor, and remembers how far, so that a reader with an older cursor is told to start anew.
create function prune_messaging(days int) returns bigint language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  bound bigint;
begin
  select max(sequence) into bound from event_log
   where time < now() - make_interval(days => greatest(days, 1))
     and sequence <= (select least(dispatched_through, swept_through) from relay_state where id = 1)
     and sequence <= coalesce((select min(position) from log_cursor), 0);
  if bound is null then
    return 0;
  end if;
  delete from inbox i using event_log e where e.id = i.event_id and e.sequence <= bound and i.state = 'done';
  delete from event_log e where e.sequence <= bound and not exists (select 1 from inbox i where i.event_id = e.id);
  update relay_state set pruned_through = greatest(pruned_through, bound) where id = 1;
  return bound;
end
$$;
revoke all on function prune_messaging(int) from public;

grant usage on schema public to :app_role;
grant select, insert, update, delete on all tables in schema public to :app_role;
revoke update, delete on audit_log, event_log from :app_role;
grant update (sequence) on event_log to :app_role;
revoke insert, update, delete on schema_migration from :app_role;
revoke insert, delete on relay_state from :app_role;
grant execute on function prune_messaging(int) to :app_role;
