-- True deletion: what was purged and is still to be cleared, which blobs are about to go, what still holds what, and what the last collections did.

-- Set: nothing refers to the blob any more, and its content is about to go. Putting it again takes the mark away.
alter table blob add column collected_at timestamptz;
create index blob_collected on blob (collected_at) where collected_at is not null;
create index run_trash on run (deleted_at) where deleted_at is not null;

-- Runs that are gone but for their points, which go in pieces. Numbers are never used again.
create table purged_run (
  run integer not null,
  primary key (run)
);

create table collection_report (
  workspace_id text not null,
  at timestamptz not null default clock_timestamp(),
  runs integer not null,
  experiments integer not null,
  logged_models integer not null,
  blobs integer not null,
  bytes bigint not null,
  kept integer not null,
  primary key (workspace_id, at)
);

-- Every place that names a blob. Whoever adds one adds it here, or its content will be collected.
create view blob_reference as
  select workspace_id, blob as sha256 from artifact
  union all select workspace_id, blob from dataset_version
  union all select workspace_id, table_blob from dataset_version where table_blob is not null
  union all select workspace_id, table_blob from training_job
  union all select workspace_id, checkpoint_blob from training_job where checkpoint_blob is not null
  union all select v.workspace_id, f.value from model_version v cross join lateral jsonb_each_text(v.files) f
  union all select workspace_id, onnx_blob from endpoint_revision;

-- Runs and logged models, by id, that something outside of tracking still stands on: they stay in the trash.
create view tracking_reference as
  select run_id as id from training_job
  union all select candidate_run from model_version where candidate_run is not null
  union all select run_id from model_version where run_id is not null and deleted_at is null
  union all select logged_model_id from model_version where logged_model_id is not null and deleted_at is null
  union all select v.run_id from stage_request s join model_version v on v.id = s.version_id where v.run_id is not null
  union all select v.logged_model_id from stage_request s join model_version v on v.id = s.version_id where v.logged_model_id is not null;

create index training_job_run on training_job (run_id);
create index model_version_candidate_run on model_version (candidate_run) where candidate_run is not null;
create index model_version_logged_model on model_version (logged_model_id) where logged_model_id is not null;

grant select, insert, update, delete on all tables in schema public to :app_role;
revoke update, delete on audit_log, event_log from :app_role;
grant update (sequence) on event_log to :app_role;
revoke insert, update, delete on schema_migration from :app_role;
revoke insert, delete on relay_state from :app_role;
