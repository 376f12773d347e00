-- Stage flows as data of a workspace, what a request froze, and who stood where and when.

create table stage_flow (
  id text not null,
  workspace_id text not null,
  name text not null,
  revision integer not null default 1,
  description text not null default '',
  flow jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_by text not null,
  updated_at timestamptz not null default now(),
  primary key (id)
);
create unique index stage_flow_name on stage_flow (workspace_id, name);

-- A model that follows a flow of its workspace gets each revision of it; `flow_revision` counts every change of the flow of the model.
alter table model add column flow_id text;
alter table model add column flow_revision integer not null default 1;
create index model_flow on model (flow_id) where flow_id is not null;

-- The gate of before compared two figures as they were; now it is the lower bound of an interval that counts.
update model m
   set flow = jsonb_set(m.flow, '{stages}', (
         select jsonb_agg(s.stage || jsonb_build_object('gates', coalesce((
                  select jsonb_agg(case when g.gate ->> 'kind' = 'not_worse_than_champion'
                                        then jsonb_build_object('kind', 'not_worse', 'd', least((g.gate ->> 'margin')::numeric, 1), 'score', 'f1_macro',
                                               'resamples', 2000, 'seed', 1, 'confidence', 0.95, 'minRowsPerClass', 5)
                                        when g.gate ->> 'kind' = 'metric_min' then g.gate || '{"source": "measured"}'
                                        else g.gate end order by g.place)
                    from jsonb_array_elements(s.stage -> 'gates') with ordinality g(gate, place)), '[]'::jsonb))
                  || '{"ask": "editor", "approverRole": "approver", "askerMayApprove": false, "moves": []}' order by s.place)
           from jsonb_array_elements(m.flow -> 'stages') with ordinality s(stage, place)))
 where jsonb_typeof(m.flow -> 'stages') = 'array' and jsonb_array_length(m.flow -> 'stages') > 0;

alter table stage_request add column from_stage text;
alter table stage_request add column flow_revision integer not null default 1;
alter table stage_request add column evidence jsonb;
-- Members who may not decide: who asked, in person or through a trigger, and who answers for the training.
alter table stage_request add column barred text[] not null default '{}';
update stage_request q
   set barred = array_remove(array[q.member_id, v.trained_by], null), from_stage = v.stage
  from model_version v where v.id = q.version_id;
drop index stage_request_open;
create unique index stage_request_open on stage_request (version_id, stage) where state in ('EVALUATING', 'AWAITING_APPROVAL', 'RECHECKING');

alter table model_version add column manifest jsonb;
alter table model_version add column scan jsonb;
alter table model_version add column card jsonb not null default '{}';

-- The files of a version stay as long as it does, also when its run's artifacts are gone.
create or replace view blob_reference as
  select workspace_id, blob as sha256 from artifact
  union all select workspace_id, blob from dataset_version
  union all select workspace_id, table_blob from dataset_version where table_blob is not null
  union all select workspace_id, table_blob from training_job
  union all select workspace_id, checkpoint_blob from training_job where checkpoint_blob is not null
  union all select v.workspace_id, f.value from model_version v cross join lateral jsonb_each_text(v.files) f
  union all select v.workspace_id, f.file ->> 'sha256' from model_version v cross join lateral jsonb_array_elements(v.manifest) f(file)
    where v.manifest is not null and v.deleted_at is null
  union all select workspace_id, onnx_blob from endpoint_revision;

-- How long each version stood in each stage. It outlives the model.
create table stage_stay (
  id bigint generated always as identity not null,
  workspace_id text not null,
  model_id text not null,
  version_id text not null,
  number integer not null,
  stage text not null,
  entered_at timestamptz not null,
  left_at timestamptz,
  entered_by text not null,
  left_by text,
  request_id text,
  reason text,
  forced boolean not null default false,
  primary key (id)
);
create index stage_stay_model on stage_stay (model_id, stage, entered_at);
create unique index stage_stay_open on stage_stay (version_id) where left_at is null;

insert into stage_stay (workspace_id, model_id, version_id, number, stage, entered_at, left_at, entered_by, left_by, request_id, reason)
select e.workspace_id, e.data ->> 'modelId', e.data ->> 'versionId', (e.data ->> 'number')::int, e.data ->> 'to', e.time,
       coalesce(lead(e.time) over later, v.deleted_at), e.auth_id, lead(e.auth_id) over later, e.data ->> 'requestId', q.reason
  from event_log e
  left join model_version v on v.id = e.data ->> 'versionId'
  left join stage_request q on q.id = e.data ->> 'requestId'
 where e.type = 'io.tailrace.model_version.stage_changed.v1' and (v.id is not null)
window later as (partition by e.data ->> 'versionId' order by e.pos)
 order by e.pos;

alter table stage_flow add constraint fk_flow_workspace foreign key (workspace_id) references workspace (id);
alter table model add constraint fk_model_flow foreign key (flow_id) references stage_flow (id);

grant select, insert, update, delete on stage_flow, stage_stay to :app_role;
