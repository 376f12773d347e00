-- What inference nodes have answered, as sums since each start of a node.
create table revision_traffic (
  revision_id text not null,
  node_id text not null,
  boot_id text not null,
  requests bigint not null,
  rows bigint not null,
  refused bigint not null,
  errors bigint not null,
  latency bigint[] not null,
  classes jsonb not null,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  primary key (revision_id, node_id, boot_id)
);
create index endpoint_revision_version on endpoint_revision (model_version_id);

alter table revision_traffic add constraint fk_traffic_revision foreign key (revision_id) references endpoint_revision (id);

grant select, insert, update on revision_traffic to :app_role;
