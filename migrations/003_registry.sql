-- The registry as MLflow's clients know it too: tags and aliases; versions made from any source, with a description, a status and a life of their own.

-- Times are whole milliseconds, as clients see and page them.
alter table model alter column created_at type timestamptz(3);
alter table model_version alter column created_at type timestamptz(3);
alter table model add column updated_at timestamptz(3) not null default now();

alter table model_version add column candidate_run text;
alter table model_version add column source text;
alter table model_version add column storage_location text;
alter table model_version add column run_link text;
alter table model_version add column description text not null default '';
alter table model_version add column status text not null default 'READY';
alter table model_version add column status_message text;
alter table model_version add column logged_model_id text;
alter table model_version add column user_name text;
alter table model_version add column updated_at timestamptz(3) not null default now();
alter table model_version add column deleted_at timestamptz;
alter table model_version alter column run_id drop not null;
alter table model_version alter column signature drop not null;

-- Every version so far is a candidate that a run of the platform made: its files are the run's artifacts under model/.
update model_version v
   set candidate_run = v.run_id,
       updated_at = v.created_at,
       source = 'runs:/' || substr(v.run_id, 5) || '/model',
       storage_location = coalesce(e.artifact_location, 'mlflow-artifacts:/' || e.number) || '/' || substr(v.run_id, 5) || '/artifacts/model'
  from run r join experiment e on e.id = r.experiment_id
 where r.id = v.run_id;
update model m set updated_at = coalesce((select max(v.created_at) from model_version v where v.model_id = m.id), m.created_at);

-- A run may have any number of versions of a model; the platform registers its candidate once. Clients may name runs that are not here.
alter table model_version drop constraint fk_model_version_run;
drop index model_version_run;
create index model_version_run on model_version (run_id);
create unique index model_version_candidate on model_version (model_id, candidate_run);
create index model_version_stage on model_version (model_id, stage, number);
create index model_version_changed on model_version (workspace_id, updated_at);
create index model_version_changed_of on model_version (model_id, updated_at);

create table model_tag (
  model_id text not null,
  key text not null,
  value text not null,
  primary key (model_id, key)
);

create table model_version_tag (
  version_id text not null,
  key text not null,
  value text not null,
  primary key (version_id, key)
);

create table model_alias (
  model_id text not null,
  alias text not null,
  version_id text not null,
  primary key (model_id, alias)
);
create index model_alias_version on model_alias (version_id);

alter table model_version add constraint fk_model_version_candidate foreign key (candidate_run) references run (id);
alter table model_tag add constraint fk_registry_model_tag foreign key (model_id) references model (id) on delete cascade;
alter table model_version_tag add constraint fk_model_version_tag foreign key (version_id) references model_version (id) on delete cascade;
alter table model_alias add constraint fk_model_alias_model foreign key (model_id) references model (id) on delete cascade;
alter table model_alias add constraint fk_model_alias_version foreign key (version_id) references model_version (id) on delete cascade;

grant select, insert, update, delete on all tables in schema public to :app_role;
revoke update, delete on audit_log, event_log from :app_role;
grant update (sequence) on event_log to :app_role;
revoke insert, update, delete on schema_migration from :app_role;
revoke insert, delete on relay_state from :app_role;
