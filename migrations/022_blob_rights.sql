-- Where a blob is referred to, by project: who has no role on the whole workspace reads what something that he may read refers to.
create view blob_place as
  select a.workspace_id, a.blob as sha256, e.project from artifact a join run r on r.id = a.owner_id join experiment e on e.id = r.experiment_id
  union all select a.workspace_id, a.blob, e.project from artifact a join logged_model l on l.id = a.owner_id join experiment e on e.id = l.experiment_id
  union all select v.workspace_id, v.blob, d.project from dataset_version v join dataset d on d.id = v.dataset_id
  union all select v.workspace_id, v.table_blob, d.project from dataset_version v join dataset d on d.id = v.dataset_id where v.table_blob is not null
  union all select workspace_id, checkpoint_blob, project from training_job where checkpoint_blob is not null
  union all select v.workspace_id, f.value, m.project from model_version v join model m on m.id = v.model_id cross join lateral jsonb_each_text(v.files) f
  union all select v.workspace_id, f.file ->> 'sha256', m.project from model_version v join model m on m.id = v.model_id
    cross join lateral jsonb_array_elements(v.manifest) f(file) where v.manifest is not null and v.deleted_at is null
  union all select v.workspace_id, v.onnx_blob, p.project from endpoint_revision v join endpoint p on p.id = v.endpoint_id;

-- And what he sent himself, so that he can refer to it.
create table blob_sender (
  workspace_id text not null,
  sha256 text not null,
  auth_id text not null,
  primary key (workspace_id, sha256, auth_id)
);
alter table blob_sender add constraint fk_blob_sender_blob foreign key (workspace_id, sha256) references blob (workspace_id, sha256) on delete cascade;

-- Of whom an upload in parts is, where that is not everybody's business: else an announced hash would open what another sends.
alter table upload add column sender text not null default '';
drop index upload_resumed;
create unique index upload_resumed on upload (workspace_id, sha256, size, part_size, sender) where blob is null and sha256 is not null;

grant select on blob_place to :app_role;
grant select, insert, delete on blob_sender to :app_role;
