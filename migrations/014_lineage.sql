-- Lineage whole: what nodes are and were, their projects, and by which event each thing came, so that the graph can be built anew from the log.

alter table lineage_node add column label_sequence bigint not null default 0,
  add column project text,
  add column sequence bigint not null default 0,
  add column state text,
  add column gone_at timestamptz,
  add column phases jsonb not null default '[]';
create index lineage_node_state on lineage_node (workspace_id, kind, state);
alter table lineage_edge add column sequence bigint not null default 0;

-- The consumer reads the log again from its beginning; what the log does not hold any more stays.
delete from lineage_edge e using event_log l where l.id = e.event_id and l.sequence is not null;
update lineage_node set kind = 'environment' where kind = 'engine';
update log_cursor set position = 0 where consumer = 'lineage';
