-- Experiment tracking as MLflow's clients know it too: experiments with a number, tags and a life; runs with a parent, a user and a life; narrow
-- keys everywhere below a run; metric points in partitions; logged models; data sets as clients describe them; artifacts of any owner.

alter table experiment add column num integer generated always as identity;
alter table experiment add column number integer;
alter table experiment add column artifact_location text;
alter table experiment add column updated_at timestamptz not null default now();
alter table experiment add column deleted_at timestamptz;
alter table experiment add column archived_at timestamptz;

-- Number 0 is each workspace's Default.
update experiment set number = 0 where name = 'Default';
insert into experiment (id, workspace_id, project, name, number, created_by)
  select 'exp_' || replace(gen_random_uuid()::text, '-', ''), w.id, '/', 'Default', 0, 'system:migration' from workspace w
   where not exists (select 1 from experiment e where e.workspace_id = w.id and e.name = 'Default');
update experiment e set number = n.number
  from (select id, row_number() over (partition by workspace_id order by id) as number from experiment where number is null) n where n.id = e.id;
create table experiment_counter (
  workspace_id text not null,
  last_number integer not null default 0,
  primary key (workspace_id)
);
insert into experiment_counter (workspace_id, last_number) select workspace_id, max(number) from experiment group by workspace_id;
alter table experiment alter column number set not null;
create unique index experiment_number on experiment (workspace_id, number);
create unique index experiment_num on experiment (num);

create table experiment_tag (
  experiment_id text not null,
  key text not null,
  value text not null,
  primary key (experiment_id, key)
);

alter table run alter column num type integer;
-- Times of runs are whole milliseconds, as clients send and page them.
update run set started_at = date_trunc('milliseconds', started_at), ended_at = date_trunc('milliseconds', ended_at);
alter table run add column experiment integer;
update run r set experiment = e.num from experiment e where e.id = r.experiment_id;
alter table run alter column experiment set not null;
alter table run add column user_name text not null default '';
alter table run add column parent_id text;
alter table run add column deleted_at timestamptz;
alter table run add column archived_at timestamptz;
create index run_listing on run (experiment_id, started_at desc, id collate "C");
create index run_name on run using hash (name);
create index run_parent on run (parent_id) where parent_id is not null;

-- Params and tags by the run's number.
alter table run_param rename to old_param;
create table run_param (
  run integer not null,
  key text not null,
  value text not null,
  primary key (run, key)
);
insert into run_param (run, key, value) select r.num, o.key, o.value from old_param o join run r on r.id = o.run_id;
drop table old_param;

alter table run_tag rename to old_tag;
create table run_tag (
  run integer not null,
  key text not null,
  value text not null,
  primary key (run, key)
);
insert into run_tag (run, key, value) select r.num, o.key, o.value from old_tag o join run r on r.id = o.run_id;
drop table old_tag;

-- Points: columns in an order without padding; the key has the order in which histories are read; one partition per sixteenth of the runs.
alter table metric_point rename to old_point;
alter index metric_point_pkey rename to old_point_pkey;
drop index metric_point_attempt;
create table metric_point (
  run integer not null,
  key integer not null,
  ts bigint not null,
  step bigint not null,
  value float8 not null,
  source smallint not null,
  attempt smallint not null,
  primary key (run, key, ts, step, value, source, attempt)
) partition by hash (run);
do $$
begin
  for part in 0..15 loop
    execute format('create table metric_point_%s partition of metric_point for values with (modulus 16, remainder %s)', part, part);
  end loop;
end
$$;
create unique index metric_point_attempt on metric_point (run, key, step, attempt) where attempt > 0;
insert into metric_point (run, key, ts, step, value, source, attempt) select run, key, ts, step, value, source, attempt from old_point;
drop table old_point;

-- Latest values know their experiment, so that runs can be found and ordered by them.
alter table metric_latest rename to old_latest;
alter index metric_latest_pkey rename to old_latest_pkey;
create table metric_latest (
  run integer not null,
  key integer not null,
  ts bigint not null,
  step bigint not null,
  value float8 not null,
  experiment integer not null,
  source smallint not null,
  primary key (run, key, source)
) with (fillfactor = 80);
insert into metric_latest (run, key, ts, step, value, experiment, source)
  select o.run, o.key, o.ts, o.step, o.value, r.experiment, o.source from old_latest o join run r on r.num = o.run;
drop table old_latest;
create index metric_latest_value on metric_latest (experiment, key, value);

-- Artifacts belong to a run, to a logged model, or to the workspace itself.
create table artifact (
  owner_id text not null,
  path text collate "C" not null,
  blob text not null,
  size bigint not null,
  workspace_id text not null,
  created_at timestamptz not null default now(),
  primary key (owner_id, path)
);
insert into artifact (owner_id, path, blob, size, workspace_id, created_at)
  select a.run_id, a.path, a.blob, a.size, r.workspace_id, a.created_at from run_artifact a join run r on r.id = a.run_id;
drop table run_artifact;
create index artifact_blob on artifact (workspace_id, blob);

-- What a run printed, line by line: `n` is the writer's own count, so that a line that is sent twice is there once.
create table run_log (
  run integer not null,
  attempt smallint not null,
  n bigint not null,
  at timestamptz not null,
  stream smallint not null,
  line text not null,
  primary key (run, attempt, n)
);

create table logged_model (
  id text not null,
  workspace_id text not null,
  experiment_id text not null,
  name text not null,
  model_type text,
  source_run_id text,
  status text not null,
  status_message text,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (id)
);
create index logged_model_experiment on logged_model (experiment_id, created_at desc, id);
create index logged_model_run on logged_model (source_run_id);

create table logged_model_param (
  model_id text not null,
  key text not null,
  value text not null,
  primary key (model_id, key)
);

create table logged_model_tag (
  model_id text not null,
  key text not null,
  value text not null,
  primary key (model_id, key)
);

create table logged_model_metric (
  model_id text not null,
  key integer not null,
  run integer not null,
  dataset_name text not null default '',
  dataset_digest text not null default '',
  ts bigint not null,
  step bigint not null,
  value float8 not null,
  primary key (model_id, key, run, ts, step, value, dataset_name, dataset_digest)
);

create table run_model (
  run integer not null,
  model_id text not null,
  direction text not null,
  step bigint not null default 0,
  primary key (run, model_id, direction)
);
create index run_model_model on run_model (model_id);

-- A data set as a client describes it; versions of our own data sets are in run_input.
create table logged_dataset (
  id text not null,
  experiment_id text not null,
  name text not null,
  digest text not null,
  source_type text not null,
  source text not null,
  "schema" text,
  profile text,
  created_at timestamptz not null default now(),
  primary key (id)
);
create unique index logged_dataset_digest on logged_dataset (experiment_id, name, digest);

create table run_dataset (
  run integer not null,
  dataset_id text not null,
  tags jsonb not null default '{}',
  primary key (run, dataset_id)
);
create index run_dataset_dataset on run_dataset (dataset_id);

alter table experiment_tag add constraint fk_experiment_tag foreign key (experiment_id) references experiment (id) on delete cascade;
alter table run_param add constraint fk_param_run foreign key (run) references run (num) on delete cascade;
alter table run_tag add constraint fk_tag_run foreign key (run) references run (num) on delete cascade;
alter table run_log add constraint fk_run_log_run foreign key (run) references run (num) on delete cascade;
alter table artifact add constraint fk_artifact_blob foreign key (workspace_id, blob) references blob (workspace_id, sha256);
alter table logged_model add constraint fk_logged_model_experiment foreign key (experiment_id) references experiment (id);
alter table logged_model_param add constraint fk_model_param foreign key (model_id) references logged_model (id) on delete cascade;
alter table logged_model_tag add constraint fk_model_tag foreign key (model_id) references logged_model (id) on delete cascade;
alter table logged_model_metric add constraint fk_model_metric foreign key (model_id) references logged_model (id) on delete cascade;
alter table run_model add constraint fk_run_model_run foreign key (run) references run (num) on delete cascade;
alter table run_model add constraint fk_run_model_model foreign key (model_id) references logged_model (id) on delete cascade;
alter table logged_dataset add constraint fk_logged_dataset_experiment foreign key (experiment_id) references experiment (id);
alter table run_dataset add constraint fk_run_dataset_run foreign key (run) references run (num) on delete cascade;
alter table run_dataset add constraint fk_run_dataset_dataset foreign key (dataset_id) references logged_dataset (id);

grant select, insert, update, delete on all tables in schema public to :app_role;
revoke update, delete on audit_log, event_log from :app_role;
grant update (sequence) on event_log to :app_role;
revoke insert, update, delete on schema_migration from :app_role;
revoke insert, delete on relay_state from :app_role;
