-- What signs the questions to a workspace's own checks (the gate http_check); kept in clear, since it must sign. The one before signs too until `previous_until`.
create table check_secret (
  workspace_id text not null,
  secret text not null,
  previous_secret text,
  previous_until timestamptz,
  updated_by text not null,
  updated_at timestamptz not null default now(),
  primary key (workspace_id)
);
alter table check_secret add constraint fk_check_secret_workspace foreign key (workspace_id) references workspace (id);

grant select, insert, update on check_secret to :app_role;
