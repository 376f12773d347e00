-- The audit, whole: every row names its event and the token behind it; rows stand in a hash chain; both lie in partitions by month (UTC), so that
-- retention drops whole months under the role that owns them. A default partition takes what has no month yet: no write fails for want of one.

alter table audit_log rename to audit_log_flat;
alter index audit_log_pkey rename to audit_log_flat_pkey;
alter index audit_log_subject rename to audit_log_flat_subject;
alter index audit_log_workspace rename to audit_log_flat_workspace;

create table audit_log (
  id text not null,
  workspace_id text not null,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  member_id text,
  token_id text,
  address text,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  outcome text not null,
  reason text,
  count integer not null default 1,
  before jsonb,
  after jsonb,
  correlation_id text not null,
  causation_id text,
  event_id text,
  primary key (id, at)
) partition by range (at);
create index audit_log_workspace on audit_log (workspace_id, id);
create index audit_log_subject on audit_log (subject_id);
-- Rows of before the chain, which no event leads to.
create index audit_log_eventless on audit_log (id) where event_id is null;
create table audit_log_default partition of audit_log default;

-- One link per row of the audit, in the order of the log; `position` counts from 1 in each workspace without a gap. A link lies in the month of its row.
create table audit_chain (
  workspace_id text not null,
  position bigint not null,
  audit_id text not null,
  at timestamptz not null,
  previous_hash text not null,
  hash text not null,
  primary key (workspace_id, position, at)
) partition by range (at);
create index audit_chain_audit on audit_chain (audit_id);
create table audit_chain_default partition of audit_chain default;

-- What retention dropped: `body` is the text that `signature` signs.
create table audit_checkpoint (
  id text not null,
  workspace_id text not null,
  at timestamptz not null default now(),
  body text not null,
  signature text not null,
  primary key (id)
);
create index audit_checkpoint_workspace on audit_checkpoint (workspace_id, id);

-- Makes the partitions of this month and of `ahead` more, and of every month that the default partitions hold rows of; answers how many. It runs as the
-- owner of the tables, since the application may not make any; nothing that it does loses or changes a row.
create function audit_partitions(ahead int default 2) returns int language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  set lock_timeout = '2s' as $$
declare
  parent text;
  month timestamp;
  part text;
  made int := 0;
begin
  perform pg_advisory_xact_lock(7411010);
  foreach parent in array array['audit_log', 'audit_chain'] loop
    for month in execute format(
      $q$select m from generate_series(date_trunc('month', now() at time zone 'utc'),
             date_trunc('month', now() at time zone 'utc') + make_interval(months => least(greatest($1, 0), 12)), interval '1 month') m
         union select distinct date_trunc('month', at at time zone 'utc') from %I order by 1$q$, parent || '_default') using ahead
    loop
      part := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
      continue when to_regclass('public.' || part) is not null;
      execute format('create table public.%I (like public.%I including defaults)', part, parent);
      execute format('with moved as (delete from %I where at >= %L and at < %L returning *) insert into %I select * from moved',
        parent || '_default', month at time zone 'utc', (month + interval '1 month') at time zone 'utc', part);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)',
        parent, part, month at time zone 'utc', (month + interval '1 month') at time zone 'utc');
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$$;
revoke all on function audit_partitions(int) from public;

insert into audit_log (id, workspace_id, at, actor, member_id, address, action, subject_kind, subject_id, outcome, reason, before, after, correlation_id, causation_id)
  select id, workspace_id, at, actor, member_id, address, action, subject_kind, subject_id, outcome, reason, before, after, correlation_id, causation_id
    from audit_log_flat;
drop table audit_log_flat;
select audit_partitions();

grant select, insert on audit_log, audit_chain to :app_role;
grant select on audit_checkpoint to :app_role;
grant execute on function audit_partitions(int) to :app_role;
