-- Reproductions of runs: which run does which anew, how near its figures must come, and what was found; what trained each job.
create table training_reproduction (
  run_id text primary key,
  workspace_id text not null,
  job_id text not null,
  original_run_id text not null,
  strict boolean not null,
  tolerance jsonb not null,
  verdict text not null default 'PENDING',
  reason text,
  report jsonb,
  created_at timestamptz not null default now(),
  judged_at timestamptz
);
create index training_reproduction_original on training_reproduction (original_run_id);

alter table training_reproduction add constraint fk_reproduction_job foreign key (job_id) references training_job (id);

-- What trained: recorded when a job succeeds; absent for jobs that are older.
alter table training_job add column code text, add column engine text, add column environment jsonb;

grant select, insert, update on training_reproduction to :app_role;
