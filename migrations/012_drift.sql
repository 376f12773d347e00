-- Comparisons of data set versions: with the parent, and with any other that somebody asked for.
create table dataset_comparison (
  version_id text not null,
  against_id text not null,
  workspace_id text not null,
  report jsonb not null,
  at timestamptz not null default now(),
  primary key (version_id, against_id)
);

alter table dataset_comparison add constraint fk_comparison_version foreign key (version_id) references dataset_version (id);
alter table dataset_comparison add constraint fk_comparison_against foreign key (against_id) references dataset_version (id);

grant select, insert on dataset_comparison to :app_role;
